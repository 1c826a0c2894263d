#include "hsm/token.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/text.h"
#include "hsm/names.h"

enum { PIN_MAX = 256, SLOTS_MAX = 64, KEYS_MAX = 4, FOUND_MAX = 2, FIELD = HSM_TOKEN_MAX, POINT_ROOM = 128, ROOM = 32 };

/* A key that was found, while the session lasts. */
struct key {
    char label[HSM_LABEL_MAX + 1];
    CK_OBJECT_HANDLE private;
    uint8_t point[HSM_POINT_SIZE];
};

struct token {
    const struct hsm_settings *settings;
    CK_FUNCTION_LIST *f;
    char pin[PIN_MAX];
    size_t pin_len;
    bool pin_refused, began, open;
    CK_SESSION_HANDLE session;
    struct key keys[KEYS_MAX];
    size_t key_count;
    char label[FIELD + 1], serial[FIELD + 1];
};

static struct result say(struct diag *diag, enum error code, const char *what, CK_RV rv)
{
    return diag_log(diag, code, "%s: %s", what, names_of(rv));
}

/* ---- life ---- */

struct result token_new(const struct hsm_settings *settings, const char *pin, size_t len, struct diag *diag,
                        struct token **ret_token)
{
    CK_FUNCTION_LIST *list = NULL;
    void *library = dlopen(settings->module, RTLD_NOW | RTLD_LOCAL);
    if (!library) return diag_log(diag, ERROR_HSM_LIBRARY, "%s", dlerror());
    CK_C_GetFunctionList get;
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (!get || get(&list) != CKR_OK || !list)
        return diag_log(diag, ERROR_HSM_LIBRARY, "%s is no PKCS#11 library", settings->module);
    ENSURE(len <= PIN_MAX, ERROR_HSM_PIN);
    struct token *t = calloc(1, sizeof *t);
    if (!t) abort();
    t->settings = settings;
    t->f = list;
    memcpy(t->pin, pin, len);
    t->pin_len = len;
    *ret_token = t;
    return OK;
}

/* All of it, so that what is looked for afterwards is looked for anew. */
static void close_token(struct token *t)
{
    if (t->began) (void)t->f->C_Finalize(NULL); /* what it says does not matter any more */
    t->began = t->open = false;
    t->key_count = 0;
}

void token_free(struct token *t)
{
    if (!t) return;
    close_token(t);
    secret_wipe(t->pin, sizeof t->pin);
    free(t);
}

/* ---- opening ---- */

/* Fields of PKCS#11 are filled up with spaces. */
static void copy_field(char into[FIELD + 1], const unsigned char *from, size_t len)
{
    while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\0')) len--;
    memcpy(into, from, len);
    into[len] = '\0';
}

static struct result find_slot(struct token *t, struct diag *diag, CK_SLOT_ID *ret_slot)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    size_t found = 0;
    CK_RV rv = t->f->C_GetSlotList(CK_TRUE, slots, &count);
    if (rv != CKR_OK) return say(diag, ERROR_HSM_LIBRARY, "C_GetSlotList", rv);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        char label[FIELD + 1];
        if (t->f->C_GetTokenInfo(slots[i], &info) != CKR_OK) continue; /* taken away meanwhile */
        copy_field(label, info.label, sizeof info.label);
        bool there = t->settings->slot < 0 || (CK_SLOT_ID)t->settings->slot == slots[i];
        if (!there || !text_equal(label, t->settings->token)) continue;
        copy_field(t->label, info.label, sizeof info.label);
        copy_field(t->serial, info.serialNumber, sizeof info.serialNumber);
        *ret_slot = slots[i];
        found++;
    }
    if (found == 1) return OK;
    return diag_log(diag, ERROR_HSM_TOKEN, "%zu tokens with the label %s, in %lu slots with a token", found,
                    t->settings->token, (unsigned long)count);
}

static bool is_about_pin(CK_RV rv)
{
    return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_EXPIRED ||
           rv == CKR_PIN_LOCKED || rv == CKR_USER_PIN_NOT_INITIALIZED;
}

static struct result log_in(struct token *t, struct diag *diag)
{
    CK_RV rv = t->f->C_Login(t->session, CKU_USER, (unsigned char *)t->pin, t->pin_len);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) return OK;
    t->pin_refused = is_about_pin(rv);
    return say(diag, t->pin_refused ? ERROR_HSM_PIN : ERROR_HSM_LIBRARY, "C_Login", rv);
}

