/* Invoices (R-APPLY-6, R-INV-1, R-INV-2): seen and corrected by holders, looked after by finance. */
#include "service/invoice_manual.h"
#include "service/mask.h"

#include "web/api_desk.h"

static struct result show(struct call *call, const struct invoice_row *row, struct api_invoice *ret_answer)
{
    struct act act = app_act(call);
    unsigned files;
    TRY(invoice_files(&act, row->number, &files));
    bool operator = call->principal.kind == PRINCIPAL_OPERATOR;
    *ret_answer = (struct api_invoice){
        .number = row->number, .application = row->application, .kind = row->kind, .about = row->about,
        .state = row->state, .way = row->way, .title = row->title, .tax_number = row->tax_number,
        .email = operator ? mask_email(call->arena, row->email) : row->email,
        .amount_fen = row->amount_fen, .reason = row->reason, .invoice_number = row->invoice_number,
        .created_s = row->created_s, .issued_s = row->issued_s, .sent_s = row->sent_s,
        .wish_title = row->wish_title, .wish_tax_number = row->wish_tax_number,
        .wish_email = row->wish_email && operator ? mask_email(call->arena, row->wish_email) : row->wish_email,
        .wish_s = row->wish_s, .red_there = row->red > 0, .pdf = files & INVOICE_PDF, .ofd = files & INVOICE_OFD,
        .receipt = files & INVOICE_RECEIPT
    };
    ENSURE(ret_answer->email, ERROR_OUT_OF_ROOM);
    if (!operator) return OK; /* why it takes its time is finance's to see */
    ret_answer->tries = row->tries;
    ret_answer->next_s = row->next_s;
    ret_answer->trouble = row->trouble;
    if (row->batch) TRY(id_parse(row->batch, &ret_answer->batch));
    return OK;
}

static struct result answer_invoice(struct call *call, const struct invoice_row *row)
{
    struct api_invoice answer;
    TRY(show(call, row, &answer));
    return answer_record(call, &api_invoice_shape, &answer);
}

static struct result answer_invoices(struct call *call, const struct invoice_row *rows, size_t count, const char *next)
{
    struct api_invoice *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) TRY(show(call, &rows[i], &answer[i]));
    return answer_list(call, &api_invoice_shape, answer, count, next);
}

static struct result answer_invoice_file(struct call *call, const char *application)
{
    struct act act = app_act(call);
    struct invoice_row row;
    const char *kind = call_text(call, "kind");
    bool receipt = text_equal(kind, "receipt"), ofd = text_equal(kind, "ofd");
    int fd;
    TRY(invoice_open(&act, application, call_text(call, "invoice"), kind, &row, &fd));
    const char *name = receipt ? arena_format(call->arena, "收据-%s.pdf", row.application)
                               : arena_format(call->arena, "电子发票-%s.%s",
                                              row.invoice_number ? row.invoice_number : row.number, kind);
    return answer_file(call, fd, ofd ? "application/ofd" : "application/pdf", name ? name : "invoice", false);
}

/* ---- holders ---- */

struct result api_invoice_list(struct call *call)
{
    struct act act = app_act(call);
    struct invoice_row *rows;
    size_t count;
    TRY(invoice_list_of(&act, call_text(call, "number"), &rows, &count));
    return answer_invoices(call, rows, count, NULL);
}

struct result api_invoice_correct(struct call *call)
{
    const struct api_invoice_buyer *asked = call->body;
    struct act act = app_act(call);
    struct invoice_buyer buyer = { asked->title, asked->tax_number, asked->email };
    struct invoice_row row;
    TRY(invoice_correct(&act, call_text(call, "number"), &buyer, &row));
    return answer_invoice(call, &row);
}

struct result api_invoice_file(struct call *call)
{
    return answer_invoice_file(call, call_text(call, "number"));
}

/* ---- finance ---- */

struct result api_console_invoice_list(struct call *call)
{
    struct act act = app_act(call);
    struct invoice_row *rows;
    size_t count;
    const char *next;
    TRY(invoice_list(&act, call_text(call, "state"), call_text(call, "after"), &rows, &count, &next));
    return answer_invoices(call, rows, count, next);
}

struct result api_console_invoice_file(struct call *call)
{
    return answer_invoice_file(call, NULL);
}

struct result api_invoice_import(struct call *call)
{
    struct act act = app_act(call);
    struct invoice_row row;
    TRY(invoice_import(&act, call_text(call, "invoice"), call_text(call, "kind"), call->upload.fd,
                       (int64_t)call->upload.size, &row));
    return answer_invoice(call, &row);
}

struct result api_invoice_issue(struct call *call)
{
    const struct api_invoice_number *asked = call->body;
    struct act act = app_act(call);
    struct invoice_row row;
    TRY(invoice_issue_by_hand(&act, call_text(call, "invoice"), asked->invoice_number, asked->issued_s, &row));
    return answer_invoice(call, &row);
}

struct result api_invoice_deliver(struct call *call)
{
    const struct api_invoice_delivery *asked = call->body;
    struct act act = app_act(call);
    struct invoice_row row;
    TRY(invoice_deliver(&act, call_text(call, "invoice"), asked->email, &row));
    return answer_invoice(call, &row);
}

struct result api_invoice_retry(struct call *call)
{
    struct act act = app_act(call);
    struct invoice_row row;
    TRY(invoice_retry(&act, call_text(call, "invoice"), &row));
    return answer_invoice(call, &row);
}

/* A buyer whole or none: a title alone would go out under the number of another. */
struct result api_invoice_red(struct call *call)
{
    const struct api_invoice_red *asked = call->body;
    struct act act = app_act(call);
    struct invoice_buyer buyer = { asked->title, asked->tax_number, asked->email };
    struct invoice_row row;
    if (buyer.title && !buyer.tax_number) return diag_field(call->diag, ERROR_INVOICE_BUYER, "tax_number", "%s", "");
    if ((buyer.email || buyer.tax_number) && !buyer.title)
        return diag_field(call->diag, ERROR_INVOICE_BUYER, "title", "%s", "");
    TRY(invoice_red_letter(&act, call_text(call, "invoice"), asked->reason, buyer.title ? &buyer : NULL, &row));
    return answer_invoice(call, &row);
}

struct result api_invoice_refuse(struct call *call)
{
    const struct api_invoice_refusal *asked = call->body;
    struct act act = app_act(call);
    struct invoice_row row;
    TRY(invoice_refuse_wish(&act, call_text(call, "invoice"), asked->words, &row));
    return answer_invoice(call, &row);
}

struct result api_invoice_export_new(struct call *call)
{
    struct act act = app_act(call);
    struct api_invoice_export answer = { 0 };
    const char *batch;
    TRY(invoice_export_new(&act, &batch, &answer.count));
    TRY(id_parse(batch, &answer.batch));
    return answer_record(call, &api_invoice_export_shape, &answer);
}

struct result api_invoice_export_get(struct call *call)
{
    struct act act = app_act(call);
    struct id batch = call_id(call, "batch");
    const char *format = call_text(call, "format"), *text = text_id(call->arena, &batch);
    int fd;
    if (!format) format = "csv";
    ENSURE(text, ERROR_OUT_OF_ROOM);
    TRY(invoice_export_open(&act, text, format, &fd));
    const char *name = arena_format(call->arena, "开票申请-%s.%s", text, format);
    bool xml = text_equal(format, "xml");
    return answer_file(call, fd, xml ? "application/xml" : "text/csv; charset=utf-8", name ? name : "invoices", false);
}
