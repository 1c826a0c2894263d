/* Applications up to their submission: R-APPLY-1, R-APPLY-2, R-FORM-1 to R-FORM-5, R-SMS-2. */
#include "counter.h"
#include "desk_tests.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/random.h"
#include "service/audit.h"
#include "service/item.h"
#include "service/number.h"

/* R-APPLY-1: one open application a person, none for who has a certificate or whose account is not open. */
static void who_may_apply(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c), other;
    struct act act = counter_holder(c);
    assert_true(number_right(row.number));
    assert_string_equal(row.state, "draft");
    assert_error(application_begin(&act, KIND_APPLY, &other), ERROR_APPLICATION_OPEN);
    /* another person is not held up by it */
    act.account = office_account(c->office, "13800000002", office_numbers[1]).id;
    assert_ok(application_begin(&act, KIND_APPLY, &other));
    assert_string_not_equal(row.number, other.number);
    /* nor does a person see the other's */
    struct act holder = counter_holder(c);
    assert_error(application_get(&holder, other.number, &row), ERROR_NOT_FOUND);
}

/* R-APPLY-1 */
static void a_valid_certificate_stands_against_applying(void **state)
{
    struct counter *c = *state;
    struct act act = counter_holder(c);
    struct application_row row;
    struct certificate_row certificate = { .serial = "4d00000000000000000000000000000a", .ca_id = "a",
                                           .purpose = "signing", .pair = "4d00000000000000000000000000000a",
                                           .holder = c->account.id, .application = "20261124000000178",
                                           .medium = "usbkey", .subject = "CN=张三", .der = bytes_text("der"),
                                           .not_before_s = OFFICE_NOW - DAY_S, .not_after_s = OFFICE_NOW + DAY_S,
                                           .state = "valid" };
    struct store *store = c->office->service.store;
    assert_ok(store_change(store, STATEMENT_CERTIFICATE_INSERT, RECORD(certificate_row_shape, &certificate)));
    assert_error(application_begin(&act, KIND_APPLY, &row), ERROR_APPLICATION_CERTIFICATE);
    /* one that is over does not */
    office_pass(c->office, 2 * DAY_S);
    act = counter_holder(c);
    assert_ok(application_begin(&act, KIND_APPLY, &row));
}

/* R-APPLY-1, R-ACCT-3 */
static void a_suspended_account_cannot_apply(void **state)
{
    struct counter *c = *state;
    struct act act = office_act(c->office);
    struct account_row account;
    struct application_row row;
    assert_ok(directory_account_set_state(&act, &c->account.id, "suspended", "休假", &account));
    act = counter_holder(c);
    assert_error(application_begin(&act, KIND_APPLY, &row), ERROR_APPLICATION_ACCOUNT);
}

/* R-SMS-2: a new certificate is applied for by SMS login; the other services come later. */
static void what_can_be_entered(void **state)
{
    struct counter *c = *state;
    struct act act = counter_holder(c);
    struct application_row row;
    act.means = "usbkey";
    assert_error(application_begin(&act, KIND_APPLY, &row), ERROR_NOT_PERMITTED);
    act.means = "usbkey-expired";
    assert_error(application_begin(&act, KIND_APPLY, &row), ERROR_NOT_PERMITTED);
}

/* R-FORM-2: prefilled from the directory. */
static void it_begins_prefilled(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    char number[DOCUMENT_NUMBER_MAX + 1];
    assert_string_equal(row.organization_name, "虎符科技有限公司");
    assert_string_equal(row.credit_code, "91350100M000100Y43");
    assert_string_equal(row.holder_name, "张三");
    assert_string_equal(row.mobile, "13800000001");
    assert_string_equal(row.tax_number, "91350100M000100Y43");
    assert_int_equal(row.confirmed, 0);
    assert_ok(application_document(&c->office->service, &row, number));
    assert_string_equal(number, office_numbers[0]);
    assert_null(strstr(row.document_mask, "1949"));
}

/* R-FORM-1: the version in force, when and from where; another one is refused. */
static void the_agreement_is_kept(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    struct act act = counter_holder(c);
    struct application_edit edit = { .number = row.number };
    assert_error(application_agree(&act, &edit, "0", &row), ERROR_APPLICATION_AGREEMENT);
    assert_string_equal(c->office->diag.field, "version");
    counter_agree(c, edit.number);
    row = counter_get(c, edit.number);
    assert_string_equal(row.agreement_version, "1");
    assert_int_equal(row.agreed_s, OFFICE_NOW);
    assert_string_equal(row.agreed_from, "192.0.2.7");
    /* Agreeing again changes nothing of it. */
    office_pass(c->office, 60);
    counter_agree(c, edit.number);
    assert_int_equal(counter_get(c, edit.number).agreed_s, OFFICE_NOW);
}

