/* R-PKI-2, R-OPS-4: custodians and judicial recovery. The signer hands out what only enough custodians can open, and that
 * only on a reviewer's and an auditor's statement. */
#include "takeover.h"

#include <time.h>

#include "base/random.h"
#include "pki/escrow.h"

enum { CUSTODIANS = 3, THRESHOLD = 2, NAP_MS = 20, NAPS_MAX = 500 };

struct custody {
    struct sm2_private custodians[CUSTODIANS];
    uint8_t keys[CUSTODIANS * SM2_POINT_SIZE];
    struct custody_statement statement;
    struct signer_custody_done done;
};

static void prepare(struct scene *s, const char *version, struct custody *ret_custody)
{
    struct custody *c = ret_custody;
    for (int i = 0; i < CUSTODIANS; i++) {
        assert_ok(sm2_private_generate(&c->custodians[i], &s->cast->drbg));
        memcpy(c->keys + i * SM2_POINT_SIZE, c->custodians[i].public.point, SM2_POINT_SIZE);
    }
    c->statement = (struct custody_statement){ .custodians = "甲,乙,丙", .keys = cast_hash(s->cast, BYTES(c->keys)),
                                               .threshold = "2", .version = version };
}

static void sign_one(struct scene *s, struct custody_statement statement, const char *by, const char **ret_text,
                     struct bytes *ret_signature)
{
    const struct cast_person *p = cast_person(s->cast, by);
    statement.nonce = cast_nonce(s->cast);
    statement.operator_serial = p->serial;
    statement.time = cast_time(s->cast, s->cast->now_s);
    *ret_text = cast_text(s->cast, &custody_statement_shape, &statement);
    *ret_signature = cast_sign(s->cast, &p->key, *ret_text);
}

static struct signer_custody custody_ask(struct scene *s, const struct custody *c, const char *one, const char *two)
{
    struct signer_custody ask = { .request = random_id(), .keys = BYTES(c->keys) };
    sign_one(s, c->statement, one, &ask.statement1, &ask.signature1);
    if (two) sign_one(s, c->statement, two, &ask.statement2, &ask.signature2);
    return ask;
}

static void appoint(struct scene *s, const char *version, struct custody *ret_custody)
{
    prepare(s, version, ret_custody);
    const struct signer_custody ask = custody_ask(s, ret_custody, "管理员一", "管理员二");
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_CUSTODY, &ask, &ret_custody->done));
}

static void refused_custody(struct scene *s, const struct signer_custody *ask, enum error error)
{
    struct signer_custody_done done;
    refused(s, cast_ask(s->cast, s->peer, SIGNER_CUSTODY, ask, &done), SIGNER_CUSTODY, error);
}

/* ---- judicial ---- */

struct case_file {
    struct judicial_statement statement;
    const char *reviewer, *auditor;
};

static struct signer_judicial judicial_ask(struct scene *s, const struct case_file *c)
{
    struct signer_judicial ask = { .request = random_id() };
    const char *const by[] = { c->reviewer, c->auditor };
    const char **texts[] = { &ask.statement1, &ask.statement2 };
    struct bytes *signatures[] = { &ask.signature1, &ask.signature2 };
    for (size_t i = 0; i < COUNT(by); i++) {
        struct judicial_statement statement = c->statement;
        const struct cast_person *p = cast_person(s->cast, by[i]);
        statement.nonce = cast_nonce(s->cast);
        statement.operator_serial = p->serial;
        statement.time = cast_time(s->cast, s->cast->now_s);
        *texts[i] = cast_text(s->cast, &judicial_statement_shape, &statement);
        *signatures[i] = cast_sign(s->cast, &p->key, *texts[i]);
    }
    return ask;
}

static struct case_file case_of(struct scene *s, struct signer_issued *ret_issued)
{
    struct cast_order order;
    opened_order(s, &order);
    assert_ok(cast_issue(s->cast, s->peer, &order, ret_issued));
    return (struct case_file){
        .statement = { .case_number = "（2026）1号", .authority = "测试法院", .holder_name = "张三",
                       .certificate = cast_serial(s->cast, ret_issued->encryption_certificate) },
        .reviewer = "审核员一", .auditor = "审计员一" };
}

static void refused_judicial(struct scene *s, const struct signer_judicial *ask, enum error error)
{
    struct signer_judicial_opened opened;
    refused(s, cast_ask(s->cast, s->peer, SIGNER_JUDICIAL, ask, &opened), SIGNER_JUDICIAL, error);
}