static struct result open_session(struct token *t, struct diag *diag)
{
    CK_SLOT_ID slot = 0;
    CK_RV rv = t->f->C_Initialize(NULL);
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return say(diag, ERROR_HSM_LIBRARY, "C_Initialize", rv);
    t->began = true;
    TRY(find_slot(t, diag, &slot));
    rv = t->f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &t->session);
    if (rv != CKR_OK) return say(diag, ERROR_HSM_TOKEN, "C_OpenSession", rv);
    return log_in(t, diag);
}

static struct result open_token(struct token *t, struct diag *diag)
{
    if (t->open) return OK;
    if (t->pin_len == 0) return diag_log(diag, ERROR_HSM_PIN, "the file of the PIN cannot be read, or is empty");
    if (t->pin_refused) return diag_log(diag, ERROR_HSM_PIN, "refused before, and not tried again");
    struct result r = open_session(t, diag);
    t->open = !failed(r);
    if (failed(r)) close_token(t);
    return r;
}

/* ---- keys ---- */

/* The one object of CLASS with LABEL. */
static struct result find_object(struct token *t, CK_OBJECT_CLASS class, const char *label, struct diag *diag,
                                 CK_OBJECT_HANDLE *ret_object)
{
    CK_ATTRIBUTE wanted[] = { { CKA_CLASS, &class, sizeof class },
                              { CKA_LABEL, (void *)(uintptr_t)label, strlen(label) } };
    CK_OBJECT_HANDLE found[FOUND_MAX];
    CK_ULONG count = 0;
    CK_RV rv = t->f->C_FindObjectsInit(t->session, wanted, COUNT(wanted));
    if (rv == CKR_OK) {
        rv = t->f->C_FindObjects(t->session, found, FOUND_MAX, &count);
        (void)t->f->C_FindObjectsFinal(t->session); /* a session that it breaks fails at what comes next */
    }
    if (rv != CKR_OK) return say(diag, ERROR_HSM_LIBRARY, "C_FindObjects", rv);
    if (count != 1)
        return diag_log(diag, ERROR_HSM_KEY, "%s %s keys with the label %s", count ? "several" : "no",
                        class == CKO_PRIVATE_KEY ? "private" : "public", label);
    *ret_object = found[0];
    return OK;
}

