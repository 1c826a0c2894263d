#include "cli/ceremony_key.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/command.h"
#include "pki/key_wrap.h"
#include "pki/statement.h"

enum { PASSPHRASE_VERSION = 1, NUMBER_TEXT = 16 };

_Static_assert(ESCROW_SHARE_PLAIN + KEY_WRAP_EXTRA <= CEREMONY_KEY_SIZE_MAX, "a wrapped share fits");

/* ---- passphrases and PINs ---- */

/* Who is asked for the secret WHICH, and for what. */
struct wanted {
    const char *name; /* NULL: is not known, or nobody's in particular */
    const char *card; /* whose PIN it is; NULL: a passphrase */
    int number;       /* of the custodian; 0: another one */
    bool fresh;
};

static bool is_new(const struct ceremony *c)
{
    return c->kind == CEREMONY_ROOT || c->kind == CEREMONY_CUSTODIANS;
}

static size_t count_of(const struct ceremony *c)
{
    if (c->operators[0]) return c->custodian_count + COUNT(c->operators);
    if (c->kind == CEREMONY_RECOVERY) return c->custodian_count + 1;
    return c->custodian_count ? c->custodian_count : 1;
}

static struct wanted wanted_of(const struct ceremony *c, size_t which)
{
    if (which < c->custodian_count)
        return (struct wanted){ c->custodians[which].name, c->custodians[which].card, c->numbers[which], is_new(c) };
    if (c->operators[0]) return (struct wanted){ .card = c->operators[which - c->custodian_count] };
    return (struct wanted){ .fresh = is_new(c) || c->kind == CEREMONY_RECOVERY };
}

static struct result check_length(const struct wanted *w, const struct secret *one, size_t line, struct diag *diag)
{
    size_t min = w->card ? PIN_MIN : SECRET_MIN;
    if (one->len >= min) return OK;
    return diag_log(diag, ERROR_SECRET, "%s %zu has less than %zu bytes", w->card ? "PIN" : "passphrase", line, min);
}

static struct result split_lines(struct secret *whole, const struct ceremony *c, struct diag *diag,
                                 struct ceremony_secrets *s)
{
    size_t at = 0;
    for (s->count = 0; s->count < count_of(c) && at < whole->len; s->count++) {
        const struct wanted w = wanted_of(c, s->count);
        struct secret *one = &s->all[s->count];
        while (at < whole->len && whole->bytes[at] != '\n') one->bytes[one->len++] = whole->bytes[at++];
        if (at < whole->len) at++;
        TRY(check_length(&w, one, s->count + 1, diag));
    }
    if (s->count == count_of(c) && at == whole->len) return OK;
    return diag_log(diag, ERROR_SECRET, "--passphrase-fd has not one line for each of %zu passphrases", count_of(c));
}

static struct result ask(const struct ceremony *c, size_t which, struct diag *diag, struct secret *ret_secret)
{
    char words[CUSTODIAN_NAME_MAX + 128];
    const struct wanted w = wanted_of(c, which);
    if (w.card && w.number)
        snprintf(words, sizeof words, cli_words("保管人 %d %s，USBKey %s 的保管 PIN：",
                                                "Custodian %d %s, PIN for custody on USBKey %s: "),
                 w.number, w.name, w.card);
    else if (w.card)
        snprintf(words, sizeof words, cli_words("操作员 USBKey %s 的 PIN：", "Operator, PIN of USBKey %s: "), w.card);
    else if (w.number)
        snprintf(words, sizeof words, cli_words("保管人 %d%s%s的口令：", "Passphrase of custodian %d%s%s: "),
                 w.number, w.name ? " " : "", w.name ? w.name : "");
    else if (c->kind == CEREMONY_RECOVERY)
        snprintf(words, sizeof words, "%s", cli_words("交给对方的密钥文件的口令：",
                                                      "Passphrase of the file for the authority: "));
    else snprintf(words, sizeof words, "%s", cli_words("根密钥的口令：", "Passphrase of the root's key: "));
    if (w.card) return pin_ask(words, w.fresh, diag, ret_secret);
    return w.fresh ? passphrase_new(-1, words, diag, ret_secret) : passphrase_read(-1, words, diag, ret_secret);
}

struct result ceremony_secrets_read(const struct ceremony *c, int fd, struct diag *diag,
                                    struct ceremony_secrets *ret_secrets)
{
    struct ceremony_secrets s = { .count = 0 };
    struct secret whole = { .len = 0 };
    struct result r = OK;
    if (fd >= 0) {
        r = lines_read(fd, diag, &whole);
        if (!failed(r)) r = split_lines(&whole, c, diag, &s);
        secret_wipe(&whole, sizeof whole);
    }
    for (; fd < 0 && s.count < count_of(c) && !failed(r); s.count++) r = ask(c, s.count, diag, &s.all[s.count]);
    if (!failed(r)) *ret_secrets = s;
    ceremony_secrets_done(&s);
    return r;
}