/* R-FORM-2: sections one by one; what is wrong is refused by its name. */
static void details_are_checked(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    const char *number = row.number;
    struct application_edit edit = { .number = number };
    struct application_details good = counter_good_details();
    struct {
        struct application_details details;
        enum error error;
        const char *field;
    } cases[] = {
        { { 0 }, ERROR_FIELD_MISSING, "organization_name" },
        { { .organization_name = "甲" }, ERROR_FIELD_MISSING, "credit_code" },
        { { .holder_name = "甲", .document_type = "id-card" }, ERROR_FIELD_MISSING, "email" },
        { { .document_number = office_numbers[0] }, ERROR_FIELD_MISSING, "holder_name" },
        { { .invoice_title = "甲" }, ERROR_FIELD_MISSING, "tax_number" },
        { { .organization_name = "甲", .credit_code = "91350100M000100Y44", .organization_address = "乙" },
          ERROR_CREDIT_CODE, "credit_code" },
        { { .holder_name = "甲", .document_type = "id-card", .document_number = "110105199003070010", .email = "a@b.c" },
          ERROR_DOCUMENT_NUMBER, "document_number" },
        { { .holder_name = "甲", .document_type = "passport", .email = "a@b.c" }, ERROR_FIELD_MISSING,
          "document_number" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct act act = counter_holder(c);
        struct result r = application_fill(&act, &edit, &cases[i].details, &row);
        if (r.code != cases[i].error) fail_msg("case %zu: %s", i, error_find(r.code)->name);
        assert_string_equal(c->office->diag.field, cases[i].field);
    }
    struct act act = counter_holder(c);
    struct application_details holder = { .holder_name = "张三丰", .document_type = good.document_type,
                                          .email = good.email };
    assert_ok(application_fill(&act, &edit, &holder, &row));
    assert_int_equal(row.confirmed, SECTION_HOLDER);
    assert_string_equal(row.holder_name, "张三丰");
    assert_string_equal(row.mobile, "13800000001"); /* kept */
    act = counter_holder(c);
    assert_ok(application_fill(&act, &edit, &good, &row));
    assert_int_equal(row.confirmed, SECTION_HOLDER | SECTION_ORGANIZATION | SECTION_INVOICE);
}

/* R-FORM-5: whoever edits an older version than there is is told, and nothing is lost. */
static void edits_of_an_older_version_are_refused(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    struct application_edit edit = { .number = row.number, .guarded = true, .version = row.version };
    struct application_medium medium = counter_good_medium();
    struct act act = counter_holder(c);
    assert_ok(application_choose(&act, &edit, &medium, &row));
    assert_int_equal(row.version, edit.version + 1);
    medium.address = "别处";
    assert_error(application_choose(&act, &edit, &medium, &row), ERROR_APPLICATION_VERSION);
    assert_string_equal(counter_get(c, edit.number).address, "朝阳区一号");
}

/* R-APPLY-2, R-FEE-1: a USBKey is sent within mainland China; a shield needs no address. */
static void the_medium_and_its_address(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    struct application_edit edit = { .number = row.number };
    struct {
        const char *field;
        struct application_medium medium;
    } cases[] = {
        { "recipient", { "usbkey", NULL, "13800000001", "北京市", "一号", NULL } },
        { "recipient_mobile", { "usbkey", "甲", NULL, "北京市", "一号", NULL } },
        { "province", { "usbkey", "甲", "13800000001", NULL, "一号", NULL } },
        { "address", { "usbkey", "甲", "13800000001", "北京市", NULL, NULL } },
        { "address", { "usbkey", "甲", "13800000001", "广东省", "香港特别行政区中环", NULL } },
        { "address", { "usbkey", "甲", "13800000001", "福建省", "台湾省台北市", NULL } },
        { "address", { "usbkey", "甲", "13800000001", "广东省", "Hong Kong, Central", NULL } },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct act act = counter_holder(c);
        assert_error(application_choose(&act, &edit, &cases[i].medium, &row), ERROR_APPLICATION_ADDRESS);
        assert_string_equal(c->office->diag.field, cases[i].field);
    }
    /* A street may be called after one. */
    struct application_medium street = { "usbkey", "甲", "13800000001", "山东省", "青岛市香港中路一号", NULL };
    struct act act = counter_holder(c);
    assert_ok(application_choose(&act, &edit, &street, &row));
    assert_string_equal(row.address, "青岛市香港中路一号");
    struct application_medium shield = { "shield", "甲", "13800000001", "山东省", "一号", NULL };
    assert_ok(application_choose(&act, &edit, &shield, &row));
    assert_string_equal(row.medium, "shield");
    assert_null(row.address);
}

/* R-FORM-3: printed as filled in, once; a change of what is printed makes a new revision that needs a new scan. */
static void the_form_has_revisions(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    const char *number = row.number;
    struct application_edit edit = { .number = number };
    struct form_row first, again, second;
    struct act act = counter_holder(c);
    assert_error(form_print(&act, number, &first), ERROR_APPLICATION_INCOMPLETE);
    assert_string_equal(c->office->diag.field, "agreement_version");
    counter_agree(c, number);
    counter_details(c, number);
    counter_medium(c, number);
    counter_files(c);
    act = counter_holder(c);
    assert_ok(form_print(&act, number, &first));
    assert_int_equal(first.revision, 1);
    assert_non_null(strstr(first.code, number));
    assert_ok(form_print(&act, number, &again));
    assert_int_equal(again.revision, 1);
    assert_true(bytes_equal(again.sm3, first.sm3));
    counter_upload(c, number, "form");
    counter_upload(c, number, "license");
    counter_upload(c, number, "identity");
    /* another address: another form */
    struct application_medium medium = counter_good_medium();
    medium.address = "朝阳区二号";
    act = counter_holder(c);
    assert_ok(application_choose(&act, &edit, &medium, &row));
    assert_error(application_submit(&act, &edit, &row), ERROR_APPLICATION_INCOMPLETE);
    assert_string_equal(c->office->diag.field, "form");
    act = counter_holder(c);
    assert_ok(form_print(&act, number, &second));
    assert_int_equal(second.revision, 2);
    assert_string_not_equal(second.code, first.code);
    act = counter_holder(c);
    assert_error(application_submit(&act, &edit, &row), ERROR_APPLICATION_INCOMPLETE); /* the scan is of the first */
    counter_upload(c, number, "form");
    counter_submit(c, number);
}

/* R-FORM-3: the code says nothing of the identity number to who does not have the data key. */
struct looking {
    struct act act;
    struct application_row row;
    bool printed;
};

static struct result is_printed(struct tx *tx, void *context)
{
    struct looking *l = context;
    return form_printed(tx, &l->act, &l->row, &l->printed);
}

static void the_forms_code_is_keyed(void **state)
{
    struct counter *c = *state;
    struct store *store = c->office->service.store;
    struct looking l = { .row = counter_in(c, STATE_DRAFT), .act = counter_holder(c) };
    const char *code = l.row.form_code;
    assert_ok(store_read(store, is_printed, &l));
    assert_true(l.printed);
    l.row.form_code = "HUFU-FORM:x:1:0000000000000000";
    assert_ok(store_read(store, is_printed, &l));
    assert_false(l.printed);
    l.row.form_code = code;
    c->office->service.data_key[0] ^= 1; /* another installation's key */
    struct result r = store_read(store, is_printed, &l);
    assert_true(failed(r) || !l.printed);
    c->office->service.data_key[0] ^= 1;
}

/* R-FORM-3: served as the PDF that was printed, and only to whom it concerns. */
static void the_form_is_served(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_DRAFT);
    struct act act = counter_holder(c);
    struct form_row form;
    char head[5] = { 0 };
    int fd;
    assert_ok(form_open(&act, row.number, &form, &fd));
    assert_int_equal(read(fd, head, 4), 4);
    assert_string_equal(head, "%PDF");
    assert_int_equal(lseek(fd, 0, SEEK_END), form.size);
    close(fd);
    act.account = office_account(c->office, "13800000002", office_numbers[1]).id;
    assert_error(form_open(&act, row.number, &form, &fd), ERROR_NOT_FOUND);
}

