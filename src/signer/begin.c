/* Setting up, by `hufu init`: the CAs' keys and certificates, and the first operators, for whom nobody could sign yet.
 * All of it is in the journal, and over with SIGNER_SEAL. */
#include "base/random.h"
#include "pki/card_keys.h"
#include "pki/issue.h"
#include "signer/evidence.h"
#include "signer/handlers.h"
#include "signer/prepare.h"

enum { ROOT_YEARS = 30, CA_YEARS = 20 };

/* ---- the CAs ---- */

struct making {
    struct call *call;
    const struct signer_begin *ask;
    struct sm2_private root_private;
    struct signing_key root_key;
    struct journal_begin record;
    struct certificate *root;
};

struct ca {
    const struct profile *profile;
    const char *name;
    struct public_key key;
    int years;
    bool below_root;
};

static struct result make_ca(struct making *m, const struct ca *ca, struct bytes *ret_der)
{
    struct call *call = m->call;
    const struct certificate_fields fields = {
        .subject = { .country = m->ask->country, .organization = m->ask->organization, .common_name = ca->name },
        .key = ca->key,
        .not_before_s = call->now_s,
        .not_after_s = certificate_validity_end(call->now_s, ca->years),
        .crl_url = ca->below_root ? call->signer->settings.root_crl_url : NULL,
    };
    const struct issuance issuance = { ca->profile, &fields, ca->below_root ? m->root : NULL, m->root_key };
    struct result r = certificate_issue(&issuance, &call->signer->drbg, call->arena, call->diag, ret_der);
    if (hsm_failed(r)) return r;
    if (failed(r))
        return refuse(call, ERROR_BEGIN_FIELD, "root_name", "%s: %s", ca->profile->name, error_find(r.code)->name);
    return OK;
}

static struct result make_cas(struct making *m)
{
    const struct keys *keys = &m->call->signer->keys;
    const struct ca root = { &profile_root_ca, m->ask->root_name, m->root_key.public, ROOT_YEARS, false };
    const struct ca issuing = { &profile_issuing_ca, m->ask->issuing_name, keys->issuing_ca.public, CA_YEARS, true };
    const struct ca operators = { &profile_operators_ca, m->ask->operators_name,
                                  public_key_sm2(&keys->operators.public), CA_YEARS, true };
    const struct ca head = { &profile_tree_head, "Journal", public_key_sm2(&keys->head.public), CA_YEARS, true };
    TRY(make_ca(m, &root, &m->record.root_certificate));
    TRY(certificate_parse(m->record.root_certificate, m->call->arena, &m->root));
    TRY(make_ca(m, &issuing, &m->record.issuing_certificate));
    TRY(make_ca(m, &operators, &m->record.operators_certificate));
    return make_ca(m, &head, &m->record.head_certificate);
}

static struct result check_begin(struct call *call, const struct signer_begin *ask)
{
    struct certificate *maker;
    bool given = ask->root_certificate.ptr != NULL;
    if (!ask->organization || !ask->country || !ask->root_name == !given || !ask->issuing_name || !ask->operators_name)
        return refuse(call, ERROR_BEGIN_FIELD, "root_name", "a name is missing");
    if (ask->maker_transport_key.len != TRANSPORT_KEY_SIZE)
        return refuse(call, ERROR_BEGIN_FIELD, "maker_transport_key", "%zu bytes", ask->maker_transport_key.len);
    struct result r = certificate_parse(ask->maker_certificate, call->arena, &maker);
    if (!failed(r) && !maker->ca) r = FAIL(ERROR_CERTIFICATE_USAGE);
    if (!failed(r)) r = certificate_check_signature(maker, &maker->key);
    if (failed(r))
        return refuse(call, ERROR_BEGIN_FIELD, "maker_certificate", "%s", error_find(r.code)->name);
    return OK;
}

