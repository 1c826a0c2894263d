#include "files/form.h"

#include <cairo-pdf.h>
#include <math.h>
#include <qrencode.h>
#include <stdlib.h>

#include "base/clock.h"

/* Points. The width of the content is four columns: label, value, label, value. */
static const double PAGE_W = 595.276, PAGE_H = 841.89, LEFT = 48, TOP = 42, BOTTOM = 799, WIDTH = 499.276,
                    LABEL = 88, PAD_X = 7, PAD_Y = 3.5, QR = 72, GAP = 6, ROW = 20, HEADING = 19;
static const double INK = 0.13;
enum { ROWS_MAX = 400 };

static const struct text_style TITLE = { 20, true, 0.05, TEXT_CENTER }, SUBTITLE = { 11.5, false, 0.2, TEXT_CENTER },
                               HEAD = { 10.5, true, 0.05, TEXT_LEFT }, LABEL_TEXT = { 9, false, 0.25, TEXT_CENTER },
                               VALUE = { 10, false, 0, TEXT_LEFT }, SMALL = { 9, false, 0.1, TEXT_LEFT },
                               FAINT = { 8.5, false, 0.62, TEXT_CENTER }, NUMBER = { 8, false, 0, TEXT_CENTER },
                               FOOT_L = { 7.5, false, 0.4, TEXT_LEFT }, FOOT_C = { 7.5, false, 0.4, TEXT_CENTER },
                               FOOT_R = { 7.5, false, 0.4, TEXT_RIGHT }, DATE = { 9.5, false, 0.1, TEXT_RIGHT };

struct row {
    const char *section, *label, *value;
};

struct form {
    struct fonts *fonts;
    struct arena *arena;
    const struct files_print *record;
    const char *number, *title, *printed;
    bool receipt; /* nothing to sign, nothing to come along */
    struct row rows[ROWS_MAX];
    size_t row_count;
    const char *notes[ROWS_MAX];
    size_t note_count;
    cairo_t *cr;
    double y, frame; /* frame: where the open table begins on this page; 0 for none */
    int page, pages; /* pages: 0 while they are being counted */
    bool failed;     /* out of room */
};

/* ---- drawing ---- */

static const char *say(struct form *f, const char *text)
{
    char *printable = fonts_printable(f->fonts, f->arena, text);
    if (!printable) f->failed = true;
    return printable ? printable : "";
}

/* One block of text; how far down it reaches. */
static double put(struct form *f, const char *text, struct text_style style, double x, double y, double width)
{
    struct text_block block CLEANUP(text_block_done);
    text_block_init(&block, f->fonts, say(f, text), style, width);
    text_block_draw(&block, f->cr, x, y, 0, block.lines);
    return y + text_block_height(&block);
}

static void fill(struct form *f, double x, double y, double w, double h, double r, double g, double b)
{
    cairo_set_source_rgb(f->cr, r, g, b);
    cairo_rectangle(f->cr, x, y, w, h);
    cairo_fill(f->cr);
}

static void box(struct form *f, double x, double y, double w, double h)
{
    cairo_set_line_width(f->cr, 0.5);
    cairo_set_source_rgb(f->cr, 0.55, 0.59, 0.66);
    cairo_rectangle(f->cr, x, y, w, h);
    cairo_stroke(f->cr);
}

static void frame_open(struct form *f)
{
    f->frame = f->y;
}

static void frame_close(struct form *f)
{
    if (f->frame > 0 && f->y > f->frame) {
        cairo_set_line_width(f->cr, 1);
        cairo_set_source_rgb(f->cr, INK, INK, INK);
        cairo_rectangle(f->cr, LEFT, f->frame, WIDTH, f->y - f->frame);
        cairo_stroke(f->cr);
    }
    f->frame = 0;
}

static const char *format(struct form *f, const char *pattern, ...) __attribute__((format(printf, 2, 3)));
static const char *format(struct form *f, const char *pattern, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, pattern);
    vsnprintf(text, sizeof text, pattern, ap);
    va_end(ap);
    const char *copy = arena_text(f->arena, bytes_text(text));
    if (!copy) f->failed = true;
    return copy ? copy : "";
}

/* ---- pages ---- */

