#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "cast.h"

#include "base/random.h"

static void must(struct result r, const char *what)
{
    if (failed(r)) fail_msg("%s: %s", what, error_find(r.code)->name);
}

/* ---- the cast ---- */

static struct bytes make_certificate(struct cast *cast, const struct profile *profile,
                                     const struct certificate_fields *fields, const struct certificate *issuer,
                                     const struct sm2_private *issuer_key)
{
    const struct issuance issuance = { profile, fields, issuer, signing_key_sm2(issuer_key) };
    struct bytes der = { 0 };
    must(certificate_issue(&issuance, &cast->drbg, cast->arena, NULL, &der), profile->name);
    return der;
}

static struct certificate *make_maker(struct cast *cast, const struct sm2_private *key)
{
    const struct certificate_fields fields = {
        .subject = { .country = "CN", .organization = "Card Maker", .common_name = "Card Maker CA" },
        .key = public_key_sm2(&key->public),
        .not_before_s = cast->now_s - 30 * DAY_S,
        .not_after_s = certificate_validity_end(cast->now_s - 30 * DAY_S, 30),
    };
    struct certificate *c = NULL;
    must(certificate_parse(make_certificate(cast, &profile_card_maker_ca, &fields, NULL, key), cast->arena, &c),
         "maker");
    return c;
}

struct cast *cast_new(int64_t now_s)
{
    uint8_t seed[DRBG_ENTROPY_MIN];
    struct arena *arena = arena_new(256 << 20);
    struct cast *cast = ARENA_NEW(arena, struct cast);
    cast->arena = arena;
    cast->now_s = now_s;
    cast->card_days = 20 * 365;
    random_fill(seed, sizeof seed);
    drbg_init(&cast->drbg, BYTES(seed), (struct bytes){ 0 }, (struct bytes){ 0 });
    must(sm2_private_generate(&cast->maker_key, &cast->drbg), "maker's key");
    cast->maker = make_maker(cast, &cast->maker_key);
    random_fill(cast->transport, sizeof cast->transport);
    return cast;
}

void cast_free(struct cast *cast)
{
    if (cast) arena_free(cast->arena);
}

struct result cast_ask(struct cast *cast, const struct cast_peer *peer, uint16_t type, const void *record,
                       void *ret_answer)
{
    static const struct {
        uint16_t type;
        const struct shape *ask, *answer;
    } all[] = {
        { SIGNER_BEGIN, &signer_begin_shape, &signer_state_shape },
        { SIGNER_FIRST_CARD, &signer_first_card_shape, &signer_card_opened_shape },
        { SIGNER_FIRST_OPERATOR, &signer_first_operator_shape, &signer_operator_done_shape },
        { SIGNER_SEAL, NULL, &signer_state_shape },
        { SIGNER_STATE, &signer_peer_shape, &signer_state_shape },
        { SIGNER_JOURNAL, &signer_range_shape, &signer_entries_shape },
        { SIGNER_PROOF, &signer_range_shape, &signer_proof_shape },
        { SIGNER_CONSISTENCY, &signer_range_shape, &signer_consistency_shape },
        { SIGNER_CARD, &signer_card_shape, &signer_card_opened_shape },
        { SIGNER_OPERATOR_CARD, &signer_operator_card_shape, &signer_card_opened_shape },
        { SIGNER_ISSUE, &signer_issue_shape, &signer_issued_shape },
        { SIGNER_REVOKE, &signer_revoke_shape, &signer_revoked_shape },
        { SIGNER_OPERATOR, &signer_operator_shape, &signer_operator_done_shape },
        { SIGNER_UNLOCK, &signer_unlock_shape, &signer_unlocked_shape },
        { SIGNER_RECOVER, &signer_recover_shape, &signer_recovered_shape },
        { SIGNER_HOLD, &signer_hold_shape, &signer_held_shape },
        { SIGNER_HOLD_FOR, &signer_hold_for_shape, &signer_held_shape },
        { SIGNER_RELEASE, &signer_release_shape, &signer_released_shape },
        { SIGNER_RECEIVE, &signer_receive_shape, &signer_received_shape },
        { SIGNER_CUSTODY, &signer_custody_shape, &signer_custody_done_shape },
        { SIGNER_JUDICIAL, &signer_judicial_shape, &signer_judicial_opened_shape },
        { SIGNER_ENDS, NULL, &signer_ends_shape },
        { SIGNER_TRAIL, &signer_trail_shape, &signer_trail_kept_shape },
        { SIGNER_STATUS, &signer_status_shape, &signer_status_told_shape },
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        if (all[i].type != type) continue;
        const struct ipc_call call = { type, all[i].ask, all[i].answer, -1, 20000 };
        struct diag diag = { 0 };
        return peer->ask(peer->context, &call, record, cast->arena, &diag, ret_answer);
    }
    fail_msg("no message %#x", type);
    return FAIL(ERROR_INTERNAL);
}

