/* Text on paper: the one font family, lines broken to a width, drawn line by line. */
#pragma once

#include <cairo.h>
#include <pango/pangocairo.h>

#include "base/arena.h"

struct fonts;

/* Loads Noto Sans CJK SC, regular and bold, and nothing else: ERROR_FORM_FONT when it is not installed.
 * With no other font to fall back to, what is printed does not depend on what the machine has. */
RESULT fonts_load(struct fonts **ret_fonts);
void fonts_free(struct fonts *fonts);
static inline void fonts_free_p(struct fonts **fonts)
{
    fonts_free(*fonts);
}

/* TEXT with every character that the font has no glyph for, and every invisible one that could change what
 * the others seem to say, written as 〔U+2A6D6〕. NULL when the arena is full. */
char *fonts_printable(struct fonts *fonts, struct arena *arena, const char *text);

enum text_align { TEXT_LEFT, TEXT_CENTER, TEXT_RIGHT };

struct text_style {
    double size; /* points */
    bool bold;
    double gray; /* 0 black … 1 white */
    enum text_align align;
};

/* A paragraph broken into lines of WIDTH points. */
struct text_block {
    PangoLayout *layout;
    struct text_style style;
    double width, pitch; /* from line to line */
    int lines;
};

void text_block_init(struct text_block *block, struct fonts *fonts, const char *text, struct text_style style,
                     double width);
void text_block_done(struct text_block *block);
static inline double text_block_height(const struct text_block *block)
{
    return block->lines * block->pitch;
}
/* The widest line. */
double text_block_breadth(const struct text_block *block);
/* Draws COUNT lines from line FIRST with the upper left corner at X, Y. */
void text_block_draw(const struct text_block *block, cairo_t *cr, double x, double y, int first, int count);
