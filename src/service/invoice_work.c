#include "service/invoice_work.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/fault.h"
#include "ipc/files_api.h"
#include "ipc/relay_api.h"
#include "service/invoice.h"
#include "service/invoice_document.h"
#include "service/invoice_mail.h"
#include "service/money.h"
#include "service/scan.h"

enum { ARENA_MAX = 4 * 1024 * 1024, RELAY_MS = 20000, PRINT_MS = 40000 };

static const char *const kinds[] = { "pdf", "ofd" };

/* One invoice, once looked at. */
struct looking {
    const struct act *act;
    struct invoice_row row;
    const char *about; /* of a red one: the official number of what it takes back */
    struct relay_invoiced told;
    struct invoice_file_row files[COUNT(kinds)];
    struct invoice_file_row receipt;
    struct result failure;
};

/* ---- asking ---- */

/* Marked before anybody is asked, for as long as that may take. */
static struct result take(struct tx *tx, void *context)
{
    struct looking *l = context;
    struct invoice_row about;
    TRY(invoice_get(tx, l->act, l->row.number, &l->row));
    l->row.way = "platform";
    l->row.tries++;
    l->row.next_s = l->act->now_s + INVOICE_LEASE_S;
    if (l->row.about && l->row.amount_fen < 0) {
        TRY(invoice_get(tx, l->act, l->row.about, &about));
        l->about = about.invoice_number;
    }
    if (text_equal(l->row.state, invoice_state_name(INVOICE_REQUESTED)))
        return tx_change(tx, STATEMENT_INVOICE_UPDATE, RECORD(invoice_row_shape, &l->row));
    return invoice_change(tx, l->act, &l->row, INVOICE_REQUEST, NULL);
}

static struct result ask(struct looking *l)
{
    const struct act *act = l->act;
    struct relay_invoice record = { .number = l->row.number };
    struct ipc_call call = { RELAY_INVOICE, &relay_invoice_shape, &relay_invoiced_shape, -1, RELAY_MS };
    TRY(invoice_xml(act, &l->row, l->about, &record.document));
    return peers_ask(act->service->peers, PEER_RELAY, &call, &record, act->arena, act->diag, &l->told, NULL);
}

/* A file as the platform made it: fetched, looked at by hufu-files, kept encrypted. */
static struct result fetch_into(struct looking *l, const char *kind, int fd, struct invoice_file_row *ret_file)
{
    const struct act *act = l->act;
    struct relay_invoice_file record = { l->row.number, kind };
    struct relay_file got;
    struct files_inspected found;
    struct sealed_file sealed;
    struct ipc_call call = { RELAY_INVOICE_FILE, &relay_invoice_file_shape, &relay_file_shape, fd, RELAY_MS };
    TRY(peers_ask(act->service->peers, PEER_RELAY, &call, &record, act->arena, act->diag, &got, NULL));
    ENSURE(got.size > 0 && got.size <= RELAY_FILE_MAX, ERROR_RELAY_ANSWER);
    TRY(scan_take_invoice(act, "invoice", fd, got.size, &found, &sealed));
    ENSURE(text_equal(found.type, kind), ERROR_INVOICE_FILE_TYPE);
    *ret_file = (struct invoice_file_row){ .invoice = l->row.number, .kind = kind, .size = got.size,
                                           .name = arena_text(act->arena, bytes_text(sealed.name)),
                                           .key_sealed = sealed.key_sealed, .taken_s = act->now_s };
    ENSURE(ret_file->name, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result fetch(struct looking *l)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        int fd = memfd_create("invoice", MFD_CLOEXEC);
        ENSURE(fd >= 0, ERROR_IO);
        struct result r = fetch_into(l, kinds[i], fd, &l->files[i]);
        close(fd);
        TRY(r);
    }
    return OK;
}

/* ---- the receipt, where there is no platform ---- */

static struct result receipt_rows(struct looking *l, const char **ret_rows)
{
    const struct act *act = l->act;
    const struct service_settings *s = &act->service->settings;
    const char *yuan = money_yuan(act->arena, l->row.amount_fen), *words = money_words(act->arena, l->row.amount_fen);
    ENSURE(yuan && words, ERROR_OUT_OF_ROOM);
    char *rows = arena_format(act->arena,
                              "付款方|名称|%s\n付款方|纳税人识别号|%s\n"
                              "收款项目|项目|%s\n收款项目|金额（小写）|人民币 %s 元\n收款项目|金额（大写）|人民币%s\n"
                              "收款方|名称|%s\n收款方|纳税人识别号|%s",
                              l->row.title, l->row.tax_number, "数字证书服务费", yuan, words, s->seller_name,
                              s->seller_tax_number ? s->seller_tax_number : "—");
    ENSURE(rows, ERROR_OUT_OF_ROOM);
    *ret_rows = rows;
    return OK;
}