static struct result add(struct counter *c, const char *number, const char *name, const char *content, size_t len)
{
    struct act act = counter_holder(c);
    struct attachment_row row;
    counter_files(c);
    int fd = memfd_create("scan", MFD_CLOEXEC);
    assert_int_equal(write(fd, content, len), len);
    lseek(fd, 0, SEEK_SET);
    struct attachment_new new = { .number = number, .name = name, .fd = fd, .size = (int64_t)len };
    struct result r = attachment_add(&act, &new, &row);
    close(fd);
    return r;
}

/* R-FORM-4: what is no scan is refused with the reason of hufu-files, and leaves no file behind. */
static void scans_are_looked_at(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    assert_error(add(c, row.number, "license", "MZ not a scan", 13), ERROR_FILE_TYPE);
    assert_error(add(c, row.number, "license", "%PDF-1.7 cut", 12), ERROR_FILE_TRUNCATED);
    assert_error(add(c, row.number, "photo", "%PDF", 4), ERROR_APPLICATION_FIELD);
    assert_error(add(c, row.number, "form", "%PDF", 4), ERROR_APPLICATION_INCOMPLETE); /* not printed yet */
    struct attachment_row first = counter_upload(c, row.number, "license"), *rows;
    struct attachment_row second = counter_upload(c, row.number, "license");
    struct act act = counter_holder(c);
    size_t count;
    assert_ok(attachment_list(&act, row.number, &rows, &count));
    assert_int_equal(count, 1);
    assert_true(id_equal(&rows[0].id, &second.id));
    assert_false(id_equal(&first.id, &second.id));
    assert_string_equal(rows[0].type, "png");
}

