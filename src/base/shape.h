/* The shape of a record, described once as data: the fields of a plain struct with their kinds and
 * limits. From the same table a record is written as bytes (messages, journal), bound to SQL parameters
 * and columns, and turned into JSON. So there is one place where a field is listed.
 *
 *   struct person { struct id id; const char *name; int64_t born_s; struct bytes certificate; };
 *   static const struct shape_field fields[] = {
 *       SHAPE_ID(struct person, id), SHAPE_TEXT(struct person, name, 100),
 *       SHAPE_INT(struct person, born_s), SHAPE_BYTES(struct person, certificate, 4096) };
 *   const struct shape person_shape = SHAPE("person", struct person, fields);
 *
 * Kinds: int (int64_t), text (const char *, plain UTF-8 with line feeds allowed; NULL is "absent" and
 * differs from ""), bytes (struct bytes; ptr NULL with len 0 is absent), id (struct id; all zero is none). */
#pragma once

#include "base/text.h"

enum shape_kind { SHAPE_KIND_INT, SHAPE_KIND_TEXT, SHAPE_KIND_BYTES, SHAPE_KIND_ID };

struct shape_field {
    const char *name; /* as in SQL and JSON */
    enum shape_kind kind;
    size_t offset;
    size_t max; /* bytes, for text and bytes */
};

struct shape {
    const char *name;
    const struct shape_field *fields;
    size_t count, size;
};

#define SHAPE_INT(type, field) { #field, SHAPE_KIND_INT, offsetof(type, field), 0 }
#define SHAPE_TEXT(type, field, max) { #field, SHAPE_KIND_TEXT, offsetof(type, field), (max) }
#define SHAPE_BYTES(type, field, max) { #field, SHAPE_KIND_BYTES, offsetof(type, field), (max) }
#define SHAPE_ID(type, field) { #field, SHAPE_KIND_ID, offsetof(type, field), 0 }
#define SHAPE(name, type, fields) { (name), (fields), COUNT(fields), sizeof(type) }

/* Where FIELD lies in RECORD. */
static inline void *shape_at(const struct shape_field *field, void *record)
{
    return (char *)record + field->offset;
}
static inline const void *shape_at_const(const struct shape_field *field, const void *record)
{
    return (const char *)record + field->offset;
}

/* Writes every field in order. A text or bytes over its limit makes the writer full. */
void shape_write(const struct shape *shape, const void *record, struct writer *w);
/* Reads what shape_write wrote into RECORD (shape->size bytes), texts copied into ARENA, bytes as views
 * of what is read. ERROR_MALFORMED for a length over its limit, text that is not plain or cut bytes;
 * ERROR_OUT_OF_ROOM. Does not ask for the end: more may follow. RECORD is untouched on failure. */
RESULT shape_read(const struct shape *shape, struct reader *r, struct arena *arena, void *record);