static struct result print_receipt(struct looking *l, int fd)
{
    const struct act *act = l->act;
    struct files_print record = { .document = "receipt", .brand = act->service->settings.brand,
                                  .number = l->row.application, .revision = 1,
                                  .service_name = "本收据不是发票，不得作为税务凭证",
                                  .code = arena_format(act->arena, "HUFU-RECEIPT:%s:%lld", l->row.number,
                                                       (long long)l->row.amount_fen),
                                  .agreement = "-", .printed_s = l->row.created_s };
    struct files_printed printed;
    struct sealed_file sealed;
    struct ipc_call call = { FILES_PRINT, &files_print_shape, &files_printed_shape, fd, PRINT_MS };
    ENSURE(record.code, ERROR_OUT_OF_ROOM);
    TRY(receipt_rows(l, &record.rows));
    TRY(peers_ask(act->service->peers, PEER_FILES, &call, &record, act->arena, act->diag, &printed, NULL));
    TRY(seal_file(act->service, "invoice", fd, act->arena, &sealed));
    l->receipt = (struct invoice_file_row){ .invoice = l->row.number, .kind = "receipt", .size = printed.size,
                                            .name = arena_text(act->arena, bytes_text(sealed.name)),
                                            .key_sealed = sealed.key_sealed, .taken_s = act->now_s };
    ENSURE(l->receipt.name, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result make_receipt(struct looking *l)
{
    if (l->row.amount_fen < 0) return OK;
    int fd = memfd_create("receipt", MFD_CLOEXEC);
    ENSURE(fd >= 0, ERROR_IO);
    struct result r = print_receipt(l, fd);
    close(fd);
    return r;
}

/* ---- what comes of it ---- */

static int64_t pause_s(int64_t tries)
{
    int64_t pause = INVOICE_ASK_S;
    for (int64_t i = 1; i < tries && pause < INVOICE_ASK_LONGEST_S; i++) pause *= 2;
    return pause < INVOICE_ASK_LONGEST_S ? pause : INVOICE_ASK_LONGEST_S;
}

static struct result refused(struct tx *tx, struct looking *l, const char *why)
{
    l->row.trouble = why;
    l->row.next_s = 0;
    return invoice_change(tx, l->act, &l->row, INVOICE_REFUSE, why);
}

/* What may do better later is asked again; what the platform will not have waits for people. */
static struct result failed_with(struct tx *tx, struct looking *l)
{
    const struct error_entry *e = error_find(l->failure.code);
    const char *detail = l->act->diag->detail;
    const char *why = detail[0] ? arena_format(l->act->arena, "%s：%s", e->zh, detail) : e->zh;
    if (!why || strlen(why) > 600) why = e->zh;
    if (!e->retry && l->failure.code == ERROR_RELAY_REFUSED) return refused(tx, l, why);
    l->row.trouble = why;
    l->row.next_s = l->act->now_s + pause_s(l->row.tries);
    return tx_change(tx, STATEMENT_INVOICE_UPDATE, RECORD(invoice_row_shape, &l->row));
}

static struct result by_hand(struct tx *tx, struct looking *l)
{
    l->row.way = "manual";
    l->row.tries = l->row.next_s = 0;
    l->row.trouble = NULL;
    TRY(invoice_change(tx, l->act, &l->row, INVOICE_RETURN, "没有配置电子发票平台"));
    if (!l->receipt.name) return OK;
    TRY(invoice_keep_file(tx, &l->receipt));
    return invoice_mail_queue(tx, l->act, &l->row, "invoice-receipt", "receipt");
}

static struct result settle(struct tx *tx, void *context)
{
    struct looking *l = context;
    struct invoice_row now;
    TRY(invoice_get(tx, l->act, l->row.number, &now));
    l->row.taken_back = now.taken_back; /* the only thing that another changes of one that is being asked for */
    l->row.state = now.state;
    ENSURE(text_equal(now.state, invoice_state_name(INVOICE_REQUESTED)), ERROR_INVOICE_STATE);
    if (l->failure.code == ERROR_RELAY_TAX_NONE) return by_hand(tx, l);
    if (failed(l->failure)) return failed_with(tx, l);
    if (text_equal(l->told.state, "refused"))
        return refused(tx, l, l->told.reason ? l->told.reason : "开票平台没有给出原因");
    if (!text_equal(l->told.state, "issued")) {
        l->row.trouble = NULL;
        l->row.next_s = l->act->now_s + pause_s(l->row.tries);
        return tx_change(tx, STATEMENT_INVOICE_UPDATE, RECORD(invoice_row_shape, &l->row));
    }
    l->row.invoice_number = l->told.invoice;
    l->row.issued_s = l->told.issued_s;
    for (size_t i = 0; i < COUNT(kinds); i++) TRY(invoice_keep_file(tx, &l->files[i]));
    return invoice_issued(tx, l->act, &l->row);
}

static struct result look_at(const struct act *act, const struct invoice_row *row)
{
    struct looking l = { .act = act, .row = *row };
    TRY(store_write(act->service->store, take, &l));
    FAULT("web:invoice-requested");
    l.failure = ask(&l);
    if (l.failure.code == ERROR_RELAY_TAX_NONE) {
        struct result printed = make_receipt(&l);
        if (failed(printed)) l.failure = printed;
    } else if (!failed(l.failure) && text_equal(l.told.state, "issued")) {
        l.failure = fetch(&l);
    }
    FAULT("web:invoice-answered");
    TRY(store_write(act->service->store, settle, &l));
    FAULT("web:invoice-settled");
    invoice_publish(act, &l.row);
    return l.failure.code == ERROR_RELAY_TAX_NONE ? OK : l.failure;
}

struct result invoice_work(struct service *service, size_t *ret_count)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct act act = service_act(service, arena, NULL);
    struct key_row key = { .at_s = act.now_s, .limit_count = INVOICE_BATCH };
    void *rows;
    TRY(store_list(service->store, STATEMENT_INVOICE_WORK, RECORD(key_row_shape, &key), arena, &invoice_row_shape,
                   INVOICE_BATCH, &rows, ret_count));
    struct result last = OK;
    for (size_t i = 0; i < *ret_count; i++) {
        struct diag diag = { 0 };
        act.diag = &diag;
        struct result r = look_at(&act, &((struct invoice_row *)rows)[i]);
        if (failed(r)) last = r; /* the others are looked at all the same */
    }
    if (*ret_count && service->wake) service->wake(service->web, "notices-email");
    return last;
}
