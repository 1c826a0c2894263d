/* hufu-agent-origins: signs the list of websites that go with the packages of hufu-agent. Not installed with them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/secret.h"
#include "token/agent/origin_list.h"
#include "token/agent/system.h"

static const char usage[] = "usage: hufu-agent-origins new-key KEY-FILE      makes a key, prints its public part\n"
                            "       hufu-agent-origins sign KEY-FILE         signs the list on standard input\n"
                            "       hufu-agent-origins check PUBLIC-KEY      checks the signed list on standard input\n"
                            "The list: docs/PROTOCOL.agent. The public part is origin_list_key of hufu-agent's\n"
                            "configuration.\n";

static void print_public(const struct sm2_private *key)
{
    for (size_t i = 0; i < SM2_POINT_SIZE; i++) printf("%02x", key->public.point[i]);
    puts("");
}

static void make_drbg(struct drbg *drbg)
{
    uint8_t seed[48];
    random_fill(seed, sizeof seed);
    drbg_init(drbg, BYTES(seed), (struct bytes){ 0 }, bytes_text("hufu-agent-origins"));
    secret_wipe(seed, sizeof seed);
}

static struct result new_key(const char *path)
{
    struct drbg drbg;
    struct sm2_private key;
    uint8_t d[SM2_KEY_SIZE], there[SM2_KEY_SIZE];
    size_t len;
    ENSURE(system_read_file(path, there, sizeof there, &len).code == ERROR_NOT_FOUND, ERROR_IO); /* never replaced */
    make_drbg(&drbg);
    TRY(sm2_private_generate(&key, &drbg));
    sm2_private_bytes(&key, d);
    struct result r = system_write_file(path, BYTES(d));
    if (!failed(r)) print_public(&key);
    secret_wipe(d, sizeof d);
    sm2_private_done(&key);
    return r;
}

static struct result read_list(struct arena *arena, struct bytes *ret_list)
{
    uint8_t *list = arena_take(arena, ORIGIN_LIST_MAX + 1);
    ENSURE(list, ERROR_OUT_OF_ROOM);
    size_t len = fread(list, 1, ORIGIN_LIST_MAX + 1, stdin);
    ENSURE(len <= ORIGIN_LIST_MAX, ERROR_TOO_LARGE);
    *ret_list = bytes_of(list, len);
    return OK;
}

static struct result sign(const char *path, struct arena *arena, struct diag *diag)
{
    struct bytes list;
    struct drbg drbg;
    struct sm2_private key;
    uint8_t d[SM2_KEY_SIZE], *out = arena_take(arena, ORIGIN_LIST_MAX);
    size_t len;
    ENSURE(out, ERROR_OUT_OF_ROOM);
    TRY(read_list(arena, &list));
    TRY(system_read_file(path, d, sizeof d, &len));
    struct result r = len == sizeof d ? sm2_private_init(&key, d) : FAIL(ERROR_KEY_INVALID);
    secret_wipe(d, sizeof d);
    TRY(r);
    make_drbg(&drbg);
    struct writer w = writer_of(out, ORIGIN_LIST_MAX);
    r = origin_list_sign(list, &key, &drbg, diag, &w);
    sm2_private_done(&key);
    TRY(r);
    ENSURE(fwrite(out, 1, w.len, stdout) == w.len, ERROR_IO);
    return OK;
}

static struct result check(const char *hex, struct arena *arena, struct diag *diag)
{
    struct bytes list, point;
    struct sm2_public key;
    struct origins origins = { 0 };
    TRY(read_list(arena, &list));
    TRY(text_from_hex(arena, hex, &point));
    ENSURE(point.len == SM2_POINT_SIZE, ERROR_KEY_INVALID);
    TRY(sm2_public_init(&key, point.ptr));
    TRY(origin_list_read(list, &key, diag, &origins));
    for (size_t i = 0; i < origins.count; i++)
        printf("%s%s\n", origins.of[i].text, origins.of[i].production ? " production" : "");
    return OK;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs(usage, stderr);
        return 2;
    }
    struct arena *arena CLEANUP(arena_free_p) = arena_new(4 * ORIGIN_LIST_MAX);
    struct diag diag = { 0 };
    struct result r = FAIL(ERROR_NOT_SUPPORTED);
    if (strcmp(argv[1], "new-key") == 0) r = new_key(argv[2]);
    if (strcmp(argv[1], "sign") == 0) r = sign(argv[2], arena, &diag);
    if (strcmp(argv[1], "check") == 0) r = check(argv[2], arena, &diag);
    if (!failed(r)) return 0;
    fprintf(stderr, "hufu-agent-origins: %s %s\n", error_find(r.code)->en, diag.log);
    return 1;
}