void ceremony_secrets_done(struct ceremony_secrets *secrets)
{
    secret_wipe(secrets, sizeof *secrets);
}

/* ---- sealing ---- */

/* NUMBER 0: the whole key. */
static void name_of(int number, char into[CEREMONY_KEY_NAME_MAX])
{
    if (number) snprintf(into, CEREMONY_KEY_NAME_MAX, "root-share-%d", number);
    else snprintf(into, CEREMONY_KEY_NAME_MAX, "root");
}

static struct result wrap_one(int number, const struct secret *passphrase, struct bytes plain, struct drbg *drbg,
                              struct ceremony_key_file *ret_file)
{
    char name[CEREMONY_KEY_NAME_MAX], label[CEREMONY_KEY_NAME_MAX + 16];
    name_of(number, name);
    snprintf(label, sizeof label, "ceremony:%s", name);
    const struct key_wrapping how = { .passphrase = bytes_of(passphrase->bytes, passphrase->len), .label = label,
                                      .version = PASSPHRASE_VERSION, .rounds = KEY_WRAP_ROUNDS };
    struct writer w = writer_of(ret_file->content, sizeof ret_file->content);
    TRY(key_wrap(&how, plain, drbg, &w));
    snprintf(ret_file->name, sizeof ret_file->name, "%.*s.key", CEREMONY_KEY_NAME_MAX - 8, name);
    ret_file->len = w.len;
    return w.full ? FAIL(ERROR_TOO_LARGE) : OK;
}

/* Under the custodian's passphrase. */
static struct result wrap_share(const struct shamir_share *share, const struct secret *passphrase, struct drbg *drbg,
                                struct ceremony_key_file *ret_file)
{
    uint8_t plain[ESCROW_SHARE_PLAIN];
    plain[0] = share->number;
    memcpy(plain + 1, share->value, SM2_KEY_SIZE);
    struct result r = wrap_one(share->number, passphrase, BYTES(plain), drbg, ret_file);
    secret_wipe(plain, sizeof plain);
    return r;
}

struct result ceremony_share_file(const struct ceremony *c, size_t which, const char *name,
                                  const struct sm2_public *whole, const struct custodian_key *own,
                                  const uint8_t sealed[ESCROW_SHARE_SIZE], struct arena *arena,
                                  struct ceremony_key_file *ret_file)
{
    char number[NUMBER_TEXT], threshold[NUMBER_TEXT];
    const struct custodian *custodian = &c->custodians[which];
    const char *text;
    snprintf(number, sizeof number, "%d", c->numbers[which]);
    snprintf(threshold, sizeof threshold, "%zu", c->threshold);
    const struct custodian_share share = {
        .key = name, .whole = text_hex(arena, BYTES(whole->point)), .number = number, .threshold = threshold,
        .custodian = custodian->name, .card = custodian->card, .container = own->container,
        .public_key = text_hex(arena, BYTES(own->public.point)),
        .sealed = text_hex(arena, bytes_of(sealed, ESCROW_SHARE_SIZE)),
    };
    ENSURE(share.whole && share.public_key && share.sealed, ERROR_OUT_OF_ROOM);
    TRY(statement_write(&custodian_share_shape, &share, arena, &text));
    ret_file->len = strlen(text);
    ENSURE(ret_file->len <= sizeof ret_file->content, ERROR_TOO_LARGE);
    memcpy(ret_file->content, text, ret_file->len);
    snprintf(ret_file->name, sizeof ret_file->name, "%.*s-share-%d.usbkey", (int)strcspn(name, "-"), name,
             c->numbers[which]);
    return OK;
}

static struct result wrap_shares(const struct ceremony *c, const struct sm2_private *key,
                                 const struct ceremony_secrets *secrets, const struct custodian_key *own,
                                 struct drbg *drbg, struct arena *arena,
                                 struct ceremony_key_file ret_files[CEREMONY_CUSTODIANS_MAX])
{
    struct shamir_share shares[CEREMONY_CUSTODIANS_MAX];
    uint8_t d[SM2_KEY_SIZE], sealed[ESCROW_SHARE_SIZE];
    sm2_private_bytes(key, d);
    struct result r = shamir_split(BYTES(d), c->threshold, c->custodian_count, drbg, shares);
    secret_wipe(d, sizeof d);
    for (size_t i = 0; i < c->custodian_count && !failed(r); i++) {
        if (!c->custodians[i].card) {
            r = wrap_share(&shares[i], &secrets->all[i], drbg, &ret_files[i]);
            continue;
        }
        r = escrow_share_seal(&shares[i], &own[i].public, drbg, sealed);
        if (!failed(r))
            r = ceremony_share_file(c, i, "root", &key->public, &own[i], sealed, arena, &ret_files[i]);
    }
    secret_wipe(shares, sizeof shares);
    return r;
}

