/* The demonstration as a person sees it: one aligned line a step, then the certificate and the login. */
#pragma once

#include "cli/demo_walk.h"

struct demo_print {
    bool english, colour;
    int actor; /* of the line before; -1: none */
};

/* Colour only on a terminal, and not when NO_COLOR is set. */
struct demo_print demo_print_new(bool english);
void demo_print_head(const struct demo_print *print, const struct place *place);
/* STEP is over: with what it told, or failed as R says. */
void demo_print_step(struct demo_print *print, const struct walk_step *step, struct result r, const struct walk *walk,
                     double ms);
/* Certificate, login and how long it all took. */
void demo_print_outcome(const struct demo_print *print, const struct walk *walk, size_t steps, double ms);
/* What failed and what to do about it, on standard error. */
void demo_print_failure(bool english, struct result r, const struct diag *diag);

/* Columns that TEXT takes on a terminal: Chinese characters take two. */
int demo_columns(const char *text);
/* TEXT, then blanks up to WIDTH columns. */
void demo_pad(const char *text, int width);