/* Keys that were there before the custodians are wrapped for them while nobody asks. */
static struct result open_when_wrapped(struct scene *s, const struct signer_judicial *ask,
                                       struct signer_judicial_opened *ret_opened)
{
    struct result r = OK;
    for (int i = 0; i < NAPS_MAX; i++) {
        r = cast_ask(s->cast, s->peer, SIGNER_JUDICIAL, ask, ret_opened);
        if (r.code != ERROR_ESCROW_NONE) break;
        nanosleep(&(struct timespec){ 0, NAP_MS * 1000000L }, NULL);
    }
    return r;
}

static struct sm2_private opened_by(struct scene *s, const struct custody *custody, const int *who,
                                    const struct signer_judicial_opened *opened)
{
    struct shamir_share shares[THRESHOLD];
    struct sm2_public custodial;
    struct sm2_private key, plain;
    struct certificate *c = NULL;
    assert_int_equal(custody->done.shares.len, CUSTODIANS * ESCROW_SHARE_SIZE);
    for (int i = 0; i < THRESHOLD; i++)
        assert_ok(escrow_share_open(&custody->custodians[who[i]],
                                    custody->done.shares.ptr + (size_t)who[i] * ESCROW_SHARE_SIZE, &shares[i]));
    assert_ok(sm2_public_init(&custodial, custody->done.custodial.ptr));
    assert_ok(escrow_join(shares, THRESHOLD, &custodial, &key));
    assert_ok(certificate_parse(opened->certificate, s->cast->arena, &c));
    assert_int_equal(opened->escrow.len, ESCROW_BLOB_SIZE);
    assert_ok(escrow_unwrap(&key, opened->escrow.ptr, public_key_as_sm2(&c->key), &plain));
    return plain;
}

/* R-PKI-2: two of three custodians read what was encrypted to a holder, of before and after their appointment. */
static void r_pki_2_custodians_recover_a_key_in_plain(void **state)
{
    struct scene *s = *state;
    static const int who[][THRESHOLD] = { { 0, 2 }, { 2, 1 } };
    struct signer_issued before, after;
    struct custody custody;
    struct case_file cases[2];
    cases[0] = case_of(s, &before);
    appoint(s, "1", &custody);
    cases[1] = case_of(s, &after);
    for (int i = 0; i < 2; i++) {
        const struct signer_judicial ask = judicial_ask(s, &cases[i]);
        struct signer_judicial_opened opened, again;
        struct certificate *c = NULL;
        static const char words[] = "evidence";
        uint8_t cipher[sizeof words + SM2_CIPHERTEXT_EXTRA], plain[sizeof words];
        assert_ok(open_when_wrapped(s, &ask, &opened));
        assert_int_equal(opened.version, 1);
        assert_ok(certificate_parse(opened.certificate, s->cast->arena, &c));
        assert_string_equal(certificate_serial_text(c, s->cast->arena), cases[i].statement.certificate);
        struct sm2_private key = opened_by(s, &custody, who[i], &opened);
        assert_ok(sm2_encrypt(public_key_as_sm2(&c->key), bytes_of(words, sizeof words), &s->cast->drbg, cipher));
        assert_ok(sm2_decrypt(&key, BYTES(cipher), plain));
        assert_string_equal((char *)plain, words);
        assert_ok(cast_ask(s->cast, s->peer, SIGNER_JUDICIAL, &ask, &again));
        assert_true(bytes_equal(opened.escrow, again.escrow));
    }
}

static void r_pki_2_new_custodians_take_over(void **state)
{
    struct scene *s = *state;
    static const int who[] = { 0, 1 };
    struct signer_issued issued;
    struct custody first, second;
    struct signer_judicial_opened opened;
    struct signer_state where;
    struct case_file c = case_of(s, &issued);
    appoint(s, "1", &first);
    appoint(s, "2", &second);
    assert_int_equal(stage_stop(s->stage), 0);
    stage_start(s->stage, takeover_program, NULL);
    assert_ok(stage_greet(s->stage, s->cast, &where));
    for (int i = 0; i < NAPS_MAX; i++) {
        const struct signer_judicial ask = judicial_ask(s, &c);
        assert_ok(open_when_wrapped(s, &ask, &opened));
        if (opened.version == 2) break;
        nanosleep(&(struct timespec){ 0, NAP_MS * 1000000L }, NULL);
    }
    assert_int_equal(opened.version, 2);
    opened_by(s, &second, who, &opened);
}

