/* What may be asked of hufu-files: to look at one upload, or to print one form. Each request is done by a
 * child of its own that sees nothing but the descriptor and ends with its answer. */
#pragma once

#include "ipc/ipc.h"

enum files_message {
    FILES_INSPECT = 0x200, /* files_inspect + descriptor to read → files_inspected */
    FILES_PRINT = 0x201    /* files_print + descriptor to write the PDF to → files_printed */
};

enum { FILES_UPLOAD_MAX = 20 * 1000 * 1000, FILES_PIXELS_MAX = 100 * 1000 * 1000, FILES_PAGES_MAX = 100 };

struct files_inspect {
    int64_t size;
    int64_t ofd; /* 1: an OFD is taken as well (of an invoice); 0: scans only */
};
extern const struct shape files_inspect_shape;

/* Refusals come as errors (ERROR_FILE_…), each with its reason. */
struct files_inspected {
    const char *type;   /* "pdf", "jpeg", "png", "ofd": by content, never by name */
    int64_t pages;      /* of a PDF; 1 for images */
    int64_t width, height; /* pixels; 0 for a PDF */
};
extern const struct shape files_inspected_shape;

/* The form 《国资CA数字证书服务受理表》, or a receipt (收据), which is no invoice and has nothing to sign. The same record
 * always gives the same bytes. */
struct files_print {
    const char *brand;         /* 国资CA */
    const char *number;        /* application number, also in the QR code */
    int64_t revision;
    const char *service_name;  /* 证书申请 */
    const char *code;          /* what the QR code says: number, revision, hash of the fields */
    const char *rows;          /* "section|label|value" a line; a line without '|' is a note of 备注 */
    const char *agreement;     /* its version and date */
    const char *notes;         /* 备注: one attachment a line */
    const char *document;      /* "form" or "receipt"; absent: "form" */
    int64_t printed_s;
};
extern const struct shape files_print_shape;

struct files_printed {
    int64_t size, pages;
    struct bytes sm3;          /* of the PDF */
};
extern const struct shape files_printed_shape;
