#include "counter.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "pki/certificate.h"
#include "service/agreement.h"
#include "service/calendar.h"

/* ---- set-up ---- */

void counter_files(struct counter *c)
{
    if (c->files) return;
    int pair[2];
    char number[16];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    c->files = fork();
    assert_true(c->files >= 0);
    if (c->files == 0) {
        fcntl(pair[0], F_SETFD, 0);
        snprintf(number, sizeof number, "%d", pair[0]);
        execl(FILES_PROGRAM, "hufu-files", "--socket", number, "--insecure-dev", (char *)NULL);
        _exit(127);
    }
    close(pair[0]);
    office_peer(c->office, "files", pair[1]);
}

static void *run_signer(void *closure)
{
    struct counter *c = closure;
    static uint8_t buffer[IPC_MESSAGE_MAX];
    struct ipc_message asked;
    if (failed(ipc_hello(c->signer_socket))) return NULL;
    while (!failed(ipc_read(c->signer_socket, buffer, &asked)))
        if (failed(ipc_answer_failure(c->signer_socket, &asked, ERROR_JOURNAL_BUSY, NULL))) break;
    return NULL;
}

static void start_signer(struct counter *c)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    c->signer_socket = pair[0];
    pthread_create(&c->signer, NULL, run_signer, c);
    office_peer(c->office, "signer", pair[1]);
}

static void add_operator(struct counter *c, struct counter_operator *o, const char *name, const char *roles)
{
    assert_ok(sm2_private_generate(&o->key, &c->pki->drbg));
    struct certificate_fields f = world_fields(&o->key, name);
    f.credit_code = NULL;
    struct certificate *made = world_issue(c->pki, &profile_operator, &f, c->pki->operators, &c->pki->operators_key);
    o->name = name;
    o->roles = roles;
    o->serial = certificate_serial_text(made, c->office->arena);
    struct operator_row row = { .serial = o->serial, .name = name, .roles = roles, .certificate = made->der,
                                .state = "active", .added_s = OFFICE_NOW };
    assert_ok(store_change(c->office->service.store, STATEMENT_OPERATOR_INSERT, RECORD(operator_row_shape, &row)));
}

int counter_set_up(void **state)
{
    office_set_up(state);
    struct counter *c = calloc(1, sizeof *c);
    struct diag diag = { 0 };
    c->office = *state;
    c->pki = world_new();
    assert_ok(calendar_load(CALENDAR_FOLDER, &diag, &c->calendar));
    c->office->service.calendar = c->calendar;
    assert_ok(agreement_seed(&c->office->service));
    c->account = office_account(c->office, "13800000001", office_numbers[0]);
    add_operator(c, &c->reviewer, "审核员一", "reviewer");
    add_operator(c, &c->other, "审核员二", "reviewer");
    add_operator(c, &c->producer, "制证员一", "producer");
    start_signer(c);
    *state = c;
    return 0;
}

int counter_tear_down(void **state)
{
    struct counter *c = *state;
    void *office = c->office;
    int status;
    office_tear_down(&office);
    /* web's end of the socket is gone: hufu-files ends by itself. */
    if (c->files) waitpid(c->files, &status, 0);
    pthread_join(c->signer, NULL);
    close(c->signer_socket);
    calendar_free(c->calendar);
    world_free(c->pki);
    free(c);
    return 0;
}

/* ---- who acts ---- */

struct act counter_holder(struct counter *c)
{
    struct act act = office_act(c->office);
    act.kind = ACTOR_HOLDER;
    act.account = c->account.id;
    act.name = c->account.name;
    act.serial = act.roles = NULL;
    act.means = "sms";
    return act;
}

struct act counter_as(struct counter *c, const struct counter_operator *operator)
{
    struct act act = office_act(c->office);
    act.name = operator->name;
    act.serial = operator->serial;
    act.roles = operator->roles;
    return act;
}

