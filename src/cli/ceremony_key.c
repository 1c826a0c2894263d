#include "cli/ceremony_key.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/command.h"
#include "pki/escrow.h"
#include "pki/key_wrap.h"

enum { PASSPHRASE_VERSION = 1 };

_Static_assert(ESCROW_SHARE_PLAIN + KEY_WRAP_EXTRA <= CEREMONY_KEY_SIZE_MAX, "a wrapped share fits");

static size_t count_of(const struct ceremony *c)
{
    return c->custodian_count ? c->custodian_count : 1;
}

/* Of share WHICH; the whole key where there are no custodians. */
static int number_of(const struct ceremony *c, size_t which)
{
    if (c->custodian_count == 0) return 0;
    return c->kind == CEREMONY_ROOT ? (int)which + 1 : c->opened_by[which];
}

static void name_of(const struct ceremony *c, size_t which, char into[CEREMONY_KEY_NAME_MAX])
{
    int number = number_of(c, which);
    if (number) snprintf(into, CEREMONY_KEY_NAME_MAX, "root-share-%d", number);
    else snprintf(into, CEREMONY_KEY_NAME_MAX, "root");
}

/* ---- passphrases ---- */

static struct result split_lines(struct secret *whole, const struct ceremony *c, struct diag *diag,
                                 struct ceremony_secrets *s)
{
    size_t at = 0;
    for (s->count = 0; s->count < count_of(c) && at < whole->len; s->count++) {
        struct secret *one = &s->all[s->count];
        while (at < whole->len && whole->bytes[at] != '\n') one->bytes[one->len++] = whole->bytes[at++];
        if (at < whole->len) at++;
        if (one->len < SECRET_MIN)
            return diag_log(diag, ERROR_SECRET, "passphrase %zu has less than 16 bytes", s->count + 1);
    }
    if (s->count == count_of(c) && at == whole->len) return OK;
    return diag_log(diag, ERROR_SECRET, "--passphrase-fd has not one line for each of %zu passphrases", count_of(c));
}

static struct result ask(const struct ceremony *c, size_t which, struct diag *diag, struct secret *ret_secret)
{
    char words[256];
    int number = number_of(c, which);
    const char *name = c->kind == CEREMONY_ROOT && number ? c->custodians[which] : NULL;
    if (number)
        snprintf(words, sizeof words, cli_words("保管人 %d%s%s的口令：", "Passphrase of custodian %d%s%s: "),
                 number, name ? " " : "", name ? name : "");
    else snprintf(words, sizeof words, "%s", cli_words("根密钥的口令：", "Passphrase of the root's key: "));
    return c->kind == CEREMONY_ROOT ? passphrase_new(-1, words, diag, ret_secret)
                                    : passphrase_read(-1, words, diag, ret_secret);
}