static void page_foot(struct form *f)
{
    double y = BOTTOM + 10;
    fill(f, LEFT, y, WIDTH, 0.5, 0.7, 0.72, 0.76);
    put(f, f->receipt ? format(f, "受理单号 %s", f->number)
                      : format(f, "受理单号 %s · 第 %lld 版", f->number, (long long)f->record->revision),
        FOOT_L, LEFT, y + 3, WIDTH);
    put(f, format(f, "第 %d 页 / 共 %d 页", f->page, f->pages), FOOT_C, LEFT, y + 3, WIDTH);
    put(f, format(f, "%s %s", f->receipt ? "开具时间" : "打印时间", f->printed), FOOT_R, LEFT, y + 3, WIDTH);
}

static void page_next(struct form *f)
{
    bool open = f->frame > 0;
    frame_close(f);
    page_foot(f);
    cairo_show_page(f->cr);
    f->page++;
    f->y = TOP;
    put(f, format(f, "%s（续）", f->title), SMALL, LEFT, f->y - 12, WIDTH);
    put(f, f->number, FOOT_R, LEFT, f->y - 11, WIDTH);
    f->y += 8;
    if (open) frame_open(f);
}

/* Begins a page unless HEIGHT is left on this one. */
static void need(struct form *f, double height)
{
    if (f->y + height > BOTTOM) page_next(f);
}

static void draw_code(struct form *f, double x, double y, double side)
{
    QRcode *code = QRcode_encodeString8bit(f->record->code, 0, QR_ECLEVEL_M);
    if (!code) {
        f->failed = true;
        return;
    }
    double module = side / code->width;
    cairo_set_source_rgb(f->cr, 0, 0, 0);
    for (int row = 0; row < code->width; row++)
        for (int from = 0, to; from < code->width; from = to + 1) {
            for (to = from; to < code->width && (code->data[row * code->width + to] & 1);) to++;
            if (to > from)
                cairo_rectangle(f->cr, x + from * module, y + row * module, (to - from) * module, module);
        }
    cairo_fill(f->cr); /* one path, so that no seam shows between modules */
    QRcode_free(code);
}

static void draw_top(struct form *f)
{
    double x = LEFT + WIDTH - QR;
    fill(f, LEFT, TOP, 30, 3, 0.12, 0.23, 0.37);
    put(f, f->record->brand, HEAD, LEFT, TOP + 6, 120);
    put(f, f->title, TITLE, LEFT, TOP + 12, WIDTH);
    const char *under = f->receipt ? f->record->service_name : format(f, "业务类型：%s", f->record->service_name);
    put(f, under, SUBTITLE, LEFT, TOP + 45, WIDTH);
    draw_code(f, x, TOP - 8, QR);
    put(f, f->number, NUMBER, x - 20, TOP - 8 + QR + 5, QR + 40);
    f->y = TOP + QR + 12;
}

/* ---- tables ---- */

static void head(struct form *f, const char *text)
{
    fill(f, LEFT, f->y, WIDTH, HEADING, 0.89, 0.92, 0.955);
    box(f, LEFT, f->y, WIDTH, HEADING);
    fill(f, LEFT, f->y, 3.5, HEADING, 0.12, 0.23, 0.37);
    put(f, text, HEAD, LEFT + 11, f->y + (HEADING - HEAD.size * 1.5) / 2, WIDTH - 20);
    f->y += HEADING;
}

static void cell_label(struct form *f, const char *text, double x, double height)
{
    struct text_block block CLEANUP(text_block_done);
    fill(f, x, f->y, LABEL, height, 0.957, 0.965, 0.976);
    box(f, x, f->y, LABEL, height);
    text_block_init(&block, f->fonts, say(f, text), LABEL_TEXT, LABEL - 8);
    text_block_draw(&block, f->cr, x + 4, f->y + (height - text_block_height(&block)) / 2, 0, block.lines);
}

static double label_height(struct form *f, const char *text)
{
    struct text_block block CLEANUP(text_block_done);
    text_block_init(&block, f->fonts, say(f, text), LABEL_TEXT, LABEL - 8);
    return text_block_height(&block) + 2 * PAD_Y;
}

static void cell_value(struct form *f, const struct text_block *block, double x, double width, double height,
                       int first, int count)
{
    box(f, x, f->y, width, height);
    text_block_draw(block, f->cr, x + PAD_X, f->y + (height - count * block->pitch) / 2, first, count);
}