struct bytes counter_sign(struct counter *c, const struct counter_operator *operator, const char *statement)
{
    uint8_t signature[SM2_SIGNATURE_SIZE];
    assert_ok(sm2_sign(&operator->key, bytes_text(statement), &c->pki->drbg, signature));
    return arena_bytes(c->office->arena, BYTES(signature));
}

/* ---- the path ---- */

static void good(struct counter *c, struct result r, const char *what)
{
    const struct diag *d = &c->office->diag;
    if (failed(r)) fail_msg("%s: %s %s %s %s", what, error_find(r.code)->name, d->field, d->detail, d->log);
}

struct application_row counter_begin(struct counter *c)
{
    struct act act = counter_holder(c);
    struct application_row row;
    good(c, application_begin(&act, KIND_APPLY, &row), "begin");
    return row;
}

struct application_row counter_fill(struct counter *c, enum kind kind)
{
    struct act act = counter_holder(c);
    struct application_row row;
    good(c, application_begin(&act, kind, &row), kind_rule(kind)->name);
    counter_agree(c, row.number);
    counter_details(c, row.number);
    return row;
}

void counter_papers(struct counter *c, const char *number)
{
    struct application_row row = counter_get(c, number);
    enum kind kind;
    counter_print(c, number);
    assert_ok(kind_find(row.service, &kind));
    const struct kind_scan *scan;
    for (size_t i = 0; (scan = kind_scan_at(kind, false, i)); i++) counter_upload(c, number, scan->name);
}

void counter_agree(struct counter *c, const char *number)
{
    struct act act = counter_holder(c);
    struct application_edit edit = { .number = number };
    struct application_row row;
    struct agreement_row agreement;
    good(c, agreement_current(&act, &agreement), "agreement");
    good(c, application_agree(&act, &edit, agreement.version, &row), "agree");
}

struct application_details counter_good_details(void)
{
    return (struct application_details){ .organization_name = "虎符科技有限公司", .credit_code = "91350100M000100Y43",
                                         .organization_address = "北京市朝阳区一号", .holder_name = "张三",
                                         .document_type = "id-card", .email = "zhangsan@example.com",
                                         .invoice_title = "虎符科技有限公司", .tax_number = "91350100M000100Y43",
                                         .invoice_email = "invoice@example.com" };
}

void counter_details(struct counter *c, const char *number)
{
    struct act act = counter_holder(c);
    struct application_edit edit = { .number = number };
    struct application_details details = counter_good_details();
    struct application_row row;
    good(c, application_fill(&act, &edit, &details, &row), "details");
}

struct application_medium counter_good_medium(void)
{
    return (struct application_medium){ .medium = "usbkey", .recipient = "张三", .recipient_mobile = "13800000001",
                                        .province = "北京市", .address = "朝阳区一号", .postcode = "100020" };
}

void counter_medium(struct counter *c, const char *number)
{
    struct act act = counter_holder(c);
    struct application_edit edit = { .number = number };
    struct application_medium medium = counter_good_medium();
    struct application_row row;
    good(c, application_choose(&act, &edit, &medium, &row), "medium");
}

void counter_print(struct counter *c, const char *number)
{
    counter_files(c);
    struct act act = counter_holder(c);
    struct form_row form;
    good(c, form_print(&act, number, &form), "print");
}

/* One white pixel. */
static const uint8_t png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b,
    0x55, 0x00, 0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8, 0x0f, 0x00, 0x01,
    0x01, 0x01, 0x00, 0xb1, 0x38, 0xf6, 0x14, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae,
    0x42, 0x60, 0x82,
};

struct attachment_row counter_upload(struct counter *c, const char *number, const char *name)
{
    struct act act = counter_holder(c);
    struct attachment_row row;
    counter_files(c);
    int fd = memfd_create("scan", MFD_CLOEXEC);
    assert_int_equal(write(fd, png, sizeof png), sizeof png);
    lseek(fd, 0, SEEK_SET);
    struct attachment_new new = { .number = number, .name = name, .fd = fd, .size = sizeof png };
    struct result r = attachment_add(&act, &new, &row);
    close(fd);
    good(c, r, name);
    return row;
}