/* R-FORM-4: every look of an operator is in the audit trail. */
static void looks_are_noted(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    struct attachment_row scan = counter_upload(c, row.number, "identity"), got;
    struct act act = counter_as(c, &c->reviewer);
    char head[9] = { 0 };
    int fd;
    assert_ok(attachment_open(&act, row.number, &scan.id, &got, &fd));
    assert_int_equal(read(fd, head, 8), 8);
    assert_memory_equal(head + 1, "PNG", 3);
    close(fd);
    struct audit_row look = counter_audit(c, "attachment.look");
    assert_string_equal(look.actor, "审核员一");
    assert_string_equal(look.subject, row.number);
    /* not under another number */
    struct application_row other;
    struct act second = counter_holder(c);
    second.account = office_account(c->office, "13800000002", office_numbers[1]).id;
    assert_ok(application_begin(&second, KIND_APPLY, &other));
    assert_error(attachment_open(&act, other.number, &scan.id, &got, &fd), ERROR_NOT_FOUND);
}

/* R-FORM-4: so many files and no more. */
static void there_is_an_end_to_uploads(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    struct attachment_row scan = { .application = row.number, .kind = "license", .type = "png", .key_sealed = bytes_text("k") };
    char name[ID_TEXT_LEN + 1];
    for (int i = 0; i < ATTACHMENTS_MAX; i++) {
        scan.id = random_id();
        id_text(&scan.id, name);
        scan.name = name;
        assert_ok(store_change(c->office->service.store, STATEMENT_ATTACHMENT_INSERT,
                               RECORD(attachment_row_shape, &scan)));
    }
    assert_error(add(c, row.number, "license", "%PDF", 4), ERROR_ATTACHMENT_MANY);
}

/* R-FEE-1, R-FORM-5: submitted, 399 yuan are due. */
static void submission_asks_for_the_fee(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    assert_string_equal(row.state, "awaiting-payment");
    assert_int_equal(row.fee_fen, 39900);
    assert_int_equal(row.submitted_s, OFFICE_NOW);
    assert_int_equal(row.started_s, 0); /* the promised time runs when it is paid */
}

/* R-FORM-5: what is missing is named, item after item, in the order of the pages. */
static void what_is_missing_is_named(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    struct application_edit edit = { .number = row.number };
    static const char *const fields[] = { "agreement_version", "organization_name", "medium", "form", "license",
                                          "identity" };
    for (size_t i = 0; i < COUNT(fields); i++) {
        struct act act = counter_holder(c);
        assert_error(application_submit(&act, &edit, &row), ERROR_APPLICATION_INCOMPLETE);
        assert_string_equal(c->office->diag.field, fields[i]);
        if (i == 0) counter_agree(c, edit.number);
        if (i == 1) counter_details(c, edit.number);
        if (i == 2) counter_medium(c, edit.number);
        if (i == 3) counter_print(c, edit.number);
        if (i == 3) counter_upload(c, edit.number, "form");
        if (i == 4) counter_upload(c, edit.number, "license");
    }
}