/* Whether it stands on one line in half the width. */
static bool is_short(struct form *f, const struct row *row)
{
    struct text_block block CLEANUP(text_block_done);
    text_block_init(&block, f->fonts, say(f, row->value), VALUE, WIDTH);
    return block.lines == 1 && text_block_breadth(&block) <= WIDTH / 2 - LABEL - 2 * PAD_X;
}

static void row_pair(struct form *f, const struct row *left, const struct row *right)
{
    double height = fmax(ROW, fmax(label_height(f, left->label), label_height(f, right->label)));
    need(f, height);
    for (int i = 0; i < 2; i++) {
        const struct row *row = i ? right : left;
        double x = LEFT + i * WIDTH / 2, width = WIDTH / 2 - LABEL;
        struct text_block block CLEANUP(text_block_done);
        text_block_init(&block, f->fonts, say(f, row->value), VALUE, width - 2 * PAD_X);
        cell_label(f, row->label, x, height);
        cell_value(f, &block, x + LABEL, width, height, 0, block.lines);
    }
    f->y += height;
}

/* A row over the whole width; what does not fit on the page goes on on the next. */
static void row_wide(struct form *f, const struct row *row)
{
    struct text_block block CLEANUP(text_block_done);
    double least = label_height(f, row->label), width = WIDTH - LABEL;
    text_block_init(&block, f->fonts, say(f, row->value), VALUE, width - 2 * PAD_X);
    for (int first = 0; first < block.lines;) {
        int left = block.lines - first, some = left < 3 ? left : 3;
        need(f, fmax(least, some * block.pitch + 2 * PAD_Y));
        int fit = (int)((BOTTOM - f->y - 2 * PAD_Y) / block.pitch);
        int count = left < fit ? left : fit;
        double height = fmax(fmax(ROW, least), count * block.pitch + 2 * PAD_Y);
        cell_label(f, first ? format(f, "%s（续）", row->label) : row->label, LEFT, height);
        cell_value(f, &block, LEFT + LABEL, width, height, first, count);
        f->y += height;
        first += count;
        if (first < block.lines) page_next(f);
    }
}

static void draw_rows(struct form *f)
{
    for (size_t i = 0; i < f->row_count; i++) {
        const struct row *row = &f->rows[i], *next = i + 1 < f->row_count ? row + 1 : NULL;
        if (i == 0 || !text_equal(row->section, row[-1].section)) {
            if (i) f->y += GAP;
            need(f, HEADING + 2 * ROW); /* a heading does not stand alone at the end of a page */
            frame_open(f);
            head(f, row->section);
        }
        if (next && text_equal(next->section, row->section) && is_short(f, row) && is_short(f, next)) {
            row_pair(f, row, next);
            i++;
            next++;
        } else {
            row_wide(f, row);
        }
        const struct row *after = i + 1 < f->row_count ? &f->rows[i + 1] : NULL;
        if (!after || !text_equal(after->section, row->section)) frame_close(f);
    }
}

/* What has to come along, each with a box to tick. */
static void draw_notes(struct form *f)
{
    f->y += GAP;
    need(f, HEADING + 2 * ROW);
    frame_open(f);
    head(f, "备注：须随本表提交的材料");
    for (size_t i = 0; i < f->note_count; i++) {
        struct text_block block CLEANUP(text_block_done);
        double pad = 2, x = LEFT + PAD_X;
        text_block_init(&block, f->fonts, say(f, format(f, "%zu. %s", i + 1, f->notes[i])), SMALL,
                        WIDTH - 2 * PAD_X - 16);
        double height = text_block_height(&block);
        need(f, height + 2 * pad);
        if (i == 0) f->y += 2;
        box(f, x + 1, f->y + pad + 3, 8, 8);
        text_block_draw(&block, f->cr, x + 16, f->y + pad, 0, block.lines);
        f->y += height + 2 * pad;
    }
    f->y += 2;
    frame_close(f);
}

/* ---- what is signed ---- */

