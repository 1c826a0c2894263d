#include "service/invoice_document.h"

#include "service/money.h"

/* What an invoice says in figures. */
struct figures {
    const char *gross, *net, *tax, *words, *rate;
};

static struct result figures_of(const struct act *act, const struct invoice_row *row, struct figures *ret_figures)
{
    struct arena *a = act->arena;
    int64_t rate = act->service->settings.invoice_rate, tax = money_tax(row->amount_fen, rate);
    struct figures f = { money_yuan(a, row->amount_fen), money_yuan(a, row->amount_fen - tax), money_yuan(a, tax),
                         money_words(a, row->amount_fen), arena_format(a, "0.%02lld", (long long)rate) };
    ENSURE(f.gross && f.net && f.tax && f.words && f.rate, ERROR_OUT_OF_ROOM);
    *ret_figures = f;
    return OK;
}

/* What must be on a red one (国家税务总局公告 2024 年第 11 号), and on each: by which it is found. */
static const char *remark(const struct act *act, const struct invoice_row *row, const char *about)
{
    return about ? arena_format(act->arena, "被红冲蓝字数电发票号码：%s；受理单号：%s", about, row->application)
                 : arena_format(act->arena, "受理单号：%s", row->application);
}

/* ---- XML ---- */

static void element(struct writer *w, const char *name, const char *value)
{
    write_format(w, "<%s>", name);
    for (const char *p = value ? value : ""; *p; p++) {
        switch (*p) {
        case '<': write_text(w, "&lt;"); break;
        case '>': write_text(w, "&gt;"); break;
        case '&': write_text(w, "&amp;"); break;
        default: write_u8(w, (uint8_t)*p); break;
        }
    }
    write_format(w, "</%s>\n", name);
}

static void write_parties(struct writer *w, const struct service_settings *s, const struct invoice_row *row)
{
    write_text(w, "<SellerInformation>\n");
    element(w, "SellerIdNum", s->seller_tax_number);
    element(w, "SellerName", s->seller_name);
    write_text(w, "</SellerInformation>\n<BuyerInformation>\n");
    element(w, "BuyerIdNum", row->tax_number);
    element(w, "BuyerName", row->title);
    element(w, "BuyerEmail", row->email);
    write_text(w, "</BuyerInformation>\n");
}

static void write_basic(struct writer *w, const struct service_settings *s, const struct invoice_row *row,
                        const struct figures *f)
{
    char when[CIVIL_TEXT_MAX];
    civil_people(row->created_s, when);
    write_text(w, "<BasicInformation>\n");
    element(w, "TotalAmWithoutTax", f->net);
    element(w, "TotalTaxAm", f->tax);
    element(w, "TotalTax-includedAmount", f->gross);
    element(w, "TotalTax-includedAmountInChinese", f->words);
    element(w, "Drawer", s->brand);
    element(w, "RequestTime", when);
    write_text(w, "</BasicInformation>\n");
}

static void write_item(struct writer *w, const struct service_settings *s, const struct invoice_row *row,
                       const struct figures *f)
{
    write_text(w, "<IssuItemInformation>\n");
    element(w, "ItemName", s->invoice_item);
    element(w, "MeaUnits", "项");
    element(w, "Quantity", row->amount_fen < 0 ? "-1" : "1");
    element(w, "Amount", f->net);
    element(w, "TaxRate", f->rate);
    element(w, "ComTaxAm", f->tax);
    element(w, "TotaltaxIncludedAmount", f->gross);
    element(w, "TaxClassificationCode", s->invoice_code);
    write_text(w, "</IssuItemInformation>\n");
}

struct result invoice_xml(const struct act *act, const struct invoice_row *row, const char *about, const char **ret_xml)
{
    const struct service_settings *s = &act->service->settings;
    char *room = arena_take(act->arena, INVOICE_DOCUMENT_MAX);
    const char *note = remark(act, row, about);
    struct figures f;
    ENSURE(room && note, ERROR_OUT_OF_ROOM);
    TRY(figures_of(act, row, &f));
    struct writer w = writer_of(room, INVOICE_DOCUMENT_MAX - 1);
    write_text(&w, "<EInvoice>\n<Header>\n");
    element(&w, "EIid", row->number);
    element(&w, "EInvoiceTag", "SWEI3200");
    element(&w, "Version", "1.0");
    write_text(&w, "<InherentLabel>\n<InIssuType><LabelCode>Y</LabelCode></InIssuType>\n"
                   "<GeneralOrSpecialVAT><LabelCode>02</LabelCode><LabelName>普通发票</LabelName></GeneralOrSpecialVAT>\n"
                   "</InherentLabel>\n</Header>\n<EInvoiceData>\n");
    write_parties(&w, s, row);
    write_basic(&w, s, row, &f);
    write_item(&w, s, row, &f);
    write_text(&w, "<AdditionalInformation>\n");
    element(&w, "Remark", note);
    write_text(&w, "</AdditionalInformation>\n</EInvoiceData>\n</EInvoice>\n");
    ENSURE(!w.full, ERROR_TOO_LARGE);
    *ret_xml = room;
    return OK;
}

/* ---- CSV ---- */

const char *invoice_csv_head(void)
{
    return "\xEF\xBB\xBF申请编号,发票类型,购买方名称,购买方纳税人识别号,购买方邮箱,项目名称,税收分类编码,金额（不含税）,税率,税额,价税合计,"
           "价税合计（大写）,备注\r\n";
}

static void cell(struct writer *w, const char *value, bool last)
{
    write_u8(w, '"');
    if (*value && strchr("=+@\t", *value)) write_u8(w, '\'');
    for (; *value; value++) {
        if (*value == '"') write_u8(w, '"');
        write_u8(w, (uint8_t)*value);
    }
    write_text(w, last ? "\"\r\n" : "\",");
}

struct result invoice_csv(const struct act *act, const struct invoice_row *row, const char *about,
                          const char **ret_line)
{
    const struct service_settings *s = &act->service->settings;
    char room[8 * 1024];
    struct writer w = writer_of(room, sizeof room);
    struct figures f;
    struct bytes line;
    TRY(figures_of(act, row, &f));
    const char *cells[] = { row->number, row->amount_fen < 0 ? "红字" : "蓝字", row->title, row->tax_number, row->email,
                            s->invoice_item, s->invoice_code, f.net, f.rate, f.tax, f.gross, f.words,
                            remark(act, row, about) };
    for (size_t i = 0; i < COUNT(cells); i++) {
        ENSURE(cells[i], ERROR_OUT_OF_ROOM);
        cell(&w, cells[i], i + 1 == COUNT(cells));
    }
    TRY(writer_end(&w, &line));
    *ret_line = arena_text(act->arena, line);
    ENSURE(*ret_line, ERROR_OUT_OF_ROOM);
    return OK;
}
