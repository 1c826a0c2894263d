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

/* ---- renewal ---- */

static struct operator_statement renewal(struct scene *s, const char *name)
{
    const struct cast_person *p = cast_person(s->cast, name);
    return (struct operator_statement){ .change = "renew", .name = name, .roles = p->roles,
                                        .public_key = cast_hex(s->cast, BYTES(p->key.public.point)),
                                        .card = "HF99999999", .serial = p->serial };
}

/* R-OPS-9: a certificate is renewed for the same key; the person is one still, with the old and the new one. */
static void r_ops_9_operator_is_renewed_by_two_administrators(void **state)
{
    struct scene *s = *state;
    struct signer_operator_done done;
    struct cast_order order;
    struct cast_person renewed = *cast_person(s->cast, "审核员一");
    struct operator_statement change_of = renewal(s, "审核员一");
    struct signer_operator ask = signed_by(s, &change_of, "管理员一", "管理员二");
    assert_ok(change(s, &ask, &done));
    renewed.serial = cast_serial(s->cast, done.certificate);
    cast_order(s->cast, &order);
    order.reviewer[0] = &renewed;
    cast_sign_order(s->cast, &order);
    assert_ok(cast_open(s->cast, s->peer, &order));
    opened_order(s, &order); /* by the old one */
    cast_order(s->cast, &order);
    order.reviewer[1] = &renewed;
    cast_sign_order(s->cast, &order);
    order_refused(s, &order, ERROR_APPROVAL_SAME_PERSON);
}

static void r_ops_3_renewal_changes_neither_person_nor_rights(void **state)
{
    struct scene *s = *state;
    struct cast_person person;
    struct operator_statement all[] = { renewal(s, "审核员一"), renewal(s, "审核员一"), renewal(s, "审核员一"),
                                        renewal(s, "审核员一"), renewal(s, "审核员一"), renewal(s, "审核员一") };
    all[0].name = "审核员二";
    all[1].roles = "reviewer,administrator";
    all[2].public_key = newcomer(s, "reviewer", &person).public_key;
    all[3].serial = "0123456789abcdef0123456789abcdef";
    all[4].serial = cast_person(s->cast, "审核员二")->serial;
    all[5].serial = "-";
    for (size_t i = 0; i < COUNT(all); i++) {
        struct signer_operator ask = signed_by(s, &all[i], "管理员一", "管理员二");
        refused_change(s, &ask, ERROR_REGISTER_CHANGE);
    }
    struct operator_statement own = renewal(s, "管理员一");
    struct signer_operator ask = signed_by(s, &own, "管理员一", "管理员一");
    refused_change(s, &ask, ERROR_APPROVAL_SAME_PERSON);
    ask = signed_by(s, &own, "管理员一", "审核员一");
    refused_change(s, &ask, ERROR_OPERATOR_ROLE);
}

/* ---- USBKeys of later operators ---- */

static struct card_statement for_card(struct scene *s, const struct cast_card *card)
{
    return (struct card_statement){ .application = OPERATOR_CARDS, .card = card->serial, .challenge = "0102030405060708",
                                    .card_key = cast_hash(s->cast, card->certificate) };
}

static const char *sign_card(struct scene *s, struct card_statement statement, const char *by, struct bytes *ret_signature)
{
    const struct cast_person *person = cast_person(s->cast, by);
    statement.operator_serial = person->serial;
    statement.time = cast_time(s->cast, s->cast->now_s);
    const char *text = cast_text(s->cast, &card_statement_shape, &statement);
    *ret_signature = cast_sign(s->cast, &person->key, text);
    return text;
}

static struct signer_operator_card card_by(struct scene *s, const struct cast_card *card, const char *one, const char *two)
{
    struct signer_operator_card ask = { .request = random_id(), .card_certificate = card->certificate };
    ask.statement1 = sign_card(s, for_card(s, card), one, &ask.signature1);
    ask.statement2 = sign_card(s, for_card(s, card), two, &ask.signature2);
    return ask;
}