static void draw_declaration(struct form *f)
{
    const char *text = format(
        f,
        "1. 本表所填信息及所附材料真实、完整、有效；发生变更时及时办理变更手续，因信息不实造成的后果由申请单位承担。\n"
        "2. 申请单位和使用人已阅读、理解并同意《电子认证服务协议》（%s）。\n"
        "3. 使用人妥善保管证书介质及口令，不转借他人；介质遗失、损坏或怀疑私钥泄露时立即申请吊销。",
        f->record->agreement);
    struct text_block block CLEANUP(text_block_done);
    text_block_init(&block, f->fonts, say(f, text), SMALL, WIDTH - 2 * PAD_X);
    double height = text_block_height(&block) + 8, sign = 92, half = WIDTH / 2;
    f->y += GAP;
    need(f, HEADING + height + sign);
    frame_open(f);
    head(f, "申请单位与使用人声明");
    text_block_draw(&block, f->cr, LEFT + PAD_X, f->y + 4, 0, block.lines);
    f->y += height;
    static const char *const who[] = { "使用人签字：", "申请单位公章：" };
    static const char *const hint[] = { "（由使用人本人签字）", "（加盖单位公章）" };
    for (int i = 0; i < 2; i++) {
        double x = LEFT + i * half;
        box(f, x, f->y, half, sign);
        put(f, who[i], VALUE, x + PAD_X, f->y + 6, half - 2 * PAD_X);
        put(f, hint[i], FAINT, x, f->y + sign / 2 - 8, half);
        put(f, "日期：          年      月      日", DATE, x, f->y + sign - 21, half - PAD_X - 4);
    }
    f->y += sign;
    frame_close(f);
}

static void draw_office(struct form *f)
{
    static const char *const who[] = { "受理人：", "审核人：", "制证人：" };
    const double opinion = 24, sign = 38, third = WIDTH / 3;
    f->y += GAP;
    need(f, HEADING + opinion + sign);
    frame_open(f);
    head(f, format(f, "以下由 %s 填写", f->record->brand));
    cell_label(f, "审核意见", LEFT, opinion);
    box(f, LEFT + LABEL, f->y, WIDTH - LABEL, opinion);
    f->y += opinion;
    for (int i = 0; i < 3; i++) {
        double x = LEFT + i * third;
        box(f, x, f->y, third, sign);
        put(f, who[i], SMALL, x + PAD_X, f->y + 4, third - 2 * PAD_X);
        put(f, "日期：      年     月     日", DATE, x, f->y + sign - 19, third - PAD_X);
    }
    f->y += sign;
    frame_close(f);
}

/* Whom it is from, and once more what it is not. */
static void draw_receipt_end(struct form *f)
{
    f->y += 2 * GAP;
    put(f, "本收据仅证明已收到上述款项，不是发票，不得作为税务凭证。电子发票另行开具。", SMALL, LEFT, f->y, WIDTH);
    put(f, format(f, "%s　%s", f->record->brand, f->printed), DATE, LEFT, f->y + 2 * ROW, WIDTH);
}

static void draw_all(struct form *f)
{
    f->page = 1;
    f->frame = 0;
    draw_top(f);
    draw_rows(f);
    if (f->receipt) {
        draw_receipt_end(f);
    } else {
        draw_notes(f);
        draw_declaration(f);
        draw_office(f);
    }
    page_foot(f);
    cairo_show_page(f->cr);
}

/* ---- the record ---- */

static struct result parse_note(struct form *f, struct bytes line, struct diag *diag)
{
    ENSURE(f->note_count < ROWS_MAX, ERROR_FORM_LONG);
    f->notes[f->note_count++] = arena_text(f->arena, line);
    return OK;
}

static struct result parse_row(struct form *f, struct bytes line, struct diag *diag)
{
    const uint8_t *one = memchr(line.ptr, '|', line.len);
    if (!one) return parse_note(f, line, diag);
    size_t section = (size_t)(one - line.ptr), left = line.len - section - 1;
    const uint8_t *two = memchr(one + 1, '|', left);
    if (!two || section == 0 || two == one + 1) return diag_log(diag, ERROR_FORM_RECORD, "row without label");
    ENSURE(f->row_count < ROWS_MAX, ERROR_FORM_LONG);
    size_t label = (size_t)(two - one) - 1;
    f->rows[f->row_count++] = (struct row){ arena_text(f->arena, bytes_of(line.ptr, section)),
                                            arena_text(f->arena, bytes_of(one + 1, label)),
                                            arena_text(f->arena, bytes_of(two + 1, left - label - 1)) };
    return OK;
}

