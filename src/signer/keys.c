#include "signer/keys.h"

#include <stdio.h>

#include "base/fault.h"
#include "base/secret.h"
#include "pki/key_wrap.h"
#include "signer/file.h"

enum { NAME_MAX_LEN = 32, PROCESS_KEY_VERSION = 1 };

/* Everything is at most 32 bytes: private keys and symmetric ones. */
struct named {
    const char *name; /* label and, with ".key", file */
    struct sm2_private *private;
    uint8_t *bytes;
    size_t len;
};

enum { NAMED_COUNT = 6 };

/* How many there are. */
static size_t list(struct keys *k, struct named into[NAMED_COUNT])
{
    const struct named all[NAMED_COUNT] = {
        { "operators-ca", &k->operators, NULL, SM2_KEY_SIZE },
        { "tree-head", &k->head, NULL, SM2_KEY_SIZE },
        { "usbkey-master-1", NULL, k->master, sizeof k->master },
        { "usbkey-transport", NULL, k->transport, sizeof k->transport },
        { "key-centre-1", NULL, k->centre, sizeof k->centre },
        { "issuing-ca", &k->issuing, NULL, SM2_KEY_SIZE },
    };
    memcpy(into, all, sizeof all);
    return k->issuing_elsewhere ? NAMED_COUNT - 1 : NAMED_COUNT;
}

static struct result write_one(const char *folder, struct bytes process_key, const struct named *n, struct drbg *drbg)
{
    struct key_wrapping how = { .key = process_key, .version = PROCESS_KEY_VERSION, .label = n->name };
    uint8_t plain[SM2_KEY_SIZE], wrapped[KEY_WRAP_SIZE_MAX];
    char name[NAME_MAX_LEN];
    struct writer w = writer_of(wrapped, sizeof wrapped);
    if (n->private)
        sm2_private_bytes(n->private, plain);
    else
        memcpy(plain, n->bytes, n->len);
    struct result r = key_wrap(&how, bytes_of(plain, n->len), drbg, &w);
    secret_wipe(plain, sizeof plain);
    TRY(r);
    snprintf(name, sizeof name, "%s.key", n->name);
    return file_replace(folder, name, bytes_of(wrapped, w.len), true);
}

static struct result read_one(const char *folder, struct bytes process_key, const struct named *n)
{
    struct key_wrapping how = { .key = process_key, .label = n->name };
    uint8_t plain[SM2_KEY_SIZE], wrapped[KEY_WRAP_SIZE_MAX];
    char name[NAME_MAX_LEN];
    size_t len;
    snprintf(name, sizeof name, "%s.key", n->name);
    TRY(file_read(folder, name, wrapped, sizeof wrapped, &len));
    TRY(key_unwrap(&how, bytes_of(wrapped, len), plain, n->len));
    struct result r = OK;
    if (n->private)
        r = sm2_private_init(n->private, plain);
    else
        memcpy(n->bytes, plain, n->len);
    secret_wipe(plain, sizeof plain);
    return r;
}

static struct result draw(struct keys *k, struct sm2_private *root, struct drbg *drbg)
{
    if (root) TRY(sm2_private_generate(root, drbg));
    if (!k->issuing_elsewhere) TRY(sm2_private_generate(&k->issuing, drbg));
    TRY(sm2_private_generate(&k->operators, drbg));
    TRY(sm2_private_generate(&k->head, drbg));
    TRY(drbg_fill(drbg, k->master, sizeof k->master));
    return drbg_fill(drbg, k->centre, sizeof k->centre);
}

struct result keys_make(const char *folder, const uint8_t process_key[PROCESS_KEY_SIZE],
                        const uint8_t transport[TRANSPORT_KEY_SIZE], struct drbg *drbg, struct keys *ret_keys,
                        struct sm2_private *ret_root)
{
    struct named all[NAMED_COUNT], root = { "root-ca", ret_root, NULL, SM2_KEY_SIZE };
    struct bytes key = bytes_of(process_key, PROCESS_KEY_SIZE);
    TRY(draw(ret_keys, ret_root, drbg));
    memcpy(ret_keys->transport, transport, TRANSPORT_KEY_SIZE);
    TRY(file_folder(folder));
    if (ret_root) TRY(write_one(folder, key, &root, drbg));
    size_t count = list(ret_keys, all);
    for (size_t i = 0; i < count; i++) TRY(write_one(folder, key, &all[i], drbg));
    FAULT("signer:keys-written");
    if (!ret_keys->issuing_elsewhere) ret_keys->issuing_ca = signing_key_sm2(&ret_keys->issuing);
    ret_keys->there = true;
    return OK;
}

struct result keys_load(const char *folder, const uint8_t process_key[PROCESS_KEY_SIZE], struct diag *diag,
                        struct keys *ret_keys)
{
    struct named all[NAMED_COUNT];
    size_t count = list(ret_keys, all);
    for (size_t i = 0; i < count; i++) {
        struct result r = read_one(folder, bytes_of(process_key, PROCESS_KEY_SIZE), &all[i]);
        if (failed(r)) return diag_log(diag, ERROR_CA_KEYS, "%s: %s", all[i].name, error_find(r.code)->name);
    }
    if (!ret_keys->issuing_elsewhere) ret_keys->issuing_ca = signing_key_sm2(&ret_keys->issuing);
    ret_keys->there = true;
    return OK;
}

void keys_done(struct keys *keys)
{
    secret_wipe(keys, sizeof *keys);
}

/* ---- the responder's ---- */

static const char responder_name[] = "ocsp-responder";

struct result keys_write_responder(const char *folder, const uint8_t process_key[PROCESS_KEY_SIZE],
                                   const struct sm2_private *key, struct drbg *drbg)
{
    struct sm2_private copy = *key;
    const struct named named = { responder_name, &copy, NULL, SM2_KEY_SIZE };
    struct result r = write_one(folder, bytes_of(process_key, PROCESS_KEY_SIZE), &named, drbg);
    sm2_private_done(&copy);
    return r;
}

struct result keys_read_responder(const char *folder, const uint8_t process_key[PROCESS_KEY_SIZE],
                                  struct sm2_private *ret_key)
{
    const struct named named = { responder_name, ret_key, NULL, SM2_KEY_SIZE };
    return read_one(folder, bytes_of(process_key, PROCESS_KEY_SIZE), &named);
}
