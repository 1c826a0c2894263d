#include "service/form.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/secret.h"
#include "ipc/files_api.h"
#include "service/application.h"
#include "service/audit.h"
#include "service/directory.h"
#include "service/item.h"
#include "service/seal.h"

enum { ROWS_MAX = 8192, HASH_SHOWN = 8, PRINT_MS = 40000 };

/* What is printed. ROWS holds the identity number: wiped when done. */
struct content {
    char rows[ROWS_MAX];
    struct writer w;
    const char *service_name, *agreement, *notes;
};

static void content_done(struct content *content)
{
    secret_wipe(content->rows, sizeof content->rows);
}

/* ---- content ---- */

/* One line "section|label|value". A bar in a value would be taken for the next column. */
static void put(struct content *c, const char *section, const char *label, const char *value)
{
    if (!value || !value[0]) return;
    if (c->w.len) write_u8(&c->w, '\n');
    write_format(&c->w, "%s|%s|", section, label);
    for (; *value; value++) {
        if (*value == '|') write_text(&c->w, "｜");
        else write_u8(&c->w, (uint8_t)(*value == '\n' ? ' ' : *value));
    }
}

static void put_item(struct content *c, const char *section, const char *item, const char *value)
{
    put(c, section, item_find(item)->words, value);
}

static const char *document_words(const char *type)
{
    static const char *const words[][2] = { { "id-card", "居民身份证" },
                                            { "passport", "护照" },
                                            { "hk-macao-permit", "港澳居民来往内地通行证" },
                                            { "taiwan-permit", "台湾居民来往大陆通行证" } };
    for (size_t i = 0; i < COUNT(words); i++)
        if (text_equal(words[i][0], type)) return words[i][1];
    return type;
}

static void put_address(struct content *c, struct arena *arena, const struct application_row *row)
{
    put_item(c, "邮寄信息", "recipient", row->recipient);
    put_item(c, "邮寄信息", "recipient_mobile", row->recipient_mobile);
    put(c, "邮寄信息", "邮寄地址", row->address ? arena_format(arena, "%s %s", row->province, row->address) : NULL);
    put_item(c, "邮寄信息", "postcode", row->postcode);
}

/* The person to whom the certificate passes, as the directory has it. */
static struct result put_successor(struct content *c, struct tx *tx, const struct act *act,
                                   const struct application_row *row)
{
    struct key_row key = { .id = row->successor };
    struct account_row account;
    char number[DIRECTORY_DOCUMENT_MAX + 1];
    if (id_empty(&row->successor)) return OK;
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), act->arena, &account_row_shape, &account));
    TRY(directory_account_document(act->service, &account, number));
    put(c, "新使用人信息", "新使用人姓名", account.name);
    put(c, "新使用人信息", "证件类型", document_words(account.document_type));
    put(c, "新使用人信息", "证件号码", number);
    put(c, "新使用人信息", "手机号码", account.mobile);
    put(c, "新使用人信息", "原加密密钥", row->keep_encryption ? "申请移交新使用人" : "不移交");
    secret_wipe(number, sizeof number);
    return OK;
}

static const char *reason_words(const char *reason)
{
    static const char *const words[][2] = { { "keyCompromise", "私钥泄露或疑似泄露" },
                                            { "affiliationChanged", "使用人离职或变动" },
                                            { "superseded", "证书已被替换" },
                                            { "cessationOfOperation", "不再使用" },
                                            { "privilegeWithdrawn", "权限收回" } };
    for (size_t i = 0; i < COUNT(words); i++)
        if (text_equal(words[i][0], reason)) return words[i][1];
    return "其他";
}

static struct result put_holder(struct content *c, const struct act *act, const struct application_row *row)
{
    char number[DOCUMENT_NUMBER_MAX + 1];
    TRY(application_document(act->service, row, number));
    put_item(c, "使用人信息", "holder_name", row->holder_name);
    put_item(c, "使用人信息", "document_type", document_words(row->document_type));
    put_item(c, "使用人信息", "document_number", number);
    secret_wipe(number, sizeof number);
    put_item(c, "使用人信息", "mobile", row->mobile);
    put_item(c, "使用人信息", "email", row->email);
    return OK;
}