/* ---- words and signatures ---- */

struct bytes cast_sign(struct cast *cast, const struct sm2_private *key, const char *text)
{
    uint8_t signature[SM2_SIGNATURE_SIZE];
    must(sm2_sign(key, bytes_text(text), &cast->drbg, signature), "sign");
    return arena_bytes(cast->arena, BYTES(signature));
}

const char *cast_text(struct cast *cast, const struct shape *shape, const void *record)
{
    const char *text = "";
    must(statement_write(shape, record, cast->arena, &text), shape->name);
    return text;
}

const char *cast_time(struct cast *cast, int64_t time_s)
{
    return arena_format(cast->arena, "%lld", (long long)time_s);
}

const char *cast_nonce(struct cast *cast)
{
    char text[ID_TEXT_LEN + 1];
    struct id id = random_id();
    id_text(&id, text);
    return arena_text(cast->arena, bytes_text(text));
}

const char *cast_hex(struct cast *cast, struct bytes b)
{
    return text_hex(cast->arena, b);
}

const char *cast_hash(struct cast *cast, struct bytes b)
{
    uint8_t hash[SM3_SIZE];
    sm3_hash(b, hash);
    return text_hex(cast->arena, BYTES(hash));
}

const char *cast_serial(struct cast *cast, struct bytes der)
{
    struct certificate *c = NULL;
    must(certificate_parse(der, cast->arena, &c), "certificate");
    return certificate_serial_text(c, cast->arena);
}

/* ---- cards ---- */

struct cast_card *cast_card(struct cast *cast, const struct sm2_private *maker)
{
    struct cast_card *card = ARENA_NEW(cast->arena, struct cast_card);
    must(sm2_private_generate(&card->key, &cast->drbg), "card's key");
    card->serial = arena_format(cast->arena, "HF%08d", ++cast->cards);
    const struct certificate_fields fields = {
        .subject = { .serial_number = card->serial, .common_name = "USBKey" },
        .key = public_key_sm2(&card->key.public),
        .not_before_s = cast->now_s - DAY_S,
        .not_after_s = cast->now_s + cast->card_days * DAY_S,
    };
    const struct certificate *issuer = maker ? make_maker(cast, maker) : cast->maker;
    card->certificate = make_certificate(cast, &profile_card, &fields, issuer, maker ? maker : &cast->maker_key);
    return card;
}

struct bytes cast_attest(struct cast *cast, const struct cast_card *card, const struct sm2_public *key)
{
    const struct attest_statement statement = { card->serial, CARD_CONTAINER, cast_hex(cast, BYTES(key->point)) };
    return cast_sign(cast, &card->key, cast_text(cast, &attest_statement_shape, &statement));
}

/* ---- setting up ---- */

struct result cast_begin(struct cast *cast, const struct cast_peer *peer, struct signer_state *ret_state)
{
    const struct signer_begin ask = { "虎符测试", "CN", "虎符根 CA", "虎符签发 CA", "虎符操作员 CA", cast->maker->der,
                                      BYTES(cast->transport) };
    return cast_ask(cast, peer, SIGNER_BEGIN, &ask, ret_state);
}

struct result cast_first_operator(struct cast *cast, const struct cast_peer *peer, const char *name,
                                  const char *roles, struct cast_person **ret_person)
{
    struct cast_person *person = &cast->persons[cast->person_count];
    struct cast_card *card = cast_card(cast, NULL);
    struct signer_card_opened opened;
    struct signer_operator_done done;
    *person = (struct cast_person){ .name = name, .roles = roles, .card = card };
    must(sm2_private_generate(&person->key, &cast->drbg), "key");
    const struct signer_first_card first = { card->serial, bytes_of("challeng", CARD_CHALLENGE_SIZE),
                                             card->certificate };
    TRY(cast_ask(cast, peer, SIGNER_FIRST_CARD, &first, &opened));
    const struct signer_first_operator ask = { name, roles, card->serial, BYTES(person->key.public.point),
                                               cast_attest(cast, card, &person->key.public), card->certificate };
    TRY(cast_ask(cast, peer, SIGNER_FIRST_OPERATOR, &ask, &done));
    person->certificate = done.certificate;
    person->serial = cast_serial(cast, done.certificate);
    cast->person_count++;
    if (ret_person) *ret_person = person;
    return OK;
}