struct application_row counter_submit(struct counter *c, const char *number)
{
    struct act act = counter_holder(c);
    struct application_edit edit = { .number = number };
    struct application_row row;
    good(c, application_submit(&act, &edit, &row), "submit");
    return row;
}

struct payment_row counter_order(struct counter *c, const char *number)
{
    struct act act = counter_holder(c);
    struct payment_row order;
    bool fresh;
    good(c, payment_begin(&act, number, "wechat", &order, &fresh), "order");
    return order;
}

struct relay_payment counter_told(const struct payment_row *order)
{
    return (struct relay_payment){ .order = order->order_number, .transaction = "4200001234", .state = "paid",
                                   .currency = "CNY", .amount_fen = order->amount_fen, .paid_s = OFFICE_NOW };
}

void counter_pay(struct counter *c, const struct payment_row *order)
{
    struct act act = service_act(&c->office->service, c->office->arena, &c->office->diag);
    struct relay_payment told = counter_told(order);
    bool applied;
    good(c, payment_apply(&act, &told, &applied), "pay");
    assert_true(applied);
}

struct application_row counter_decide(struct counter *c, const char *number, bool approve)
{
    struct act act = counter_as(c, &c->reviewer);
    const char *statement;
    struct application_row row;
    good(c, review_draft(&act, number, approve, approve ? NULL : "印章不清晰\n请重新申请", &statement), "draft");
    act = counter_as(c, &c->reviewer);
    good(c, review_decide(&act, number, statement, counter_sign(c, &c->reviewer, statement), &row), "decide");
    if (!approve || !text_equal(row.state, "in-review")) return row;
    act = counter_as(c, &c->other); /* it takes two */
    good(c, review_draft(&act, number, true, NULL, &statement), "draft");
    act = counter_as(c, &c->other);
    good(c, review_decide(&act, number, statement, counter_sign(c, &c->other, statement), &row), "decide");
    return row;
}

struct application_row counter_in(struct counter *c, enum state state)
{
    struct application_row row = counter_begin(c);
    counter_agree(c, row.number);
    counter_details(c, row.number);
    counter_medium(c, row.number);
    counter_print(c, row.number);
    counter_upload(c, row.number, "form");
    counter_upload(c, row.number, "license");
    counter_upload(c, row.number, "identity");
    if (state == STATE_DRAFT) return counter_get(c, row.number);
    row = counter_submit(c, row.number);
    if (state == STATE_AWAITING_PAYMENT) return row;
    struct payment_row order = counter_order(c, row.number);
    counter_pay(c, &order);
    if (state == STATE_IN_REVIEW) return counter_get(c, row.number);
    assert_int_equal(state, STATE_APPROVED);
    return counter_decide(c, row.number, true);
}

struct application_row counter_get(struct counter *c, const char *number)
{
    struct act act = service_act(&c->office->service, c->office->arena, &c->office->diag);
    struct application_row row;
    good(c, application_get(&act, number, &row), "get");
    return row;
}

struct payment_row counter_payment(struct counter *c, const char *order)
{
    struct key_row key = { .key = order };
    struct payment_row row;
    assert_ok(store_one(c->office->service.store, STATEMENT_PAYMENT_GET, RECORD(key_row_shape, &key), c->office->arena,
                        &payment_row_shape, &row));
    return row;
}

/* ---- the journal ---- */

struct told *counter_tell(int64_t from)
{
    struct told *t = calloc(1, sizeof *t);
    t->w = writer_of(t->buffer, sizeof t->buffer);
    t->entries.from = from;
    return t;
}

