/* R-OPS-3, R-OPS-9: the register of operators changes only by two administrators, and never below two of them. */
#include "takeover.h"

#include "base/random.h"

/* A new operator with a key of its own; STATEMENT asks for it. */
static struct operator_statement newcomer(struct scene *s, const char *roles, struct cast_person *ret_person)
{
    *ret_person = (struct cast_person){ .name = "新操作员", .roles = roles };
    assert_ok(sm2_private_generate(&ret_person->key, &s->cast->drbg));
    return (struct operator_statement){ .change = "add", .name = ret_person->name, .roles = roles,
                                        .public_key = cast_hex(s->cast, BYTES(ret_person->key.public.point)),
                                        .card = "HF99999999", .serial = "-" };
}

static struct operator_statement removal(struct scene *s, const char *name)
{
    const struct cast_person *p = cast_person(s->cast, name);
    return (struct operator_statement){ .change = "remove", .name = name, .roles = p->roles, .public_key = "-",
                                        .card = "-", .serial = p->serial };
}

static struct signer_operator signed_by(struct scene *s, const struct operator_statement *statement, const char *one,
                                        const char *two)
{
    struct signer_operator ask = { .request = random_id() };
    cast_operator_statement(s->cast, *statement, cast_person(s->cast, one), &ask.statement1, &ask.signature1);
    if (two) cast_operator_statement(s->cast, *statement, cast_person(s->cast, two), &ask.statement2, &ask.signature2);
    return ask;
}

static struct result change(struct scene *s, const struct signer_operator *ask, struct signer_operator_done *done)
{
    return cast_ask(s->cast, s->peer, SIGNER_OPERATOR, ask, done);
}

static void refused_change(struct scene *s, const struct signer_operator *ask, enum error error)
{
    struct signer_operator_done done;
    refused(s, change(s, ask, &done), SIGNER_OPERATOR, error);
}

/* R-OPS-9: operators are entered and removed by two administrators; who was removed signs nothing any more, and who
 * was entered does. */
static void r_ops_9_two_administrators_change_the_register(void **state)
{
    struct scene *s = *state;
    struct cast_person person;
    struct signer_operator_done done, again;
    struct cast_order order;
    struct operator_statement add = newcomer(s, "reviewer", &person), remove = removal(s, "审核员一");
    struct signer_operator ask = signed_by(s, &add, "管理员一", "管理员二");
    assert_ok(change(s, &ask, &done));
    assert_ok(change(s, &ask, &again)); /* the same request: the same certificate */
    assert_true(bytes_equal(done.certificate, again.certificate));
    person.serial = cast_serial(s->cast, done.certificate);
    cast_order(s->cast, &order);
    order.reviewer[0] = &person;
    cast_sign_order(s->cast, &order);
    assert_ok(cast_open(s->cast, s->peer, &order));

    /* An approval of before the removal is worth nothing after it. */
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    ask = signed_by(s, &remove, "管理员二", "管理员三");
    assert_ok(change(s, &ask, &done));
    assert_null(done.certificate.ptr);
    order_refused(s, &order, ERROR_OPERATOR_UNKNOWN);
}

static void r_ops_3_one_administrator_is_not_enough(void **state)
{
    struct scene *s = *state;
    struct cast_person person;
    struct operator_statement add = newcomer(s, "administrator", &person);
    struct signer_operator ask = signed_by(s, &add, "管理员一", NULL);
    refused_change(s, &ask, ERROR_STATEMENT);
    ask = signed_by(s, &add, "管理员一", "管理员一");
    refused_change(s, &ask, ERROR_APPROVAL_SAME_PERSON);
    ask.statement2 = ask.statement1; /* the very same statement */
    ask.signature2 = ask.signature1;
    refused_change(s, &ask, ERROR_APPROVAL_SAME_PERSON);
    ask = signed_by(s, &add, "管理员一", "审核员一");
    refused_change(s, &ask, ERROR_OPERATOR_ROLE);
    ask = signed_by(s, &add, "制证员一", "管理员一");
    refused_change(s, &ask, ERROR_OPERATOR_ROLE);
    ask = signed_by(s, &add, "管理员一", "管理员二");
    ask.signature2 = ask.signature1;
    refused_change(s, &ask, ERROR_SIGNATURE_INVALID);
    ask = signed_by(s, &add, "管理员一", "管理员二");
    ask.statement1 = NULL;
    refused_change(s, &ask, ERROR_STATEMENT);
}

static void r_ops_3_administrators_who_want_different_things(void **state)
{
    struct scene *s = *state;
    struct cast_person person;
    for (size_t i = 0; i < operator_statement_shape.count; i++) {
        const struct shape_field *f = &operator_statement_shape.fields[i];
        if (text_equal(f->name, "nonce") || text_equal(f->name, "operator_serial") || text_equal(f->name, "time"))
            continue;
        struct operator_statement add = newcomer(s, "reviewer", &person), other = add;
        struct signer_operator ask = signed_by(s, &add, "管理员一", NULL);
        *(const char **)shape_at(f, &other) = "x";
        cast_operator_statement(s->cast, other, cast_person(s->cast, "管理员二"), &ask.statement2, &ask.signature2);
        refused_change(s, &ask, ERROR_APPROVALS_DIFFER);
    }
}

