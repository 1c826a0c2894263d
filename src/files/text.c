#include "files/text.h"

#include <fontconfig/fontconfig.h>
#include <math.h>
#include <pango/pangofc-fontmap.h>
#include <stdlib.h>

#define FAMILY "Noto Sans CJK SC"

/* Line pitch in sizes, and where the baseline lies in it so that a character's box stands in the middle. */
static const double PITCH = 1.5, BASELINE = 1.13;

struct fonts {
    FcConfig *config;
    PangoFontMap *map;
    PangoContext *context;
    PangoCoverage *coverage;
};

/* Adds the file that holds the family in this weight. */
static bool add_file(FcConfig *config, int weight)
{
    FcPattern *wanted = FcPatternBuild(NULL, FC_FAMILY, FcTypeString, FAMILY, FC_WEIGHT, FcTypeInteger, weight,
                                       (char *)NULL);
    FcConfigSubstitute(NULL, wanted, FcMatchPattern);
    FcDefaultSubstitute(wanted);
    FcResult status;
    FcPattern *found = FcFontMatch(NULL, wanted, &status);
    FcChar8 *file = NULL, *family = NULL;
    bool added = false;
    for (int i = 0; found && FcPatternGetString(found, FC_FAMILY, i, &family) == FcResultMatch; i++)
        if (strcmp((const char *)family, FAMILY) == 0 &&
            FcPatternGetString(found, FC_FILE, 0, &file) == FcResultMatch)
            added = FcConfigAppFontAddFile(config, file);
    if (found) FcPatternDestroy(found);
    FcPatternDestroy(wanted);
    return added;
}

struct result fonts_load(struct fonts **ret_fonts)
{
    struct fonts *fonts CLEANUP(fonts_free_p) = calloc(1, sizeof *fonts);
    if (!fonts) abort();
    fonts->config = FcConfigCreate();
    ENSURE(add_file(fonts->config, FC_WEIGHT_REGULAR), ERROR_FORM_FONT);
    ENSURE(add_file(fonts->config, FC_WEIGHT_BOLD), ERROR_FORM_FONT);
    fonts->map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
    pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(fonts->map), fonts->config);
    pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(fonts->map), 72);
    fonts->context = pango_font_map_create_context(fonts->map);
    pango_context_set_language(fonts->context, pango_language_from_string("zh-cn"));
    pango_context_set_base_dir(fonts->context, PANGO_DIRECTION_LTR);
    pango_context_set_round_glyph_positions(fonts->context, FALSE);
    /* As on every PDF surface; set here so that the context is the same for all of them. */
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(fonts->context, options);
    cairo_font_options_destroy(options);
    PangoFontDescription *description = pango_font_description_from_string(FAMILY " 10");
    PangoFont *font = pango_font_map_load_font(fonts->map, fonts->context, description);
    pango_font_description_free(description);
    ENSURE(font, ERROR_FORM_FONT);
    fonts->coverage = pango_font_get_coverage(font, pango_context_get_language(fonts->context));
    g_object_unref(font);
    *ret_fonts = TAKE(fonts);
    return OK;
}

void fonts_free(struct fonts *fonts)
{
    if (!fonts) return;
    if (fonts->coverage) g_object_unref(fonts->coverage);
    if (fonts->context) g_object_unref(fonts->context);
    if (fonts->map) g_object_unref(fonts->map);
    if (fonts->config) FcConfigDestroy(fonts->config);
    free(fonts);
}

static bool has_glyph(const struct fonts *fonts, gunichar c)
{
    if (c == '\n' || g_unichar_type(c) == G_UNICODE_SPACE_SEPARATOR) return true;
    /* Chooses between shapes of the character before it; those that the font lacks change nothing. */
    if ((c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF)) return true;
    if (g_unichar_type(c) == G_UNICODE_FORMAT) return false;
    return pango_coverage_get(fonts->coverage, (int)c) == PANGO_COVERAGE_EXACT;
}

char *fonts_printable(struct fonts *fonts, struct arena *arena, const char *text)
{
    enum { WORST = sizeof "〔U+10FFFF〕" };
    size_t room = 1;
    for (const char *p = text; *p; p = g_utf8_next_char(p))
        room += has_glyph(fonts, g_utf8_get_char(p)) ? (size_t)(g_utf8_next_char(p) - p) : WORST;
    char *into = arena_take(arena, room);
    if (!into) return NULL;
    struct writer w = writer_of(into, room);
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (has_glyph(fonts, c))
            write_bytes(&w, bytes_of(p, (size_t)(g_utf8_next_char(p) - p)));
        else
            write_format(&w, "〔U+%04X〕", c);
    }
    return into;
}

void text_block_init(struct text_block *block, struct fonts *fonts, const char *text, struct text_style style,
                     double width)
{
    PangoFontDescription *description = pango_font_description_new();
    pango_font_description_set_family_static(description, FAMILY);
    pango_font_description_set_weight(description, style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_size(description, (int)lround(style.size * PANGO_SCALE));
    PangoLayout *layout = pango_layout_new(fonts->context);
    pango_layout_set_font_description(layout, description);
    pango_font_description_free(description);
    pango_layout_set_auto_dir(layout, FALSE);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_width(layout, (int)lround(width * PANGO_SCALE));
    pango_layout_set_text(layout, text, -1);
    *block = (struct text_block){ layout, style, width, style.size * PITCH, pango_layout_get_line_count(layout) };
}

void text_block_done(struct text_block *block)
{
    g_clear_object(&block->layout);
}

static double line_width(PangoLayoutLine *line)
{
    PangoRectangle logical;
    pango_layout_line_get_extents(line, NULL, &logical);
    return (double)logical.width / PANGO_SCALE;
}

double text_block_breadth(const struct text_block *block)
{
    double breadth = 0;
    for (int i = 0; i < block->lines; i++)
        breadth = fmax(breadth, line_width(pango_layout_get_line_readonly(block->layout, i)));
    return breadth;
}

void text_block_draw(const struct text_block *block, cairo_t *cr, double x, double y, int first, int count)
{
    static const double share[] = { [TEXT_LEFT] = 0, [TEXT_CENTER] = 0.5, [TEXT_RIGHT] = 1 };
    cairo_set_source_rgb(cr, block->style.gray, block->style.gray, block->style.gray);
    for (int i = 0; i < count; i++) {
        PangoLayoutLine *line = pango_layout_get_line_readonly(block->layout, first + i);
        double free = block->width - line_width(line);
        cairo_move_to(cr, x + free * share[block->style.align],
                      y + i * block->pitch + block->style.size * BASELINE);
        pango_cairo_show_layout_line(cr, line);
    }
}
