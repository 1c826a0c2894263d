/* The form 《国资CA数字证书服务受理表》 as PDF (R-FORM-3): A4, selectable text, vectors only, the same record
 * always the same bytes. */
#pragma once

#include "files/text.h"
#include "ipc/files_api.h"

enum { FORM_PDF_MAX = 8 * 1024 * 1024, FORM_PAGES_MAX = 20 };

struct form_pdf {
    uint8_t *data; /* malloc'd, the caller's */
    size_t size;
    int64_t pages;
};

/* ERROR_FORM_RECORD when a field is absent or a row has no section and label; ERROR_FORM_LONG for more than
 * FORM_PAGES_MAX pages. */
RESULT form_print(struct fonts *fonts, const struct files_print *record, struct diag *diag,
                  struct form_pdf *ret_pdf);
/* Prints a form for nothing, so that every font, size and table is in memory: a process that forks after it
 * prints without opening a file. */
RESULT form_warm(struct fonts *fonts);