static void r_ops_3_change_altered_in_each_line(void **state)
{
    struct scene *s = *state;
    struct cast_person person;
    for (size_t line = 0; line <= operator_statement_shape.count; line++) {
        struct operator_statement add = newcomer(s, "reviewer", &person);
        struct signer_operator ask = signed_by(s, &add, "管理员一", "管理员二");
        ask.statement1 = alter_line(s->cast, ask.statement1, line);
        refused_change(s, &ask, ERROR_NONE);
    }
}

static void r_ops_3_change_that_makes_no_sense(void **state)
{
    struct scene *s = *state;
    struct cast_person person;
    struct operator_statement all[] = { newcomer(s, "reviewer", &person),    newcomer(s, "emperor", &person),
                                        newcomer(s, "reviewer,reviewer", &person), newcomer(s, "reviewer,", &person),
                                        newcomer(s, "reviewer", &person),    removal(s, "审核员一"),
                                        removal(s, "审核员一"),              removal(s, "审核员一") };
    all[0].change = "promote";
    all[4].serial = cast_person(s->cast, "审核员一")->serial;
    all[5].serial = "0123456789abcdef0123456789abcdef";
    all[6].name = "审核员二"; /* the serial is another one's */
    all[7].public_key = all[0].public_key;
    for (size_t i = 0; i < COUNT(all); i++) {
        struct signer_operator ask = signed_by(s, &all[i], "管理员一", "管理员二");
        refused_change(s, &ask, ERROR_REGISTER_CHANGE);
    }
    struct operator_statement taken = newcomer(s, "reviewer", &person);
    taken.public_key = cast_hex(s->cast, BYTES(cast_person(s->cast, "审核员一")->key.public.point));
    struct signer_operator ask = signed_by(s, &taken, "管理员一", "管理员二");
    refused_change(s, &ask, ERROR_KEY_REPEATED);
}

static void r_ops_3_two_administrators_remain(void **state)
{
    struct scene *s = *state;
    struct signer_operator_done done;
    struct operator_statement remove = removal(s, "管理员三");
    struct signer_operator ask = signed_by(s, &remove, "管理员一", "管理员二");
    assert_ok(change(s, &ask, &done));
    remove = removal(s, "管理员二");
    ask = signed_by(s, &remove, "管理员一", "管理员二");
    refused_change(s, &ask, ERROR_REGISTER_LAST);
    ask = signed_by(s, &remove, "管理员一", "管理员三"); /* who is one no more */
    refused_change(s, &ask, ERROR_OPERATOR_UNKNOWN);
}

static void r_ops_3_change_counts_once(void **state)
{
    struct scene *s = *state;
    struct cast_person person;
    struct signer_operator_done done;
    struct operator_statement add = newcomer(s, "reviewer", &person);
    struct signer_operator ask = signed_by(s, &add, "管理员一", "管理员二");
    assert_ok(change(s, &ask, &done));
    struct operator_statement remove = { .change = "remove", .name = person.name, .roles = "reviewer", .public_key = "-",
                                         .card = "-", .serial = cast_serial(s->cast, done.certificate) };
    struct signer_operator away = signed_by(s, &remove, "管理员一", "管理员二");
    assert_ok(change(s, &away, &done));
    /* The old statements do not bring the removed one back. */
    ask.request = random_id();
    refused_change(s, &ask, ERROR_APPROVAL_USED);
    away.request = ask.request;
    refused_change(s, &away, ERROR_APPROVAL_USED);
}

/* R-OPS-4: one person with two certificates is still one, found by the name. */
static void r_ops_4_second_certificate_does_not_make_a_second_person(void **state)
{
    struct scene *s = *state;
    struct cast_person twin;
    struct signer_operator_done done;
    struct cast_order order;
    struct operator_statement add = newcomer(s, "reviewer", &twin);
    add.name = twin.name = "审核员一";
    struct signer_operator ask = signed_by(s, &add, "管理员一", "管理员二");
    assert_ok(change(s, &ask, &done));
    twin.serial = cast_serial(s->cast, done.certificate);
    cast_order(s->cast, &order);
    order.reviewer[1] = &twin;
    cast_sign_order(s->cast, &order);
    order_refused(s, &order, ERROR_APPROVAL_SAME_PERSON);
}

int takeover_register(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(r_ops_9_two_administrators_change_the_register),
        SCENE(r_ops_3_one_administrator_is_not_enough),
        SCENE(r_ops_3_administrators_who_want_different_things),
        SCENE(r_ops_3_change_altered_in_each_line),
        SCENE(r_ops_3_change_that_makes_no_sense),
        SCENE(r_ops_3_two_administrators_remain),
        SCENE(r_ops_3_change_counts_once),
        SCENE(r_ops_4_second_certificate_does_not_make_a_second_person),
    };
    return cmocka_run_group_tests_name("register", tests, NULL, NULL);
}