void counter_add(struct told *t, enum journal_record type, const struct shape *shape, const void *record)
{
    uint8_t body[64 * 1024];
    struct writer w = writer_of(body, sizeof body);
    if (shape) shape_write(shape, record, &w);
    assert_false(w.full);
    write_u64(&t->w, (uint64_t)(t->entries.from + t->entries.count++));
    write_u64(&t->w, OFFICE_NOW);
    write_u16(&t->w, (uint16_t)type);
    write_block(&t->w, bytes_of(body, w.len));
}

struct result counter_apply(struct counter *c, struct told *t)
{
    c->office->diag = (struct diag){ 0 };
    struct act act = service_act(&c->office->service, c->office->arena, &c->office->diag);
    struct journal_taking taking = { .act = &act, .entries = &t->entries };
    t->entries.entries = bytes_of(t->buffer, t->w.len);
    t->entries.size = t->entries.from + t->entries.count;
    struct result r = store_write(c->office->service.store, journal_take, &taking);
    if (!failed(r)) journal_told(&taking);
    if (!failed(r)) c->journal = t->entries.size;
    free(t);
    return r;
}

void counter_journal_begin(struct counter *c)
{
    struct told *t = counter_tell(0);
    struct journal_begin begin = { .incarnation = random_id(), .root_certificate = c->pki->root->der,
                                   .issuing_certificate = c->pki->issuing->der,
                                   .operators_certificate = c->pki->operators->der };
    counter_add(t, JOURNAL_BEGIN, &journal_begin_shape, &begin);
    assert_ok(counter_apply(c, t));
}

static struct decision_row last_approval(struct counter *c, const char *number)
{
    struct key_row key = { .key = number, .other = "approve", .limit_count = 10 };
    void *rows;
    size_t count;
    assert_ok(store_list(c->office->service.store, STATEMENT_DECISION_LIST, RECORD(key_row_shape, &key), c->office->arena,
                         &decision_row_shape, 10, &rows, &count));
    assert_true(count > 0);
    return ((struct decision_row *)rows)[count - 1];
}

const char *counter_approval(struct counter *c, const char *number)
{
    return last_approval(c, number).statement;
}

static struct bytes certify(struct counter *c, const struct profile *profile, const char *name, int64_t not_after_s)
{
    struct sm2_private key;
    assert_ok(sm2_private_generate(&key, &c->pki->drbg));
    struct certificate_fields f = world_fields(&key, name);
    f.not_before_s = c->office->clock.offset_s;
    f.not_after_s = not_after_s ? not_after_s : certificate_validity_end(f.not_before_s, 1);
    return world_issue(c->pki, profile, &f, c->pki->issuing, &c->pki->issuing_key)->der;
}

struct journal_issued counter_issued(struct counter *c, const char *number, int64_t not_after_s)
{
    struct decision_row approval = last_approval(c, number);
    struct approve_statement s;
    assert_ok(statement_read(&approve_statement_shape, approval.statement, c->office->arena, &s));
    return (struct journal_issued){
        .request = random_id(), .application = number, .holder = s.holder, .card = "HF00000001",
        .approval1 = approval.statement, .approval_signature1 = approval.signature,
        .produce = "HUFU-PRODUCE-v2\n", .produce_signature = bytes_text("signature"),
        .signing_certificate = certify(c, &profile_holder_signing, s.holder_name, not_after_s),
        .encryption_certificate = certify(c, &profile_holder_encryption, s.holder_name, not_after_s),
        .enveloped_key = bytes_text("envelope")
    };
}

struct application_row counter_issue(struct counter *c, const char *number, int64_t not_after_s)
{
    struct told *t = counter_tell(c->journal);
    struct journal_issued record = counter_issued(c, number, not_after_s);
    counter_add(t, JOURNAL_ISSUED, &journal_issued_shape, &record);
    good(c, counter_apply(c, t), "issue");
    return counter_get(c, number);
}

