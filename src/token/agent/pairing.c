#include "token/agent/pairing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/sm3.h"

/* The file: this line, then one "HASH SECONDS ORIGIN" a pairing, oldest first. */
static const char title[] = "HUFU-PAIRINGS-v1\n";
enum { FILE_MAX = PAIRINGS_MAX * (64 + 1 + 20 + 1 + HTTP_ORIGIN_MAX + 1) + sizeof title };

static struct result unreadable(struct pairings *pairings, struct diag *diag, const char *why)
{
    return diag_log(diag, ERROR_AGENT_PAIRING_STORE, "%s: %s", pairings->path, why);
}

static bool read_hash(const char *hex, uint8_t into[SM3_SIZE])
{
    for (size_t i = 0; i < SM3_SIZE; i++) {
        unsigned byte;
        if (strspn(hex + 2 * i, "0123456789abcdef") < 2 || sscanf(hex + 2 * i, "%2x", &byte) != 1) return false;
        into[i] = (uint8_t)byte;
    }
    return true;
}

static bool read_line(const char *line, struct pairing *ret)
{
    long long made_s;
    if (!read_hash(line, ret->hash)) return false;
    if (sscanf(line + 2 * SM3_SIZE, " %lld %255s", &made_s, ret->origin) != 2) return false;
    ret->made_s = made_s;
    return true;
}

static struct result read_all(struct pairings *pairings, char *text, struct diag *diag)
{
    if (!text_starts(text, title)) return unreadable(pairings, diag, "not a list of pairings");
    for (char *line = text + sizeof title - 1, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end || pairings->count == PAIRINGS_MAX) return unreadable(pairings, diag, "cut or too long");
        *end = 0;
        if (!read_line(line, &pairings->of[pairings->count])) return unreadable(pairings, diag, "a line is damaged");
        pairings->count++;
    }
    return OK;
}

struct result pairings_init(struct pairings *pairings, const char *path, struct diag *diag)
{
    *pairings = (struct pairings){ .count = 0 };
    pthread_mutex_init(&pairings->lock, NULL);
    snprintf(pairings->path, sizeof pairings->path, "%s", path);
    char *text = calloc(1, FILE_MAX + 1);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    size_t len;
    struct result r = system_read_file(path, text, FILE_MAX, &len);
    if (r.code == ERROR_NOT_FOUND)
        r = OK;
    else if (failed(r))
        r = unreadable(pairings, diag, "cannot be read");
    else
        r = read_all(pairings, text, diag);
    free(text);
    return r;
}

static struct result save(const struct pairings *pairings)
{
    char *text = malloc(FILE_MAX);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    struct writer w = writer_of(text, FILE_MAX);
    write_text(&w, title);
    for (size_t i = 0; i < pairings->count; i++) {
        const struct pairing *p = &pairings->of[i];
        for (size_t j = 0; j < sizeof p->hash; j++) write_format(&w, "%02x", p->hash[j]);
        write_format(&w, " %lld %s\n", (long long)p->made_s, p->origin);
    }
    struct bytes written;
    struct result r = writer_end(&w, &written);
    if (!failed(r)) r = system_write_file(pairings->path, written);
    free(text);
    return failed(r) ? FAIL(ERROR_AGENT_PAIRING_STORE) : OK;
}

static void drop(struct pairings *pairings, size_t i)
{
    pairings->count--;
    memmove(&pairings->of[i], &pairings->of[i + 1], (pairings->count - i) * sizeof pairings->of[0]);
}

/* Makes room for one more of ORIGIN. */
static void make_room(struct pairings *pairings, struct bytes origin)
{
    size_t own = 0, first = 0;
    for (size_t i = pairings->count; i-- > 0;)
        if (bytes_equal(origin, bytes_text(pairings->of[i].origin))) own++, first = i;
    if (own >= PAIRINGS_PER_ORIGIN_MAX)
        drop(pairings, first);
    else if (pairings->count == PAIRINGS_MAX)
        drop(pairings, 0);
}

static void encode(const uint8_t random[32], char into[PAIRING_TOKEN_LEN + 1])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < PAIRING_TOKEN_LEN; i++) {
        size_t bit = 6 * i, byte = bit / 8;
        unsigned pair = (unsigned)random[byte] << 8 | (byte + 1 < 32 ? random[byte + 1] : 0u);
        into[i] = letters[pair >> (10 - bit % 8) & 63];
    }
    into[PAIRING_TOKEN_LEN] = 0;
}

struct result pairings_add(struct pairings *pairings, struct bytes origin, int64_t now_s,
                           char ret_token[PAIRING_TOKEN_LEN + 1])
{
    ENSURE(origin.len <= HTTP_ORIGIN_MAX, ERROR_AGENT_ORIGIN);
    uint8_t random[32];
    char token[PAIRING_TOKEN_LEN + 1];
    random_fill(random, sizeof random);
    encode(random, token);
    secret_wipe(random, sizeof random);
    struct pairing fresh = { .made_s = now_s };
    memcpy(fresh.origin, origin.ptr, origin.len);
    sm3_hash(bytes_text(token), fresh.hash);
    pthread_mutex_lock(&pairings->lock);
    make_room(pairings, origin);
    pairings->of[pairings->count++] = fresh;
    struct result r = save(pairings);
    if (failed(r)) pairings->count--;
    pthread_mutex_unlock(&pairings->lock);
    if (!failed(r)) memcpy(ret_token, token, sizeof token);
    secret_wipe(token, sizeof token);
    return r;
}

bool pairings_holds(struct pairings *pairings, struct bytes origin, struct bytes token)
{
    if (token.len != PAIRING_TOKEN_LEN) return false;
    uint8_t hash[SM3_SIZE];
    sm3_hash(token, hash);
    bool holds = false;
    pthread_mutex_lock(&pairings->lock);
    for (size_t i = 0; i < pairings->count; i++) {
        bool same = secret_equal(hash, pairings->of[i].hash, sizeof hash);
        if (same && bytes_equal(origin, bytes_text(pairings->of[i].origin))) holds = true;
    }
    pthread_mutex_unlock(&pairings->lock);
    return holds;
}