static void refused_card(struct scene *s, const struct signer_operator_card *ask, enum error error)
{
    struct signer_card_opened opened;
    refused(s, cast_ask(s->cast, s->peer, SIGNER_OPERATOR_CARD, ask, &opened), SIGNER_OPERATOR_CARD, error);
}

/* R-OPS-9: a fresh USBKey is opened for a new operator by two administrators, and only the register certifies its key. */
static void r_ops_9_card_of_a_later_operator(void **state)
{
    struct scene *s = *state;
    struct signer_card_opened opened, again;
    struct cast_person person;
    struct signer_operator_done done;
    struct cast_order order;
    uint8_t admin[CARD_KEY_SIZE];
    uint32_t version;
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    assert_ok(cast_open(s->cast, s->peer, &order));
    struct signer_operator_card ask = card_by(s, order.card, "管理员一", "管理员二");
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_OPERATOR_CARD, &ask, &opened));
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_OPERATOR_CARD, &ask, &again));
    assert_true(bytes_equal(opened.device_answer, again.device_answer));
    assert_true(bytes_equal(opened.admin_sealed, again.admin_sealed));
    assert_ok(card_admin_open(&order.card->key, opened.admin_sealed.ptr, &version, admin));
    order_refused(s, &order, ERROR_CARD_NOT_OPENED); /* it is an operator's now */
    ask.request = random_id();
    refused_card(s, &ask, ERROR_APPROVAL_USED);
    struct operator_statement add = newcomer(s, "producer", &person);
    add.card = order.card->serial;
    struct signer_operator enter = signed_by(s, &add, "管理员一", "管理员二");
    assert_ok(change(s, &enter, &done));
}

static void r_ops_3_operators_card_without_two_administrators(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    struct cast_card *card = order.card, *other = cast_card(s->cast, NULL);
    struct signer_operator_card ask = card_by(s, card, "管理员一", "管理员一");
    refused_card(s, &ask, ERROR_APPROVAL_SAME_PERSON);
    ask = card_by(s, card, "管理员一", "制证员一");
    refused_card(s, &ask, ERROR_OPERATOR_ROLE);
    ask = card_by(s, card, "管理员一", "管理员二");
    ask.statement2 = NULL;
    refused_card(s, &ask, ERROR_STATEMENT);
    ask = card_by(s, card, "管理员一", "管理员二");
    ask.signature2 = ask.signature1;
    refused_card(s, &ask, ERROR_SIGNATURE_INVALID);
    ask = card_by(s, card, "管理员一", "管理员二");
    ask.card_certificate = other->certificate;
    refused_card(s, &ask, ERROR_CARD_OTHER);
    ask = card_by(s, card, "管理员一", "管理员二");
    ask.statement2 = sign_card(s, for_card(s, other), "管理员二", &ask.signature2);
    refused_card(s, &ask, ERROR_APPROVALS_DIFFER);
    struct card_statement holder = for_card(s, card);
    holder.application = order.approve[0].application; /* as a producer would sign it */
    ask.statement2 = sign_card(s, holder, "管理员二", &ask.signature2);
    refused_card(s, &ask, ERROR_EVIDENCE_MISMATCH);
    for (size_t line = 0; line <= card_statement_shape.count; line++) {
        ask = card_by(s, card, "管理员一", "管理员二");
        ask.statement1 = alter_line(s->cast, ask.statement1, line);
        refused_card(s, &ask, ERROR_NONE);
    }
    /* What administrators sign for an operator opens nothing for a holder. */
    ask = card_by(s, card, "管理员一", "管理员二");
    order.open.statement1 = ask.statement1;
    order.open.signature1 = ask.signature1;
    order_refused(s, &order, ERROR_OPERATOR_ROLE);
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
        SCENE(r_ops_9_operator_is_renewed_by_two_administrators),
        SCENE(r_ops_3_renewal_changes_neither_person_nor_rights),
        SCENE(r_ops_9_card_of_a_later_operator),
        SCENE(r_ops_3_operators_card_without_two_administrators),
    };
    return cmocka_run_group_tests_name("register", tests, NULL, NULL);
}