/* The root's key is drawn here, or lies in the module. */
static struct result make_root(struct making *m)
{
    struct signer *s = m->call->signer;
    const char *label = s->hsm ? s->settings.hsm_root_key : NULL;
    if (label) TRY(hsm_find(s->hsm, HSM_ROOT, label, m->call->diag, &m->root_key));
    TRY(prepare_keys(m->call, m->ask, label ? NULL : &m->root_private));
    if (!label) m->root_key = signing_key_sm2(&m->root_private);
    struct result r = make_cas(m);
    sm2_private_done(&m->root_private);
    return r;
}

struct result handle_begin(struct call *call, const void *ask, void *answer)
{
    struct signer *s = call->signer;
    struct making m = { .call = call, .ask = ask };
    int64_t index;
    TRY(check_begin(call, m.ask));
    TRY(m.ask->root_certificate.ptr ? prepare_take(call, m.ask, &m.record) : make_root(&m));
    m.record.incarnation = random_id();
    m.record.maker_certificate = m.ask->maker_certificate;
    TRY(signer_record(s, JOURNAL_BEGIN, call->now_s, &journal_begin_shape, &m.record, call->arena, &index));
    TRY(signer_open_centre(s, call->diag));
    return report_state(call, answer);
}

/* ---- the first operators ---- */

struct result handle_first_card(struct call *call, const void *ask, void *answer)
{
    const struct signer_first_card *a = ask;
    struct signer_card_opened *opened = answer;
    struct certificate *c;
    int64_t index;
    if (!a->card) return refuse(call, ERROR_BEGIN_FIELD, "card", "none");
    TRY(evidence_card(call, a->card_certificate, a->card, &c));
    const struct card_opening opening = { a->card, a->challenge, c };
    TRY(card_open(call, &opening, opened));
    const struct journal_card record = { .card = a->card, .master_version = opened->master_version,
                                         .admin_sealed = opened->admin_sealed };
    return signer_record(call->signer, JOURNAL_CARD, call->now_s, &journal_card_shape, &record, call->arena, &index);
}

struct result handle_first_operator(struct call *call, const void *ask, void *answer)
{
    const struct signer_first_operator *a = ask;
    struct signer_operator_done *done = answer;
    struct certificate *card, *c;
    struct sm2_public key;
    unsigned roles;
    if (!a->name || !a->card || strlen(a->name) > OPERATOR_NAME_MAX)
        return refuse(call, ERROR_BEGIN_FIELD, "name", "name or card");
    if (!a->roles || failed(roles_parse(a->roles, &roles)))
        return refuse(call, ERROR_BEGIN_FIELD, "roles", "%s", a->roles ? a->roles : "none");
    if (operators_full(call->signer->operators)) return refuse(call, ERROR_REGISTER_FULL, "name", "%s", a->name);
    TRY(evidence_card(call, a->card_certificate, a->card, &card));
    const char *hex = text_hex(call->arena, a->public_key);
    ENSURE(hex, ERROR_OUT_OF_ROOM);
    TRY(evidence_fresh_key(call, hex, &key));
    const struct attest_statement made = { a->card, CARD_CONTAINER, hex };
    TRY(evidence_attestation(call, card, &made, a->attestation));
    const struct operator_fields fields = { a->name, a->card, &key };
    TRY(operator_certify(call, &fields, &done->certificate));
    TRY(certificate_parse(done->certificate, call->arena, &c));
    const struct journal_operator record = { .change = "add", .serial = certificate_serial_text(c, call->arena),
                                             .name = a->name, .roles = a->roles, .certificate = done->certificate };
    ENSURE(record.serial, ERROR_OUT_OF_ROOM);
    return signer_record(call->signer, JOURNAL_OPERATOR, call->now_s, &journal_operator_shape, &record, call->arena,
                         &done->index);
}

struct result handle_seal(struct call *call, const void *ask, void *answer)
{
    struct signer *s = call->signer;
    int64_t index;
    if (operators_administrators(s->operators, call->now_s, NULL) < OPERATOR_ADMINISTRATORS_MIN)
        return refuse(call, ERROR_REGISTER_SHORT, "", "administrators");
    TRY(signer_record(s, JOURNAL_SEALED, call->now_s, NULL, NULL, call->arena, &index));
    s->phase = PHASE_SERVING;
    return report_state(call, answer);
}
