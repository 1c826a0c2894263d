/* Looks at one upload and says what it is, by content and never by name (R-FORM-4). Whatever is not wholly
 * understood as a plain scan is refused with its own reason: the reviewer's browser opens these files.
 * Strict parsers of our own, no decoding of pixels, no I/O, memory within a ceiling. */
#pragma once

#include "ipc/files_api.h"

/* FILE is the whole upload. Refusals are ERROR_FILE_…, with the place in DIAG's log text. The texts of
 * RET_INSPECTED are constants. */
RESULT inspect_file(struct bytes file, struct diag *diag, struct files_inspected *ret_inspected);

/* The same for a file of an invoice, which may be an OFD as well (GB/T 33190): its ZIP is looked at, nothing is
 * inflated. */
RESULT inspect_invoice(struct bytes file, struct diag *diag, struct files_inspected *ret_inspected);

/* ---- its parts, one file each ---- */

/* FILE begins with the magic of the kind. */
RESULT inspect_png(struct bytes file, struct diag *diag, struct files_inspected *ret_inspected);
RESULT inspect_jpeg(struct bytes file, struct diag *diag, struct files_inspected *ret_inspected);
RESULT inspect_pdf(struct bytes file, struct diag *diag, struct files_inspected *ret_inspected);

/* ERROR_FILE_PIXELS when an image of WIDTH × HEIGHT is larger than FILES_PIXELS_MAX. */
RESULT inspect_pixels(int64_t width, int64_t height, struct diag *diag);
/* ERROR_FILE_POLYGLOT when TEXT (metadata, comments) begins a web page or script for some program. */
RESULT inspect_text(struct bytes text, struct diag *diag);