static void r_ops_4_custodians_take_two_administrators(void **state)
{
    struct scene *s = *state;
    struct custody c;
    struct signer_custody_done done;
    prepare(s, "1", &c);
    struct signer_custody ask = custody_ask(s, &c, "管理员一", NULL);
    refused_custody(s, &ask, ERROR_STATEMENT);
    ask = custody_ask(s, &c, "管理员一", "管理员一");
    refused_custody(s, &ask, ERROR_APPROVAL_SAME_PERSON);
    ask = custody_ask(s, &c, "管理员一", "审计员一");
    refused_custody(s, &ask, ERROR_OPERATOR_ROLE);
    for (size_t line = 0; line <= custody_statement_shape.count; line++) {
        ask = custody_ask(s, &c, "管理员一", "管理员二");
        ask.statement2 = alter_line(s->cast, ask.statement2, line);
        refused_custody(s, &ask, ERROR_NONE);
    }
    ask = custody_ask(s, &c, "管理员一", "管理员二");
    c.statement.threshold = "3";
    struct signer_custody other = custody_ask(s, &c, "管理员一", "管理员二");
    ask.statement2 = other.statement2;
    ask.signature2 = other.signature2;
    refused_custody(s, &ask, ERROR_APPROVALS_DIFFER);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_CUSTODY, &other, &done));
    other.request = random_id();
    refused_custody(s, &other, ERROR_APPROVAL_USED);
}

static void r_pki_2_appointment_that_makes_no_sense(void **state)
{
    struct scene *s = *state;
    static const struct {
        const char *custodians, *threshold, *version;
    } bad[] = { { "甲,乙", "2", "1" },    { "甲,乙,丙,丁", "2", "1" }, { "甲,乙,丙", "1", "1" }, { "甲,乙,丙", "4", "1" },
                { "甲,乙,丙", "02", "1" }, { "甲,乙,丙", "2", "0" },    { "甲,乙,丙", "2", "2" }, { "甲,乙,丙", "two", "1" } };
    struct custody c;
    struct signer_custody ask;
    for (size_t i = 0; i < COUNT(bad); i++) {
        prepare(s, bad[i].version, &c);
        c.statement.custodians = bad[i].custodians;
        c.statement.threshold = bad[i].threshold;
        ask = custody_ask(s, &c, "管理员一", "管理员二");
        refused_custody(s, &ask, ERROR_CUSTODY_UNFIT);
    }
    /* Web puts in its own key, or the administrators are shown one key under two names. */
    prepare(s, "1", &c);
    ask = custody_ask(s, &c, "管理员一", "管理员二");
    uint8_t keys[sizeof c.keys];
    memcpy(keys, c.keys, sizeof keys);
    struct sm2_private own;
    assert_ok(sm2_private_generate(&own, &s->cast->drbg));
    memcpy(keys, own.public.point, SM2_POINT_SIZE);
    ask.keys = BYTES(keys);
    refused_custody(s, &ask, ERROR_CUSTODY_UNFIT);
    memcpy(c.keys, c.keys + SM2_POINT_SIZE, SM2_POINT_SIZE);
    c.statement.keys = cast_hash(s->cast, BYTES(c.keys));
    ask = custody_ask(s, &c, "管理员一", "管理员二");
    refused_custody(s, &ask, ERROR_CUSTODY_UNFIT);
}

static void r_pki_2_judicial_recovery_takes_reviewer_and_auditor(void **state)
{
    struct scene *s = *state;
    struct signer_issued issued;
    struct custody custody;
    struct signer_judicial_opened opened;
    struct case_file c = case_of(s, &issued), other = c;
    struct signer_judicial ask = judicial_ask(s, &c);
    refused_judicial(s, &ask, ERROR_ESCROW_NONE); /* no custodians yet */
    appoint(s, "1", &custody);
    other.auditor = "审核员二";
    ask = judicial_ask(s, &other);
    refused_judicial(s, &ask, ERROR_OPERATOR_ROLE);
    other = c;
    other.reviewer = "管理员一";
    ask = judicial_ask(s, &other);
    refused_judicial(s, &ask, ERROR_OPERATOR_ROLE);
    for (size_t line = 0; line <= judicial_statement_shape.count; line++) {
        ask = judicial_ask(s, &c);
        ask.statement1 = alter_line(s->cast, ask.statement1, line);
        refused_judicial(s, &ask, ERROR_NONE);
    }
    other = c;
    other.statement.case_number = "（2026）2号";
    ask = judicial_ask(s, &c);
    struct signer_judicial second = judicial_ask(s, &other);
    ask.statement2 = second.statement2;
    ask.signature2 = second.signature2;
    refused_judicial(s, &ask, ERROR_APPROVALS_DIFFER);
    other = c;
    other.statement.holder_name = "李四";
    ask = judicial_ask(s, &other);
    refused_judicial(s, &ask, ERROR_SERIAL_OTHER);
    other = c;
    other.statement.certificate = cast_serial(s->cast, issued.signing_certificate);
    ask = judicial_ask(s, &other);
    refused_judicial(s, &ask, ERROR_SERIAL_OTHER);
    ask = judicial_ask(s, &c);
    assert_ok(open_when_wrapped(s, &ask, &opened));
    ask.request = random_id();
    refused_judicial(s, &ask, ERROR_APPROVAL_USED);
}