static struct result put_rows(struct content *c, struct tx *tx, const struct act *act,
                              const struct application_row *row, const struct kind_rule *rule)
{
    put(c, "办理业务", "业务类型", rule->page_name);
    put_item(c, "企业信息", "organization_name", row->organization_name);
    put_item(c, "企业信息", "credit_code", row->credit_code);
    put_item(c, "企业信息", "organization_address", row->organization_address);
    TRY(put_holder(c, act, row));
    TRY(put_successor(c, tx, act, row));
    put(c, "经办人信息", "经办人姓名", row->deputy_name);
    put(c, "经办人信息", "手机号码", row->deputy_mobile);
    put(c, "证书信息", "证书存储方式", text_equal(row->medium, "shield") ? "手机盾" : "USBKey");
    put(c, "证书信息", "证书序列号", row->about);
    if (row->revoke_reason) put(c, "证书信息", "吊销原因", reason_words(row->revoke_reason));
    put_address(c, act->arena, row);
    if (rule->fee_item) {
        put_item(c, "开票信息", "invoice_title", row->invoice_title);
        put_item(c, "开票信息", "tax_number", row->tax_number);
        put_item(c, "开票信息", "invoice_email", row->invoice_email);
    }
    return OK;
}

/* 备注: exactly what this service asks for. */
static const char *notes_of(const struct act *act, enum kind kind, bool deputy)
{
    const struct kind_scan *scan;
    char text[2048];
    struct writer w = writer_of(text, sizeof text);
    for (size_t i = 0; (scan = kind_scan_at(kind, deputy, i)); i++) {
        write_format(&w, "%s%zu. ", i ? "\n" : "", i + 1);
        if (scan->form) write_format(&w, "《%s数字证书服务受理表》", act->service->settings.brand);
        write_text(&w, scan->words);
    }
    struct bytes written;
    return failed(writer_end(&w, &written)) ? NULL : arena_text(act->arena, written);
}

static struct result content_init(struct content *c, struct tx *tx, const struct act *act,
                                  const struct application_row *row)
{
    enum kind kind;
    char agreed[CIVIL_TEXT_MAX];
    c->w = writer_of(c->rows, sizeof c->rows - 1);
    c->rows[0] = '\0';
    /* What was applied for and signed, whatever it was turned into since. */
    TRY(kind_find(row->origin, &kind));
    const struct kind_rule *rule = kind_rule(kind);
    c->service_name = rule->page_name;
    TRY(put_rows(c, tx, act, row, rule));
    ENSURE(!c->w.full, ERROR_FORM_LONG);
    c->rows[c->w.len] = '\0';
    civil_people(row->agreed_s, agreed);
    c->agreement = arena_format(act->arena, "%s（%s 同意）", row->agreement_version, agreed);
    c->notes = notes_of(act, kind, row->deputy_name);
    ENSURE(c->agreement && c->notes, ERROR_OUT_OF_ROOM);
    return OK;
}

/* The keyed hash of what is printed; in hex, as in the code. */
static const char *content_hash(const struct content *c, const struct act *act, const struct application_row *row)
{
    uint8_t index[SEAL_INDEX_SIZE], whole[SEAL_INDEX_SIZE * 3];
    /* One after the other, each of its own length: nothing moves from one part to the next unseen. */
    seal_index(act->service, "form.rows", bytes_of(c->rows, c->w.len), whole);
    seal_index(act->service, "form.notes", bytes_text(c->notes), whole + SEAL_INDEX_SIZE);
    seal_index(act->service, row->number, bytes_text(c->agreement), whole + 2 * SEAL_INDEX_SIZE);
    seal_index(act->service, "form", BYTES(whole), index);
    return text_hex(act->arena, bytes_of(index, HASH_SHOWN));
}

/* Whether CODE ends with HASH. */
static bool code_has(const char *code, const char *hash)
{
    size_t len = code ? strlen(code) : 0, tail = strlen(hash);
    return len > tail && strcmp(code + len - tail, hash) == 0;
}

struct result form_printed(struct tx *tx, const struct act *act, const struct application_row *row,
                           bool *ret_printed)
{
    struct content content CLEANUP(content_done);
    content.rows[0] = '\0';
    *ret_printed = false;
    if (!row->form_revision) return OK;
    TRY(content_init(&content, tx, act, row));
    const char *hash = content_hash(&content, act, row);
    ENSURE(hash, ERROR_OUT_OF_ROOM);
    *ret_printed = code_has(row->form_code, hash);
    return OK;
}

/* ---- printing ---- */

struct printing {
    const struct act *act;
    const char *number;
    struct application_row row; /* as it stood when it was read */
    struct content *content;    /* likewise */
    const char *hash;
    bool printed;
    struct form_row form;       /* the latest, or the new one */
};

static struct result latest(struct tx *tx, const struct act *act, const char *number, struct form_row *ret_form)
{
    struct key_row params = { .key = number };
    return tx_one(tx, STATEMENT_FORM_GET, RECORD(key_row_shape, &params), act->arena, &form_row_shape, ret_form);
}