/* R-FORM-5: withdrawn, it is over, and a new one can be begun. */
static void withdrawing(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_begin(c);
    struct application_edit edit = { .number = row.number };
    struct act act = counter_holder(c);
    assert_ok(application_withdraw(&act, &edit, &row));
    assert_string_equal(row.state, "withdrawn");
    assert_error(application_withdraw(&act, &edit, &row), ERROR_APPLICATION_STATE);
    assert_int_equal(counter_get(c, edit.number).open, 0);
    counter_begin(c);
}

/* R-FORM-5: what awaits payment can still be corrected; it is then submitted anew. */
static void corrected_before_paying(void **state)
{
    struct counter *c = *state;
    struct application_row row = counter_in(c, STATE_AWAITING_PAYMENT);
    struct application_edit edit = { .number = row.number };
    struct application_details details = counter_good_details();
    struct act act = counter_holder(c);
    details.invoice_title = "另一个抬头";
    assert_ok(application_fill(&act, &edit, &details, &row));
    assert_string_equal(row.state, "draft");
    act = counter_holder(c);
    assert_error(application_submit(&act, &edit, &row), ERROR_APPLICATION_INCOMPLETE);
    counter_print(c, edit.number);
    counter_upload(c, edit.number, "form");
    assert_string_equal(counter_submit(c, edit.number).state, "awaiting-payment");
}

/* A list, page by page, the newest first. */
static void the_list_of_ones_own(void **state)
{
    struct counter *c = *state;
    struct act act = counter_holder(c);
    struct application_row row, *rows;
    struct application_edit edit = { 0 };
    size_t count;
    const char *next;
    for (int i = 0; i < APPLICATION_PAGE + 3; i++) {
        assert_ok(application_begin(&act, KIND_APPLY, &row));
        edit.number = row.number;
        assert_ok(application_withdraw(&act, &edit, &row));
    }
    assert_ok(application_list(&act, NULL, &rows, &count, &next));
    assert_int_equal(count, APPLICATION_PAGE);
    assert_non_null(next);
    for (size_t i = 1; i < count; i++) assert_true(strcmp(rows[i - 1].number, rows[i].number) > 0);
    assert_ok(application_list(&act, next, &rows, &count, &next));
    assert_int_equal(count, 3);
    assert_null(next);
    assert_error(application_list(&act, "20261124", &rows, &count, &next), ERROR_MALFORMED);
    assert_error(application_get(&act, "20261124000000019", &row), ERROR_APPLICATION_NUMBER);
}

/* Items that can be sent back: known, fitting the service, once. */
static void lists_of_items(void **state)
{
    static const struct {
        const char *list;
        bool right;
    } cases[] = { { "license", true },          { "organization,license", true },
                  { "holder_name,form", true }, { "", false },
                  { "license,license", false }, { "photo", false },
                  { "license,", false },        { "identity-new", false } };
    struct counter *c = *state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (item_list_right(KIND_APPLY, cases[i].list) != cases[i].right) fail_msg("%s", cases[i].list);
    assert_true(item_list_right(KIND_CHANGE, "identity-new"));
    assert_true(item_listed("organization,form", "credit_code"));
    assert_false(item_listed("organization,form", "mobile"));
    assert_string_equal(item_list_words(c->office->arena, "license,email"), "单位证照复印件、电子邮箱");
}

int run_application_tests(struct server *server)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) { #name, name, counter_set_up, counter_tear_down, server }
        TEST(who_may_apply),
        TEST(a_valid_certificate_stands_against_applying),
        TEST(a_suspended_account_cannot_apply),
        TEST(what_can_be_entered),
        TEST(it_begins_prefilled),
        TEST(the_agreement_is_kept),
        TEST(details_are_checked),
        TEST(edits_of_an_older_version_are_refused),
        TEST(the_medium_and_its_address),
        TEST(the_form_has_revisions),
        TEST(the_forms_code_is_keyed),
        TEST(the_form_is_served),
        TEST(scans_are_looked_at),
        TEST(looks_are_noted),
        TEST(there_is_an_end_to_uploads),
        TEST(submission_asks_for_the_fee),
        TEST(what_is_missing_is_named),
        TEST(withdrawing),
        TEST(corrected_before_paying),
        TEST(the_list_of_ones_own),
        TEST(lists_of_items),
    };
    return cmocka_run_group_tests_name(server ? "application on postgresql" : "application", tests, NULL, NULL);
}
