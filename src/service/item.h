/* What an application consists of, item by item: the fields of its details, its medium, its scans. Reviewers send back
 * items, and only these may then be changed (R-OPS-2, R-FORM-5). Pure. */
#pragma once

#include "base/arena.h"
#include "service/kind.h"

/* The sections of the details, each confirmed by the holder (R-FORM-2): bits of application_row.confirmed. */
enum section { SECTION_ORGANIZATION = 1, SECTION_HOLDER = 2, SECTION_INVOICE = 4 };

struct item {
    const char *name;   /* as the field in api/openapi.json, the section or the scan */
    const char *words;  /* on pages, in notices and on the form */
    const char *within; /* the section that it is part of; NULL: none */
};

enum { ITEM_LIST_MAX = 400 };

/* NULL for a name that is none. */
const struct item *item_find(const char *name);
/* Whether LIST, names joined by commas, has only items that can be sent back for KIND, none twice, and at least one. */
bool item_list_right(enum kind kind, const char *list);
/* Whether LIST has NAME, or the section that it is within. */
bool item_listed(const char *list, const char *name);
/* LIST in words, joined by "、"; "-" for NULL; NULL when the arena is full. */
const char *item_list_words(struct arena *arena, const char *list);
/* The sections of BITS joined by commas; NULL for none. */
const char *item_sections(struct arena *arena, int64_t bits);