/* Whether it may be printed, and whether it is; what is to be printed. */
static struct result look(struct tx *tx, void *context)
{
    struct printing *p = context;
    struct workflow_facts facts;
    const struct workflow_row *way;
    enum kind kind;
    enum state state;
    TRY(desk_look(tx, p->act, p->number, &p->row));
    TRY(kind_find(p->row.service, &kind));
    TRY(state_find(p->row.state, &state));
    TRY(desk_facts(tx, p->act, &p->row, kind, &facts));
    TRY(workflow_step(&facts, state, EVENT_PRINT, p->act->diag, &way));
    p->printed = facts.printed;
    if (facts.printed) return latest(tx, p->act, p->number, &p->form);
    TRY(content_init(p->content, tx, p->act, &p->row));
    p->hash = content_hash(p->content, p->act, &p->row);
    ENSURE(p->hash, ERROR_OUT_OF_ROOM);
    return OK;
}

/* Has hufu-files print to a file without a name, and seals it. */
static struct result print(struct printing *p, struct sealed_file *ret_file)
{
    const struct act *act = p->act;
    struct form_row *form = &p->form;
    *form = (struct form_row){ .application = p->row.number, .revision = p->row.form_revision + 1,
                               .printed_s = act->now_s };
    form->code = arena_format(act->arena, "HUFU-FORM:%s:%lld:%s", form->application, (long long)form->revision,
                              p->hash);
    ENSURE(form->code, ERROR_OUT_OF_ROOM);
    struct files_print ask = { .brand = act->service->settings.brand, .number = form->application,
                               .revision = form->revision, .service_name = p->content->service_name,
                               .code = form->code, .rows = p->content->rows, .agreement = p->content->agreement,
                               .notes = p->content->notes, .printed_s = form->printed_s };
    struct files_printed printed;
    int fd = memfd_create("form", MFD_CLOEXEC);
    ENSURE(fd >= 0, ERROR_IO);
    struct ipc_call call = { .type = FILES_PRINT, .ask = &files_print_shape, .answer = &files_printed_shape, .fd = fd,
                             .timeout_ms = PRINT_MS };
    struct result r = peers_ask(act->service->peers, PEER_FILES, &call, &ask, act->arena, act->diag, &printed, NULL);
    if (!failed(r)) r = seal_file(act->service, "form", fd, act->arena, ret_file);
    close(fd);
    TRY(r);
    form->size = printed.size;
    form->sm3 = arena_bytes(act->arena, printed.sm3);
    form->name = arena_text(act->arena, bytes_text(ret_file->name));
    form->key_sealed = ret_file->key_sealed;
    ENSURE(form->name && form->sm3.ptr, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result prepare(struct tx *tx, struct desk_step *step, struct application_row *row)
{
    const struct printing *p = step->own;
    row->form_revision = p->form.revision;
    row->form_code = p->form.code;
    return tx_run(tx, STATEMENT_FORM_INSERT, RECORD(form_row_shape, &p->form), NULL);
}

struct result form_print(const struct act *act, const char *number, struct form_row *ret_form)
{
    struct content content CLEANUP(content_done);
    struct printing p = { .act = act, .number = number, .content = &content };
    struct sealed_file file;
    content.rows[0] = '\0';
    TRY(store_read(act->service->store, look, &p));
    if (!p.printed) {
        TRY(print(&p, &file));
        FAULT("web:form-sealed");
        /* As the version that was printed: what was changed meanwhile is not on the paper. */
        struct desk_step step = { .act = act, .number = number, .guarded = true, .version = p.row.version,
                                  .event = EVENT_PRINT, .detail = p.form.code, .prepare = prepare, .own = &p };
        struct result r = desk_take(&step);
        if (failed(r)) {
            IGNORE(seal_file_remove(act->service, file.name)); /* else the sweep finds it */
            return r;
        }
    }
    *ret_form = p.form;
    return OK;
}

static struct result find(struct tx *tx, void *context)
{
    struct printing *p = context;
    TRY(desk_look(tx, p->act, p->number, &p->row));
    return latest(tx, p->act, p->number, &p->form);
}

struct result form_open(const struct act *act, const char *number, struct form_row *ret_form, int *ret_fd)
{
    struct printing p = { .act = act, .number = number };
    TRY(store_read(act->service->store, find, &p));
    if (act->kind == ACTOR_OPERATOR || desk_deputy(act, &p.row))
        TRY(audit_write_alone(act, "form.look", number, p.form.code));
    TRY(seal_file_open(act->service, "form", p.form.name, p.form.key_sealed, ret_fd));
    *ret_form = p.form;
    return OK;
}