static struct result each_line(struct form *f, const char *text, struct diag *diag,
                               struct result (*parse)(struct form *, struct bytes, struct diag *))
{
    for (const char *p = text, *end; *p; p = *end ? end + 1 : end) {
        end = strchrnul(p, '\n');
        if (end > p) TRY(parse(f, bytes_of(p, (size_t)(end - p)), diag));
    }
    return OK;
}

static struct result read_record(struct form *f, struct diag *diag)
{
    const struct files_print *r = f->record;
    if (!r->brand || !r->number || !r->service_name || !r->code || !r->rows || !r->agreement)
        return diag_log(diag, ERROR_FORM_RECORD, "a field is absent");
    TRY(each_line(f, r->rows, diag, parse_row));
    if (r->notes) TRY(each_line(f, r->notes, diag, parse_note));
    char printed[CIVIL_TEXT_MAX];
    civil_people(r->printed_s, printed);
    f->printed = format(f, "%s", printed);
    f->number = r->number;
    f->receipt = r->document && text_equal(r->document, "receipt");
    f->title = f->receipt ? "收据（非发票）" : format(f, "%s数字证书服务受理表", r->brand);
    ENSURE(!f->failed, ERROR_FORM_LONG);
    return OK;
}

/* ---- the file ---- */

struct sink {
    uint8_t *data;
    size_t size;
};

static cairo_status_t sink_write(void *closure, const unsigned char *data, unsigned int len)
{
    struct sink *sink = closure;
    if (sink->size + len > FORM_PDF_MAX) return CAIRO_STATUS_WRITE_ERROR;
    memcpy(sink->data + sink->size, data, len);
    sink->size += len;
    return CAIRO_STATUS_SUCCESS;
}

static void name_file(struct form *f, cairo_surface_t *surface)
{
    struct civil c = civil_shanghai(f->record->printed_s);
    const char *date = format(f, "%04d-%02d-%02dT%02d:%02d:%02d+08:00", c.year, c.month, c.day, c.hour, c.minute,
                              c.second);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, date);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, format(f, "%s %s", f->title, f->number));
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, f->record->brand);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, f->record->service_name);
}

/* Draws the whole form; to nowhere when SINK is NULL, which counts the pages. */
static struct result draw(struct form *f, struct sink *sink)
{
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(sink ? sink_write : NULL, sink, PAGE_W, PAGE_H);
    cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_5);
    name_file(f, surface);
    f->cr = cairo_create(surface);
    draw_all(f);
    cairo_surface_finish(surface);
    cairo_status_t status = cairo_surface_status(surface);
    if (status == CAIRO_STATUS_SUCCESS) status = cairo_status(f->cr);
    cairo_destroy(f->cr);
    cairo_surface_destroy(surface);
    ENSURE(!f->failed && status == CAIRO_STATUS_SUCCESS && f->page <= FORM_PAGES_MAX, ERROR_FORM_LONG);
    return OK;
}

static void free_p(uint8_t **p)
{
    free(*p);
}

struct result form_print(struct fonts *fonts, const struct files_print *record, struct diag *diag,
                         struct form_pdf *ret_pdf)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(4 * 1024 * 1024);
    struct form *f = ARENA_NEW(arena, struct form);
    *f = (struct form){ .fonts = fonts, .arena = arena, .record = record };
    TRY(read_record(f, diag));
    TRY(draw(f, NULL));
    f->pages = f->page;
    uint8_t *data CLEANUP(free_p) = malloc(FORM_PDF_MAX);
    if (!data) abort();
    struct sink sink = { data, 0 };
    TRY(draw(f, &sink));
    *ret_pdf = (struct form_pdf){ TAKE(data), sink.size, f->pages };
    return OK;
}

struct result form_warm(struct fonts *fonts)
{
    static const struct files_print sample = { .brand = "国资CA", .number = "20260101000000019", .revision = 1,
                                               .service_name = "证书申请", .code = "HUFU 1",
                                               .rows = "申请单位信息|单位名称|示例\n单位|注册地址|"
                                                       "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十",
                                               .agreement = "2026-01", .notes = "证件" };
    struct form_pdf pdf;
    TRY(form_print(fonts, &sample, NULL, &pdf));
    free(pdf.data);
    return OK;
}