void cast_set_up(struct cast *cast, const struct cast_peer *peer)
{
    static const char *const persons[][2] = {
        { "管理员一", "administrator" }, { "管理员二", "administrator" }, { "管理员三", "administrator" },
        { "审核员一", "reviewer" },      { "审核员二", "reviewer" },      { "制证员一", "producer" },
        { "审核制证员", "reviewer,producer" }, { "审计员一", "auditor" },
    };
    struct signer_state state;
    must(cast_begin(cast, peer, &state), "begin");
    for (size_t i = 0; i < COUNT(persons); i++)
        must(cast_first_operator(cast, peer, persons[i][0], persons[i][1], NULL), persons[i][0]);
    must(cast_ask(cast, peer, SIGNER_SEAL, NULL, &state), "seal");
}

struct cast_person *cast_person(struct cast *cast, const char *name)
{
    for (size_t i = 0; i < cast->person_count; i++)
        if (text_equal(cast->persons[i].name, name)) return &cast->persons[i];
    fail_msg("no person %s", name);
    return NULL;
}

/* ---- an order ---- */

void cast_order(struct cast *cast, struct cast_order *ret_order)
{
    struct cast_order *o = ret_order;
    *o = (struct cast_order){ .reviewer = { cast_person(cast, "审核员一"), NULL },
                              .producer = cast_person(cast, "制证员一"),
                              .card = cast_card(cast, NULL) };
    const char *number = arena_format(cast->arena, "20261124%08d7", ++cast->applications);
    must(sm2_private_generate(&o->key, &cast->drbg), "key");
    o->possessor = &o->key;
    o->approve[0] = (struct approve_statement){
        .application = number, .service = "apply", .holder = cast_nonce(cast), .holder_name = "张三",
        .organization = "91350100M000100Y43", .organization_name = "测试单位", .medium = "usbkey",
        .profile = "holder", .revokes = "-", .reason = "-", .validity = "1y",
    };
    o->approve[1] = o->approve[0];
    o->card_statement = (struct card_statement){ .application = number, .card = o->card->serial,
                                                 .challenge = "0102030405060708" };
    o->produce = (struct produce_statement){ .application = number, .card = o->card->serial, .delivery = PRODUCE_POST };
}

/* What is not set stands for "as it should be". */
static const char *or(const char *set, const char *usual)
{
    return set ? set : usual;
}

static void sign_approvals(struct cast *cast, struct cast_order *o)
{
    const char **texts[] = { &o->issue.approval1, &o->issue.approval2 };
    struct bytes *signatures[] = { &o->issue.approval_signature1, &o->issue.approval_signature2 };
    for (size_t i = 0; i < EVIDENCE_MAX && o->reviewer[i]; i++) {
        struct approve_statement *a = &o->approve[i];
        a->nonce = or(a->nonce, cast_nonce(cast));
        a->operator_serial = or(a->operator_serial, o->reviewer[i]->serial);
        a->time = or(a->time, cast_time(cast, cast->now_s));
        *texts[i] = cast_text(cast, &approve_statement_shape, a);
        *signatures[i] = cast_sign(cast, &o->reviewer[i]->key, *texts[i]);
    }
    o->open.approval1 = o->issue.approval1;
    o->open.approval_signature1 = o->issue.approval_signature1;
    o->open.approval2 = o->issue.approval2;
    o->open.approval_signature2 = o->issue.approval_signature2;
}

void cast_sign_order(struct cast *cast, struct cast_order *order)
{
    struct cast_order *o = order;
    const char *now = cast_time(cast, cast->now_s);
    sign_approvals(cast, o);
    struct card_statement *c = &o->card_statement;
    c->card_key = or(c->card_key, cast_hash(cast, o->card->certificate));
    c->operator_serial = or(c->operator_serial, o->producer->serial);
    c->time = or(c->time, now);
    o->open.request = random_id();
    o->open.statement1 = cast_text(cast, &card_statement_shape, c);
    o->open.signature1 = cast_sign(cast, &o->producer->key, o->open.statement1);
    o->open.card_certificate = o->card->certificate;

    struct produce_statement *p = &o->produce;
    p->approval = or(p->approval, cast_hash(cast, bytes_text(o->issue.approval1)));
    p->public_key = or(p->public_key, cast_hex(cast, BYTES(o->key.public.point)));
    p->attestation = or(p->attestation, cast_hex(cast, cast_attest(cast, o->card, &o->key.public)));
    p->operator_serial = or(p->operator_serial, o->producer->serial);
    p->time = or(p->time, now);
    o->issue.request = random_id();
    o->issue.statement1 = cast_text(cast, &produce_statement_shape, p);
    o->issue.signature1 = cast_sign(cast, &o->producer->key, o->issue.statement1);
    o->issue.card_certificate = o->card->certificate;
    o->issue.possession = cast_sign(cast, o->possessor, o->issue.statement1);
}