struct application_row counter_receive(struct counter *c, const char *number)
{
    struct application_row row = counter_get(c, number);
    struct key_row key = { .key = row.serial, .limit_count = 2 };
    void *found;
    size_t count;
    good(c, store_list(c->office->service.store, STATEMENT_CERTIFICATE_LIST_PAIR, RECORD(key_row_shape, &key),
                       c->office->arena, &certificate_row_shape, 2, &found, &count), "pair");
    assert_int_equal(count, 2);
    const struct certificate_row *pair = found;
    struct told *t = counter_tell(c->journal);
    const struct journal_received record = {
        .request = random_id(), .holder = text_id(c->office->arena, &row.holder),
        .serials = arena_format(c->office->arena, "%s,%s", pair[0].serial, pair[1].serial),
        .received_s = c->office->clock.offset_s,
    };
    counter_add(t, JOURNAL_RECEIVED, &journal_received_shape, &record);
    good(c, counter_apply(c, t), "receive");
    return counter_get(c, number);
}

void counter_revoke(struct counter *c, const char *number)
{
    struct decision_row approval = last_approval(c, number);
    struct approve_statement s;
    struct told *t = counter_tell(c->journal);
    assert_ok(statement_read(&approve_statement_shape, approval.statement, c->office->arena, &s));
    struct journal_revoked record = { .request = random_id(), .serials = s.revokes, .reason = s.reason,
                                      .application = number, .revoked_s = c->office->clock.offset_s,
                                      .approval1 = approval.statement, .approval_signature1 = approval.signature };
    counter_add(t, JOURNAL_REVOKED, &journal_revoked_shape, &record);
    good(c, counter_apply(c, t), "revoke");
}

struct notice_row counter_notice(struct counter *c, const char *template, const char *channel)
{
    struct notice_row *rows;
    size_t count = office_notices(c->office, &rows);
    for (size_t i = 0; i < count; i++)
        if (text_equal(rows[i].template, template) && text_equal(rows[i].channel, channel)) return rows[i];
    fail_msg("no %s by %s", template, channel);
    return (struct notice_row){ 0 };
}

void counter_sent(struct counter *c, const char *part)
{
    const struct sent *sent;
    office_run_jobs(c->office);
    size_t count = office_sent(c->office, &sent);
    for (size_t i = 0; i < count; i++)
        if (strstr(sent[i].text, part)) return;
    fail_msg("nothing that was sent has %s in it", part);
}

struct audit_row counter_audit(struct counter *c, const char *action)
{
    struct audit_row *rows;
    size_t count = office_audits(c->office, &rows);
    for (size_t i = 0; i < count; i++)
        if (text_equal(rows[i].action, action)) return rows[i];
    fail_msg("no %s in the audit trail", action);
    return (struct audit_row){ 0 };
}

/* ---- around the rules ---- */

static sqlite3 *open_database(const struct counter *c)
{
    char path[300];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/hufu.db", c->office->folder);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    return db;
}

void counter_sql(const struct counter *c, const char *sql)
{
    sqlite3 *db = open_database(c);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void hash_table(sqlite3 *db, const char *table, struct sm3 *sm3)
{
    char sql[200];
    sqlite3_stmt *stmt;
    snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2", table);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const void *blob = sqlite3_column_blob(stmt, i);
            int len = sqlite3_column_bytes(stmt, i);
            sm3_update(sm3, bytes_of(&len, sizeof len));
            if (len) sm3_update(sm3, bytes_of(blob, (size_t)len));
        }
    sqlite3_finalize(stmt);
}

void counter_fingerprint(const struct counter *c, uint8_t ret_hash[32])
{
    sqlite3 *db = open_database(c);
    sqlite3_stmt *tables;
    struct sm3 sm3;
    sm3_init(&sm3);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", -1,
                                        &tables, NULL), SQLITE_OK);
    while (sqlite3_step(tables) == SQLITE_ROW) hash_table(db, (const char *)sqlite3_column_text(tables, 0), &sm3);
    sqlite3_finalize(tables);
    sqlite3_close(db);
    sm3_final(&sm3, ret_hash);
}