struct result ceremony_key_wrap(const struct ceremony *c, const struct sm2_private *key,
                                const struct ceremony_secrets *secrets, const struct custodian_key *own,
                                struct drbg *drbg, struct arena *arena,
                                struct ceremony_key_file ret_files[CEREMONY_CUSTODIANS_MAX])
{
    uint8_t d[SM2_KEY_SIZE];
    if (c->custodian_count) return wrap_shares(c, key, secrets, own, drbg, arena, ret_files);
    sm2_private_bytes(key, d);
    struct result r = wrap_one(0, &secrets->all[0], BYTES(d), drbg, &ret_files[0]);
    secret_wipe(d, sizeof d);
    return r;
}

/* ---- opening ---- */

static struct result unwrap_one(const struct ceremony *c, int number, const struct secret *passphrase,
                                struct diag *diag, uint8_t *ret_plain, size_t len)
{
    char name[CEREMONY_KEY_NAME_MAX], label[CEREMONY_KEY_NAME_MAX + 16], path[INSTALLATION_PATH_MAX];
    uint8_t wrapped[KEY_WRAP_SIZE_MAX];
    name_of(number, name);
    snprintf(label, sizeof label, "ceremony:%s", name);
    int path_len = snprintf(path, sizeof path, "%s/%s.key", c->key_folder, name);
    int fd = path_len < (int)sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd < 0 ? -1 : read(fd, wrapped, sizeof wrapped);
    if (fd >= 0) close(fd);
    if (n < 0) return diag_log(diag, ERROR_IO, "%s cannot be read", path);
    const struct key_wrapping how = { .passphrase = bytes_of(passphrase->bytes, passphrase->len), .label = label };
    struct result r = key_unwrap(&how, bytes_of(wrapped, (size_t)n), ret_plain, len);
    return failed(r) ? diag_log(diag, r.code, "%s.key", name) : OK;
}

static struct result unwrap_share(const struct ceremony *c, size_t which, const struct ceremony_secrets *secrets,
                                  struct arena *arena, struct diag *diag, struct shamir_share *ret_share)
{
    uint8_t plain[ESCROW_SHARE_PLAIN] = { 0 };
    if (c->custodians[which].card)
        return custodian_share_open(&c->shares[which], &secrets->all[which], arena, diag, ret_share);
    struct result r = unwrap_one(c, c->numbers[which], &secrets->all[which], diag, plain, sizeof plain);
    ret_share->number = plain[0];
    memcpy(ret_share->value, plain + 1, SM2_KEY_SIZE);
    secret_wipe(plain, sizeof plain);
    return r;
}

static struct result open_shares(const struct ceremony *c, const struct ceremony_secrets *secrets,
                                 const struct sm2_public *public, struct arena *arena, struct diag *diag,
                                 struct sm2_private *ret_key)
{
    struct shamir_share shares[CEREMONY_CUSTODIANS_MAX];
    struct result r = OK;
    for (size_t i = 0; i < c->custodian_count && !failed(r); i++)
        r = unwrap_share(c, i, secrets, arena, diag, &shares[i]);
    if (!failed(r)) r = escrow_join(shares, c->custodian_count, public, ret_key);
    secret_wipe(shares, sizeof shares);
    return r;
}

struct result ceremony_key_open(const struct ceremony *c, const struct ceremony_secrets *secrets,
                                const struct sm2_public *public, struct arena *arena, struct diag *diag,
                                struct sm2_private *ret_key)
{
    uint8_t d[SM2_KEY_SIZE];
    struct sm2_private key;
    if (c->custodian_count) return open_shares(c, secrets, public, arena, diag, ret_key);
    TRY(unwrap_one(c, 0, &secrets->all[0], diag, d, sizeof d));
    struct result r = sm2_private_init(&key, d);
    secret_wipe(d, sizeof d);
    TRY(r);
    bool fits = bytes_equal(BYTES(key.public.point), BYTES(public->point));
    if (fits) *ret_key = key;
    sm2_private_done(&key);
    return fits ? OK : diag_log(diag, ERROR_KEY_INVALID, "root.key is another root's");
}