/* ---- people who come and go ---- */

static void change_register(struct scene *s, const struct operator_statement *statement,
                            struct signer_operator_done *ret_done)
{
    struct signer_operator ask = { .request = random_id() };
    cast_operator_statement(s->cast, *statement, cast_person(s->cast, "管理员一"), &ask.statement1, &ask.signature1);
    cast_operator_statement(s->cast, *statement, cast_person(s->cast, "管理员二"), &ask.statement2, &ask.signature2);
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_OPERATOR, &ask, ret_done));
}

static void enter(struct scene *s, const char *name, const char *roles)
{
    struct signer_operator_done done;
    struct cast_person *p = &s->cast->persons[s->cast->person_count++];
    *p = (struct cast_person){ .name = name, .roles = roles };
    assert_ok(sm2_private_generate(&p->key, &s->cast->drbg));
    const struct operator_statement add = { .change = "add", .name = name, .roles = roles,
                                            .public_key = cast_hex(s->cast, BYTES(p->key.public.point)),
                                            .card = "HF99999999", .serial = "-" };
    change_register(s, &add, &done);
    p->serial = cast_serial(s->cast, done.certificate);
}

static void leave(struct scene *s, const char *name)
{
    struct signer_operator_done done;
    const struct cast_person *p = cast_person(s->cast, name);
    const struct operator_statement remove = { .change = "remove", .name = name, .roles = p->roles, .public_key = "-",
                                               .card = "-", .serial = p->serial };
    change_register(s, &remove, &done);
}

/* R-OPS-4: who has both roles is one person all the same. */
static void r_ops_4_one_person_with_two_roles_orders_nothing(void **state)
{
    struct scene *s = *state;
    struct signer_issued issued;
    struct custody custody;
    struct signer_judicial_opened opened;
    struct case_file c = case_of(s, &issued);
    appoint(s, "1", &custody);
    enter(s, "审核审计员", "reviewer,auditor");
    c.reviewer = c.auditor = "审核审计员";
    struct signer_judicial ask = judicial_ask(s, &c);
    refused_judicial(s, &ask, ERROR_APPROVAL_SAME_PERSON);
    c.auditor = "审计员一";
    ask = judicial_ask(s, &c);
    assert_ok(open_when_wrapped(s, &ask, &opened));
}

/* R-OPS-9: what somebody signed before leaving is worth nothing afterwards; nor is what was signed long ago. */
static void r_ops_9_who_left_appoints_and_orders_nothing(void **state)
{
    struct scene *s = *state;
    struct signer_issued issued;
    struct custody custody;
    struct case_file c = case_of(s, &issued);
    prepare(s, "1", &custody);
    struct signer_custody appointing = custody_ask(s, &custody, "管理员一", "管理员三");
    struct signer_judicial ordering = judicial_ask(s, &c);
    leave(s, "管理员三");
    leave(s, "审计员一");
    refused_custody(s, &appointing, ERROR_OPERATOR_UNKNOWN);
    refused_judicial(s, &ordering, ERROR_OPERATOR_UNKNOWN);
    s->cast->now_s -= 8 * DAY_S;
    appointing = custody_ask(s, &custody, "管理员一", "管理员二");
    s->cast->now_s += 8 * DAY_S;
    refused_custody(s, &appointing, ERROR_NONE);
}

int takeover_custody(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(r_pki_2_custodians_recover_a_key_in_plain),
        SCENE(r_pki_2_new_custodians_take_over),
        SCENE(r_ops_4_custodians_take_two_administrators),
        SCENE(r_pki_2_appointment_that_makes_no_sense),
        SCENE(r_pki_2_judicial_recovery_takes_reviewer_and_auditor),
        SCENE(r_ops_4_one_person_with_two_roles_orders_nothing),
        SCENE(r_ops_9_who_left_appoints_and_orders_nothing),
    };
    return cmocka_run_group_tests_name("custody", tests, NULL, NULL);
}