/* CKA_EC_PARAMS of P-256, and CKA_EC_POINT: an OCTET STRING around 04 ‖ X ‖ Y, or that alone. */
static struct result read_point(struct token *t, CK_OBJECT_HANDLE object, struct key *key, struct diag *diag)
{
    static const uint8_t p256[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
    uint8_t curve[ROOM], point[POINT_ROOM];
    CK_ATTRIBUTE wanted[] = { { CKA_EC_PARAMS, curve, sizeof curve }, { CKA_EC_POINT, point, sizeof point } };
    CK_RV rv = t->f->C_GetAttributeValue(t->session, object, wanted, COUNT(wanted));
    if (rv != CKR_OK) return say(diag, ERROR_HSM_KEY, "C_GetAttributeValue", rv);
    struct bytes got = bytes_of(point, wanted[1].ulValueLen);
    if (got.len == HSM_POINT_SIZE + 3 && point[0] == 0x04 && point[1] == HSM_POINT_SIZE + 1)
        got = bytes_of(point + 2, HSM_POINT_SIZE + 1);
    if (!bytes_equal(bytes_of(curve, wanted[0].ulValueLen), BYTES(p256)) || got.len != HSM_POINT_SIZE + 1 ||
        got.ptr[0] != 0x04)
        return diag_log(diag, ERROR_HSM_KEY, "the key %s is not on P-256", key->label);
    memcpy(key->point, got.ptr + 1, HSM_POINT_SIZE);
    return OK;
}

static struct result find_key(struct token *t, const char *label, struct diag *diag, const struct key **ret_key)
{
    struct key key = { .private = 0 };
    CK_OBJECT_HANDLE public;
    for (size_t i = 0; i < t->key_count; i++)
        if (text_equal(t->keys[i].label, label)) {
            *ret_key = &t->keys[i];
            return OK;
        }
    if (strlen(label) > HSM_LABEL_MAX || t->key_count == KEYS_MAX)
        return diag_log(diag, ERROR_HSM_KEY, "more than %d keys", KEYS_MAX);
    memcpy(key.label, label, strlen(label));
    TRY(find_object(t, CKO_PRIVATE_KEY, label, diag, &key.private));
    TRY(find_object(t, CKO_PUBLIC_KEY, label, diag, &public));
    TRY(read_point(t, public, &key, diag));
    t->keys[t->key_count] = key;
    *ret_key = &t->keys[t->key_count++];
    return OK;
}

static struct result sign(struct token *t, const struct hsm_sign *ask, struct diag *diag,
                          uint8_t ret_signature[HSM_SIGNATURE_SIZE])
{
    CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
    uint8_t signature[HSM_SIGNATURE_SIZE];
    CK_ULONG len = sizeof signature;
    const struct key *key;
    TRY(find_key(t, ask->label, diag, &key));
    if (ask->algorithm != HSM_P256 || !bytes_equal(ask->point, BYTES(key->point)))
        return diag_log(diag, ERROR_HSM_KEY, "the key %s is not the one of the CA's certificate", ask->label);
    CK_RV rv = t->f->C_SignInit(t->session, &ecdsa, key->private);
    if (rv == CKR_OK)
        rv = t->f->C_Sign(t->session, (unsigned char *)(uintptr_t)ask->digest.ptr, ask->digest.len, signature, &len);
    if (rv != CKR_OK) return say(diag, ERROR_HSM_TOKEN, "C_Sign", rv);
    if (len != sizeof signature) return diag_log(diag, ERROR_HSM_LIBRARY, "C_Sign: %lu bytes", (unsigned long)len);
    memcpy(ret_signature, signature, sizeof signature);
    return OK;
}

/* ---- what is offered ---- */

struct work {
    struct result (*run)(struct token *t, struct work *work, struct diag *diag);
    const struct hsm_sign *ask;
    const char *label;
    const struct key *key;
    uint8_t *signature;
};

/* A token that was taken away and has come back is found by a session of its own only. */
static struct result with_token(struct token *t, struct work *work, struct diag *diag)
{
    bool was_open = t->open;
    struct diag first = { 0 };
    struct result r = open_token(t, &first);
    if (!failed(r)) r = work->run(t, work, &first);
    bool lost = r.code == ERROR_HSM_TOKEN || r.code == ERROR_HSM_LIBRARY;
    if (lost) close_token(t);
    if (!lost || !was_open) {
        if (failed(r)) return diag_log(diag, r.code, "%s", first.log);
        return OK;
    }
    r = open_token(t, diag);
    if (!failed(r)) r = work->run(t, work, diag);
    if (r.code == ERROR_HSM_TOKEN || r.code == ERROR_HSM_LIBRARY) close_token(t);
    return r;
}

/* The session may be one of a token that is gone. */
static struct result run_look(struct token *t, struct work *work, struct diag *diag)
{
    CK_SESSION_INFO info;
    CK_RV rv = t->f->C_GetSessionInfo(t->session, &info);
    if (rv != CKR_OK) return say(diag, ERROR_HSM_TOKEN, "C_GetSessionInfo", rv);
    return OK;
}

static struct result run_key(struct token *t, struct work *work, struct diag *diag)
{
    return find_key(t, work->label, diag, &work->key);
}

static struct result run_sign(struct token *t, struct work *work, struct diag *diag)
{
    return sign(t, work->ask, diag, work->signature);
}

struct result token_look(struct token *token, struct diag *diag, struct hsm_seen *ret_seen)
{
    struct work work = { .run = run_look };
    TRY(with_token(token, &work, diag));
    *ret_seen = (struct hsm_seen){ token->label, token->serial };
    return OK;
}

struct result token_key(struct token *token, const char *label, struct diag *diag, int64_t *ret_algorithm,
                        uint8_t *ret_point)
{
    struct work work = { .run = run_key, .label = label };
    TRY(with_token(token, &work, diag));
    *ret_algorithm = HSM_P256;
    memcpy(ret_point, work.key->point, HSM_POINT_SIZE);
    return OK;
}

struct result token_sign(struct token *token, const struct hsm_sign *ask, struct diag *diag,
                         uint8_t ret_signature[HSM_SIGNATURE_SIZE])
{
    struct work work = { .run = run_sign, .ask = ask, .signature = ret_signature };
    return with_token(token, &work, diag);
}
