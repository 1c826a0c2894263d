#include "signer/operators.h"

#include <stdlib.h>

#include "base/text.h"

enum { ROLES_TEXT_MAX = 64, TEXT_MAX = OPERATORS_MAX * (OPERATOR_SERIAL_MAX + ROLES_TEXT_MAX + OPERATOR_NAME_MAX + 4) };

struct operators {
    struct operator *all;
    size_t count;
};

struct operators *operators_new(void)
{
    struct operators *o = calloc(1, sizeof *o);
    if (!o || !(o->all = calloc(OPERATORS_MAX, sizeof *o->all))) abort();
    return o;
}

void operators_free(struct operators *operators)
{
    if (!operators) return;
    free(operators->all);
    free(operators);
}

const struct operator *operators_find(const struct operators *operators, const char *serial)
{
    for (size_t i = 0; i < operators->count; i++)
        if (text_equal(operators->all[i].serial, serial)) return &operators->all[i];
    return NULL;
}

size_t operators_count(const struct operators *operators)
{
    return operators->count;
}

const struct operator *operators_at(const struct operators *operators, size_t at)
{
    return &operators->all[at];
}

bool operators_full(const struct operators *operators)
{
    return operators->count == OPERATORS_MAX;
}

struct result operators_add(struct operators *operators, const struct operator *operator)
{
    ENSURE(!operators_find(operators, operator->serial), ERROR_REGISTER_CHANGE);
    ENSURE(!operators_full(operators), ERROR_REGISTER_FULL);
    operators->all[operators->count++] = *operator;
    return OK;
}

struct result operators_remove(struct operators *operators, const char *serial)
{
    const struct operator *found = operators_find(operators, serial);
    ENSURE(found, ERROR_OPERATOR_UNKNOWN);
    operators->all[found - operators->all] = operators->all[--operators->count];
    return OK;
}

bool operators_same(const struct operator *a, const struct operator *b)
{
    return text_equal(a->name, b->name) || text_equal(a->serial, b->serial) ||
           bytes_equal(BYTES(a->key.point), BYTES(b->key.point));
}

static bool counts(const struct operator *o, int64_t time_s, const char *without)
{
    return (o->roles & ROLE_ADMINISTRATOR) && o->not_before_s <= time_s && time_s <= o->not_after_s &&
           !(without && text_equal(o->serial, without));
}

size_t operators_administrators(const struct operators *operators, int64_t time_s, const char *without)
{
    size_t persons = 0;
    for (size_t i = 0; i < operators->count; i++) {
        const struct operator *o = &operators->all[i];
        bool seen = !counts(o, time_s, without);
        /* One person with two certificates is one administrator. */
        for (size_t k = 0; k < i && !seen; k++)
            seen = counts(&operators->all[k], time_s, without) && operators_same(o, &operators->all[k]);
        persons += !seen;
    }
    return persons;
}

struct result operators_text(const struct operators *operators, struct arena *arena, const char **ret_text)
{
    struct writer w = writer_of(malloc(TEXT_MAX), TEXT_MAX);
    if (!w.ptr) abort();
    for (size_t i = 0; i < operators->count; i++) {
        write_text(&w, operators->all[i].serial);
        write_u8(&w, ' ');
        roles_write(operators->all[i].roles, &w);
        write_u8(&w, ' ');
        write_text(&w, operators->all[i].name);
        write_u8(&w, '\n');
    }
    const char *text = arena_text(arena, bytes_of(w.ptr, w.len));
    free(w.ptr);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    *ret_text = text;
    return OK;
}

/* ---- snapshot ---- */

void operators_write(const struct operators *operators, struct snapshot_out *out)
{
    snapshot_u64(out, operators->count);
    for (size_t i = 0; i < operators->count; i++) {
        const struct operator *o = &operators->all[i];
        snapshot_bytes(out, BYTES(o->name));
        snapshot_bytes(out, BYTES(o->serial));
        snapshot_u64(out, o->roles);
        snapshot_u64(out, (uint64_t)o->not_before_s);
        snapshot_u64(out, (uint64_t)o->not_after_s);
        snapshot_bytes(out, BYTES(o->key.point));
    }
}

struct result operators_read(struct reader *r, struct operators *operators)
{
    uint64_t count = read_u64(r);
    ENSURE(!r->bad && count <= OPERATORS_MAX, ERROR_MALFORMED);
    for (uint64_t i = 0; i < count; i++) {
        struct operator o;
        uint8_t point[SM2_POINT_SIZE];
        read_copy(r, o.name, sizeof o.name);
        read_copy(r, o.serial, sizeof o.serial);
        o.roles = (unsigned)read_u64(r);
        o.not_before_s = (int64_t)read_u64(r);
        o.not_after_s = (int64_t)read_u64(r);
        read_copy(r, point, sizeof point);
        ENSURE(!r->bad && !failed(sm2_public_init(&o.key, point)), ERROR_MALFORMED);
        operators->all[operators->count++] = o;
    }
    return OK;
}

/* ---- roles ---- */

static const char *const names[] = { "administrator", "reviewer", "producer", "finance", "auditor" };

static unsigned find_role(struct bytes word)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (bytes_equal(word, bytes_text(names[i]))) return 1u << i;
    return 0;
}

struct result roles_parse(const char *text, unsigned *ret_roles)
{
    unsigned roles = 0;
    for (const char *at = text;;) {
        size_t len = strcspn(at, ",");
        unsigned role = find_role(bytes_of(at, len));
        ENSURE(role && !(roles & role), ERROR_REGISTER_CHANGE);
        roles |= role;
        if (at[len] == '\0') break;
        at += len + 1;
    }
    *ret_roles = roles;
    return OK;
}

void roles_write(unsigned roles, struct writer *w)
{
    const char *comma = "";
    for (size_t i = 0; i < COUNT(names); i++) {
        if (!(roles & 1u << i)) continue;
        write_text(w, comma);
        write_text(w, names[i]);
        comma = ",";
    }
}
