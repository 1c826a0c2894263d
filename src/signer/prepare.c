/* Setting up under a root that is elsewhere (hufu ceremony): the signer makes its keys and asks for their certificates,
 * and believes those that it is given only as far as it can check them. */
#include "signer/prepare.h"

#include "base/secret.h"
#include "pki/profile.h"
#include "pki/request.h"
#include "signer/handlers.h"

static const char head_name[] = "Journal";

/* One of the keys below the root: what its certificate must say. */
struct below {
    const char *field, *common_name;
    const struct profile *profile;
    struct signing_key key;
    struct bytes certificate;
};

enum { BELOW_COUNT = 3 };

static void list(const struct keys *keys, const struct signer_begin *ask, struct below into[BELOW_COUNT])
{
    const struct below all[BELOW_COUNT] = {
        { "issuing_certificate", ask->issuing_name, &profile_issuing_ca, keys->issuing_ca, ask->issuing_certificate },
        { "operators_certificate", ask->operators_name, &profile_operators_ca, signing_key_sm2(&keys->operators),
          ask->operators_certificate },
        { "head_certificate", head_name, &profile_tree_head, signing_key_sm2(&keys->head), ask->head_certificate },
    };
    memcpy(into, all, sizeof all);
}

static struct name_fields name_of(const struct signer_begin *ask, const struct below *b)
{
    return (struct name_fields){ .country = ask->country, .organization = ask->organization,
                                 .common_name = b->common_name };
}

struct result prepare_keys(struct call *call, const struct signer_begin *ask, struct sm2_private *ret_root)
{
    struct signer *s = call->signer;
    struct signing_key issuing = s->keys.issuing_ca;
    if (s->hsm) TRY(hsm_find(s->hsm, HSM_ISSUING, s->settings.hsm_issuing_key, call->diag, &issuing));
    TRY(keys_make(s->keys_folder, s->process_key, ask->maker_transport_key.ptr, &s->drbg, &s->keys, ret_root));
    if (s->hsm) s->keys.issuing_ca = issuing;
    return OK;
}

/* ---- asking ---- */

struct result handle_prepare(struct call *call, const void *ask, void *answer)
{
    const struct signer_begin *a = ask;
    struct signer_prepared *prepared = answer;
    struct signer *s = call->signer;
    struct bytes *requests[] = { &prepared->issuing_request, &prepared->operators_request, &prepared->head_request };
    struct below all[BELOW_COUNT];
    if (!a->organization || !a->country || !a->issuing_name || !a->operators_name)
        return refuse(call, ERROR_BEGIN_FIELD, "issuing_name", "a name is missing");
    if (a->maker_transport_key.len != TRANSPORT_KEY_SIZE)
        return refuse(call, ERROR_BEGIN_FIELD, "maker_transport_key", "%zu bytes", a->maker_transport_key.len);
    TRY(prepare_keys(call, a, NULL));
    list(&s->keys, a, all);
    for (size_t i = 0; i < BELOW_COUNT; i++) {
        struct name_fields name = name_of(a, &all[i]);
        struct result r = request_make(&name, &all[i].key, &s->drbg, call->arena, requests[i]);
        if (hsm_failed(r)) return r;
        if (failed(r))
            return refuse(call, ERROR_BEGIN_FIELD, all[i].field, "%s", all[i].common_name);
    }
    return OK;
}

/* ---- being given ---- */

static struct result check_root(struct call *call, struct bytes der, struct certificate **ret_root)
{
    struct certificate *c;
    struct result r = certificate_parse(der, call->arena, &c);
    if (!failed(r)) r = certificate_check_signature(c, &c->key);
    if (failed(r)) return refuse(call, ERROR_BEGIN_FIELD, "root_certificate", "%s", error_find(r.code)->name);
    bool root = c->ca && name_equal(&c->issuer, &c->subject) && (c->key_usage & KEY_USAGE_CERT_SIGN) &&
                c->path_length != 0;
    if (!root || call->now_s < c->not_before_s || call->now_s > c->not_after_s)
        return refuse(call, ERROR_BEGIN_FIELD, "root_certificate", "it is no root, or not valid now");
    *ret_root = c;
    return OK;
}

/* Why the certificate C does not do for B; NULL: it does. */
static const char *fault_of(const struct call *call, const struct below *b, struct bytes name,
                            const struct certificate *root, const struct certificate *c)
{
    const struct profile *p = b->profile;
    if (!public_key_equal(&c->key, &b->key.public)) return "it is for another key";
    if (!name_equal(&c->issuer, &root->subject) || failed(certificate_check_signature(c, &root->key)))
        return "the root did not sign it";
    if (!bytes_equal(c->subject.der, name)) return "it has another subject than was asked for";
    if (c->ca != p->ca || (p->ca && c->path_length != p->path_length) || c->key_usage != p->key_usage)
        return "it is not of its profile";
    if (call->now_s < c->not_before_s || call->now_s > c->not_after_s) return "it is not valid now";
    return NULL;
}

static struct result check_below(struct call *call, const struct signer_begin *ask, const struct below *b,
                                 const struct certificate *root)
{
    uint8_t room[NAME_SIZE_MAX];
    struct writer w = writer_of(room, sizeof room);
    struct name_fields fields = name_of(ask, b);
    struct certificate *c;
    struct bytes name;
    TRY(name_write(&fields, &w));
    TRY(writer_end(&w, &name));
    struct result r = certificate_parse(b->certificate, call->arena, &c);
    if (failed(r)) return refuse(call, ERROR_BEGIN_FIELD, b->field, "%s", error_find(r.code)->name);
    const char *fault = fault_of(call, b, name, root, c);
    return fault ? refuse(call, ERROR_BEGIN_FIELD, b->field, "%s", fault) : OK;
}

struct result prepare_take(struct call *call, const struct signer_begin *ask, struct journal_begin *record)
{
    const struct keys *keys = &call->signer->keys;
    struct below all[BELOW_COUNT];
    struct certificate *root = NULL;
    if (!keys->there || !secret_equal(keys->transport, ask->maker_transport_key.ptr, TRANSPORT_KEY_SIZE))
        return refuse(call, ERROR_BEGIN_FIELD, "root_certificate", "no keys were made for it");
    TRY(check_root(call, ask->root_certificate, &root));
    list(keys, ask, all);
    for (size_t i = 0; i < BELOW_COUNT; i++) TRY(check_below(call, ask, &all[i], root));
    record->root_certificate = ask->root_certificate;
    record->issuing_certificate = ask->issuing_certificate;
    record->operators_certificate = ask->operators_certificate;
    record->head_certificate = ask->head_certificate;
    return OK;
}