struct result cast_open(struct cast *cast, const struct cast_peer *peer, struct cast_order *order)
{
    struct signer_card_opened opened;
    return cast_ask(cast, peer, SIGNER_CARD, &order->open, &opened);
}

struct result cast_issue(struct cast *cast, const struct cast_peer *peer, struct cast_order *order,
                         struct signer_issued *ret_issued)
{
    return cast_ask(cast, peer, SIGNER_ISSUE, &order->issue, ret_issued);
}

struct result cast_receive(struct cast *cast, const struct cast_peer *peer, const struct cast_order *order,
                           const struct signer_issued *issued)
{
    struct signer_received received;
    const struct signer_receive ask = {
        random_id(), order->approve[0].holder,
        arena_format(cast->arena, "%s,%s", cast_serial(cast, issued->signing_certificate),
                     cast_serial(cast, issued->encryption_certificate)),
    };
    return cast_ask(cast, peer, SIGNER_RECEIVE, &ask, &received);
}

void cast_revocation(struct cast *cast, const struct cast_order *order, const char *serials, const char *reason,
                     struct signer_revoke *ret_ask)
{
    struct cast_person *reviewer = order->reviewer[0];
    struct approve_statement a = order->approve[0];
    a.application = arena_format(cast->arena, "20261124%08d7", ++cast->applications);
    a.service = "revoke";
    a.medium = a.profile = a.validity = "-";
    a.revokes = serials;
    a.reason = reason;
    a.nonce = cast_nonce(cast);
    a.operator_serial = reviewer->serial;
    a.time = cast_time(cast, cast->now_s);
    *ret_ask = (struct signer_revoke){ .request = random_id() };
    ret_ask->approval1 = cast_text(cast, &approve_statement_shape, &a);
    ret_ask->approval_signature1 = cast_sign(cast, &reviewer->key, ret_ask->approval1);
}

/* ---- journal ---- */

static struct signer_entries entries(struct cast *cast, const struct cast_peer *peer, int64_t from, int64_t count)
{
    const struct signer_range range = { from, count };
    struct signer_entries e = { 0 };
    must(cast_ask(cast, peer, SIGNER_JOURNAL, &range, &e), "journal");
    return e;
}

static struct cast_record next(struct reader *r)
{
    struct cast_record record = { .index = (int64_t)read_u64(r), .time_s = (int64_t)read_u64(r) };
    record.type = read_u16(r);
    record.body = read_block(r, ENTRIES_MAX);
    assert_false(r->bad);
    return record;
}

int64_t cast_journal_size(struct cast *cast, const struct cast_peer *peer)
{
    return entries(cast, peer, 0, 0).size;
}

struct cast_record cast_journal(struct cast *cast, const struct cast_peer *peer, int64_t index)
{
    struct signer_entries e = entries(cast, peer, index, 1);
    struct reader r = reader_of(e.entries);
    assert_int_equal(e.count, 1);
    struct cast_record record = next(&r);
    assert_int_equal(record.index, index);
    return record;
}

int cast_count(struct cast *cast, const struct cast_peer *peer, uint16_t type)
{
    int count = 0;
    for (int64_t at = 0, size = cast_journal_size(cast, peer); at < size;) {
        struct signer_entries e = entries(cast, peer, at, size - at);
        struct reader r = reader_of(e.entries);
        assert_true(e.count > 0);
        while (r.left > 0) count += next(&r).type == type;
        at += e.count;
    }
    return count;
}

void cast_read(struct cast *cast, const struct cast_record *record, const struct shape *shape, void *ret_body)
{
    struct reader r = reader_of(record->body);
    must(shape_read(shape, &r, cast->arena, ret_body), shape->name);
    must(reader_end(&r), shape->name);
}

/* ---- register ---- */

void cast_operator_statement(struct cast *cast, struct operator_statement statement, const struct cast_person *by,
                             const char **ret_text, struct bytes *ret_signature)
{
    statement.nonce = or(statement.nonce, cast_nonce(cast));
    statement.operator_serial = or(statement.operator_serial, by->serial);
    statement.time = or(statement.time, cast_time(cast, cast->now_s));
    *ret_text = cast_text(cast, &operator_statement_shape, &statement);
    *ret_signature = cast_sign(cast, &by->key, *ret_text);
}
