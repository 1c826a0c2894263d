/* The structure of a PDF (ISO 32000-1 §7), read strictly and only as far as the inspection needs: values,
 * objects, object streams, cross references. Nothing is repaired: where viewers would guess, it refuses,
 * since they guess differently. Values live in the arena that was passed in and point into the file. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"

enum { PDF_DEPTH_MAX = 64, PDF_NAME_MAX = 512, PDF_COMMENT_MAX = 256, PDF_OBJECTS_MAX = 200 * 1000,
       PDF_SECTIONS_MAX = 64, PDF_INFLATED_MAX = 32 * 1024 * 1024, PDF_INFLATED_TOTAL_MAX = 96 * 1024 * 1024 };

/* ---- values, §7.3 ---- */

enum pdf_kind { PDF_NULL, PDF_BOOLEAN, PDF_INTEGER, PDF_REAL, PDF_STRING, PDF_NAME, PDF_ARRAY, PDF_DICTIONARY,
                PDF_REFERENCE };

struct pdf_value {
    enum pdf_kind kind;
    int64_t number, generation; /* of an integer or a reference */
    struct bytes text;          /* a name with its #xx decoded; a string as it is written */
    struct bytes key;           /* its own key, when it stands in a dictionary */
    struct pdf_value *first;    /* of an array or dictionary */
    struct pdf_value *next;     /* the next one in the same array or dictionary */
};

/* A place in bytes that are read as PDF. */
struct pdf_reader {
    struct bytes data;
    size_t at;
    struct arena *arena;
    struct diag *diag;
};

bool pdf_is_space(int c);
/* Steps over white space and comments. A comment that is long or holds a web page is refused. */
RESULT pdf_skip(struct pdf_reader *r);
/* The word is next (and ends there); steps over it. */
bool pdf_word(struct pdf_reader *r, const char *word);
/* A number without sign, at most 10 digits. */
RESULT pdf_unsigned(struct pdf_reader *r, int64_t *ret_number);
/* One value. A key that stands twice in a dictionary is refused. */
RESULT pdf_value_parse(struct pdf_reader *r, struct pdf_value **ret_value);
/* Says what is wrong and where. */
struct result pdf_broken(const struct pdf_reader *r, const char *why);

/* NULL when DICTIONARY (may be NULL or another kind) has no such key. */
const struct pdf_value *pdf_get(const struct pdf_value *dictionary, const char *key);
bool pdf_is_name(const struct pdf_value *value, const char *name); /* value may be NULL */
/* The integer under KEY; FALLBACK when there is none. */
int64_t pdf_get_integer(const struct pdf_value *dictionary, const char *key, int64_t fallback);

/* ---- the file ---- */

enum pdf_entry_kind { PDF_ENTRY_NONE, PDF_ENTRY_FREE, PDF_ENTRY_OFFSET, PDF_ENTRY_PACKED };

struct pdf_entry {
    enum pdf_entry_kind kind;
    uint32_t generation; /* PACKED: the index in its object stream */
    uint64_t place;      /* offset; PACKED: the number of its object stream */
};

struct pdf_packed {
    struct pdf_packed *next;
    int64_t number;
    struct bytes data; /* inflated */
    size_t count;
    const int64_t *numbers;
    const size_t *offsets;
};

struct pdf {
    struct bytes file;
    struct arena *arena; /* for what lasts */
    struct diag *diag;
    struct pdf_entry *entries; /* PDF_OBJECTS_MAX of them, by object number */
    const struct pdf_value *trailer; /* the newest */
    size_t sections[PDF_SECTIONS_MAX], section_count; /* where the cross references stand */
    struct pdf_packed *packed; /* the object streams that were opened so far */
    size_t inflated;           /* bytes in all */
    int depth;                 /* of resolving in resolving */
    bool hybrid;               /* reading the stream of a hybrid file's table */
};

struct pdf_object {
    int64_t number, generation;
    size_t start, end; /* in the file, "endobj" included */
    struct pdf_value *value;
    bool is_stream;
    struct bytes stream; /* as it is stored */
};

/* Reads the cross references from the last "startxref" back through every /Prev. */
RESULT pdf_open(struct pdf *pdf, size_t startxref);
/* The object that begins at offset AT. */
RESULT pdf_object_at(struct pdf *pdf, size_t at, struct arena *arena, struct pdf_object *ret_object);
/* What VALUE stands for: the object it refers to (a null value when there is none), or itself. */
RESULT pdf_resolve(struct pdf *pdf, const struct pdf_value *value, struct arena *arena,
                   const struct pdf_value **ret_value);
/* The objects inside OBJECT, an object stream; opened once and kept. */
RESULT pdf_unpack(struct pdf *pdf, const struct pdf_object *object, const struct pdf_packed **ret_packed);
/* The entry's object stream. */
RESULT pdf_packed_of(struct pdf *pdf, uint64_t number, const struct pdf_packed **ret_packed);
RESULT pdf_packed_value(struct pdf *pdf, const struct pdf_packed *packed, size_t index, struct arena *arena,
                        struct pdf_value **ret_value);
/* Steps over "xref", its entries, "trailer"; RET_TRAILER is the dictionary. NOTE says whether the entries
 * are put down in pdf->entries. */
RESULT pdf_table(struct pdf *pdf, struct pdf_reader *r, bool note, struct pdf_value **ret_trailer);

/* The content of OBJECT, stored plain or by FlateDecode with or without a predictor; anything else is
 * ERROR_FILE_PDF_OPAQUE. At most PDF_INFLATED_MAX bytes, from pdf->arena. */
RESULT pdf_decode(struct pdf *pdf, const struct pdf_object *object, struct bytes *ret_content);