struct result ceremony_secrets_read(const struct ceremony *c, int fd, struct diag *diag,
                                    struct ceremony_secrets *ret_secrets)
{
    struct ceremony_secrets s = { .count = 0 };
    struct secret whole = { .len = 0 };
    struct result r = OK;
    if (fd >= 0) {
        r = passphrase_read(fd, "", diag, &whole);
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

/* ---- keys ---- */

static struct result wrap_one(const char *name, const struct secret *passphrase, struct bytes plain, struct drbg *drbg,
                              struct ceremony_key_file *ret_file)
{
    char label[CEREMONY_KEY_NAME_MAX + 16];
    snprintf(label, sizeof label, "ceremony:%s", name);
    const struct key_wrapping how = { .passphrase = bytes_of(passphrase->bytes, passphrase->len), .label = label,
                                      .version = PASSPHRASE_VERSION, .rounds = KEY_WRAP_ROUNDS };
    struct writer w = writer_of(ret_file->content, sizeof ret_file->content);
    TRY(key_wrap(&how, plain, drbg, &w));
    snprintf(ret_file->name, sizeof ret_file->name, "%s.key", name);
    ret_file->len = w.len;
    return w.full ? FAIL(ERROR_TOO_LARGE) : OK;
}

static struct result wrap_shares(const struct ceremony *c, const uint8_t d[SM2_KEY_SIZE],
                                 const struct ceremony_secrets *secrets, struct drbg *drbg,
                                 struct ceremony_key_file ret_files[CEREMONY_CUSTODIANS_MAX])
{
    struct shamir_share shares[CEREMONY_CUSTODIANS_MAX];
    uint8_t plain[ESCROW_SHARE_PLAIN];
    char name[CEREMONY_KEY_NAME_MAX];
    struct result r = shamir_split(bytes_of(d, SM2_KEY_SIZE), c->threshold, c->custodian_count, drbg, shares);
    for (size_t i = 0; i < c->custodian_count && !failed(r); i++) {
        plain[0] = shares[i].number;
        memcpy(plain + 1, shares[i].value, SM2_KEY_SIZE);
        name_of(c, i, name);
        r = wrap_one(name, &secrets->all[i], BYTES(plain), drbg, &ret_files[i]);
    }
    secret_wipe(plain, sizeof plain);
    secret_wipe(shares, sizeof shares);
    return r;
}

struct result ceremony_key_wrap(const struct ceremony *c, const struct sm2_private *key,
                                const struct ceremony_secrets *secrets, struct drbg *drbg,
                                struct ceremony_key_file ret_files[CEREMONY_CUSTODIANS_MAX])
{
    uint8_t d[SM2_KEY_SIZE];
    sm2_private_bytes(key, d);
    struct result r = c->custodian_count ? wrap_shares(c, d, secrets, drbg, ret_files)
                                         : wrap_one("root", &secrets->all[0], BYTES(d), drbg, &ret_files[0]);
    secret_wipe(d, sizeof d);
    return r;
}

static struct result unwrap_one(const struct ceremony *c, const char *name, const struct secret *passphrase,
                                struct diag *diag, uint8_t *ret_plain, size_t len)
{
    char label[CEREMONY_KEY_NAME_MAX + 16], path[INSTALLATION_PATH_MAX];
    uint8_t wrapped[CEREMONY_KEY_SIZE_MAX];
    snprintf(label, sizeof label, "ceremony:%s", name);
    int path_len = snprintf(path, sizeof path, "%s/%s.key", c->root_folder, name);
    int fd = path_len < (int)sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd < 0 ? -1 : read(fd, wrapped, sizeof wrapped);
    if (fd >= 0) close(fd);
    if (n < 0) return diag_log(diag, ERROR_IO, "%s cannot be read", path);
    const struct key_wrapping how = { .passphrase = bytes_of(passphrase->bytes, passphrase->len), .label = label };
    struct result r = key_unwrap(&how, bytes_of(wrapped, (size_t)n), ret_plain, len);
    return failed(r) ? diag_log(diag, r.code, "%s.key", name) : OK;
}

static struct result open_shares(const struct ceremony *c, const struct ceremony_secrets *secrets, struct diag *diag,
                                 struct sm2_private *ret_key)
{
    struct shamir_share shares[CEREMONY_CUSTODIANS_MAX];
    uint8_t plain[ESCROW_SHARE_PLAIN] = { 0 };
    char name[CEREMONY_KEY_NAME_MAX];
    const struct sm2_public *root = public_key_as_sm2(&c->root->key);
    struct result r = root ? OK : diag_log(diag, ERROR_KEY_INVALID, "the root's key is not for SM2");
    for (size_t i = 0; i < c->custodian_count && !failed(r); i++) {
        name_of(c, i, name);
        r = unwrap_one(c, name, &secrets->all[i], diag, plain, sizeof plain);
        shares[i].number = plain[0];
        memcpy(shares[i].value, plain + 1, SM2_KEY_SIZE);
    }
    secret_wipe(plain, sizeof plain);
    if (!failed(r)) r = escrow_join(shares, c->custodian_count, root, ret_key);
    secret_wipe(shares, sizeof shares);
    return r;
}

struct result ceremony_key_open(const struct ceremony *c, const struct ceremony_secrets *secrets, struct diag *diag,
                                struct sm2_private *ret_key)
{
    uint8_t d[SM2_KEY_SIZE];
    struct sm2_private key;
    if (c->custodian_count) return open_shares(c, secrets, diag, ret_key);
    TRY(unwrap_one(c, "root", &secrets->all[0], diag, d, sizeof d));
    struct result r = sm2_private_init(&key, d);
    secret_wipe(d, sizeof d);
    TRY(r);
    const struct public_key own = public_key_sm2(&key.public);
    bool fits = public_key_equal(&own, &c->root->key);
    if (fits) *ret_key = key;
    sm2_private_done(&key);
    return fits ? OK : diag_log(diag, ERROR_KEY_INVALID, "root.key is another root's");
}
