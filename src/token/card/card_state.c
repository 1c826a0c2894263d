#include "token/card/card_state.h"

#include "base/secret.h"

/* Magic and version, records (type 1 byte, block), a record of type END, SM3 of everything before. */
enum { VERSION = 1, MAGIC_SIZE = 4 };
static const uint8_t magic[MAGIC_SIZE] = { 'H', 'U', 'F', 'C' };

enum record { RECORD_END, RECORD_DEVICE, RECORD_APPLICATION, RECORD_CONTAINER, RECORD_FILE };

/* ---- writing ---- */

static void write_name(struct writer *w, const struct card_name *name)
{
    write_u8(w, name->len);
    write_bytes(w, bytes_of(name->text, name->len));
}

static void write_certificate(struct writer *w, const struct card_certificate *c)
{
    write_block(w, bytes_of(c->der, c->len));
}

static void write_pin(struct writer *w, const struct card_pin *pin)
{
    write_u8(w, pin->kind);
    write_u8(w, pin->tries_max);
    write_u8(w, pin->tries);
    write_u8(w, pin->initial);
    write_u8(w, pin->must_change);
    write_bytes(w, BYTES(pin->salt));
    write_bytes(w, BYTES(pin->value));
}

/* The 4 bytes of a block's length are filled in by end_record. */
static size_t begin_record(struct writer *w, enum record type)
{
    write_u8(w, (uint8_t)type);
    size_t at = w->len;
    write_u32(w, 0);
    return at;
}

static void end_record(struct writer *w, size_t at)
{
    if (w->full) return;
    struct writer length = writer_of(w->ptr + at, 4);
    write_u32(&length, (uint32_t)(w->len - at - 4));
}

static void write_device(struct writer *w, const struct card_state *s)
{
    size_t at = begin_record(w, RECORD_DEVICE);
    write_name(w, &s->serial);
    write_name(w, &s->label);
    write_name(w, &s->maker);
    write_bytes(w, BYTES(s->own_key));
    write_bytes(w, BYTES(s->device_key));
    write_u32(w, s->answered);
    write_certificate(w, &s->own_certificate);
    end_record(w, at);
}

static void write_application(struct writer *w, uint8_t slot, const struct card_application *a)
{
    size_t at = begin_record(w, RECORD_APPLICATION);
    write_u8(w, slot);
    write_u8(w, a->stage);
    write_name(w, &a->name);
    write_u32(w, a->file_rights);
    write_u8(w, a->containers_max);
    write_u8(w, a->certificates_max);
    write_u16(w, a->files_max);
    write_pin(w, &a->user);
    write_pin(w, &a->admin);
    write_u8(w, a->has_admin_key);
    write_u32(w, a->admin_version);
    write_bytes(w, BYTES(a->admin_key));
    write_u8(w, a->has_unlocked);
    write_bytes(w, BYTES(a->unlocked));
    for (size_t i = 0; i < COUNT(a->proved); i++) {
        write_u8(w, a->has_proved[i]);
        write_bytes(w, BYTES(a->proved[i]));
    }
    write_u8(w, a->current);
    end_record(w, at);
}

static void write_container(struct writer *w, uint8_t slot, const struct card_container *c)
{
    size_t at = begin_record(w, RECORD_CONTAINER);
    write_u8(w, slot);
    write_u8(w, c->application);
    write_u8(w, c->attributes);
    write_name(w, &c->name);
    for (size_t i = 0; i < COUNT(c->pairs); i++) {
        write_u8(w, c->pairs[i].used);
        if (!c->pairs[i].used) continue;
        write_bytes(w, BYTES(c->pairs[i].d));
        write_bytes(w, BYTES(c->pairs[i].point));
        write_certificate(w, &c->certificates[i]);
    }
    end_record(w, at);
}

static void write_file(struct writer *w, uint8_t slot, const struct card_state *s, const struct card_file *f)
{
    size_t at = begin_record(w, RECORD_FILE);
    write_u8(w, slot);
    write_u8(w, f->application);
    write_name(w, &f->name);
    write_u32(w, f->read_rights);
    write_u32(w, f->write_rights);
    write_block(w, bytes_of(s->file_room + f->at, f->size));
    end_record(w, at);
}

struct result card_state_encode(const struct card_state *s, uint8_t *into, size_t room, struct bytes *ret_image)
{
    struct writer w = writer_of(into, room);
    write_bytes(&w, BYTES(magic));
    write_u8(&w, VERSION);
    write_device(&w, s);
    for (uint8_t i = 0; i < COUNT(s->applications); i++)
        if (s->applications[i].used) write_application(&w, i, &s->applications[i]);
    for (uint8_t i = 0; i < COUNT(s->containers); i++)
        if (s->containers[i].used) write_container(&w, i, &s->containers[i]);
    for (uint8_t i = 0; i < COUNT(s->files); i++)
        if (s->files[i].used) write_file(&w, i, s, &s->files[i]);
    write_u8(&w, RECORD_END);
    ENSURE(!w.full && w.room - w.len >= SM3_SIZE, ERROR_TOO_LARGE);
    sm3_hash(bytes_of(w.ptr, w.len), w.ptr + w.len);
    *ret_image = bytes_of(w.ptr, w.len + SM3_SIZE);
    return OK;
}

/* ---- reading: whatever is wrong makes the reader bad ---- */

static void require(struct reader *r, bool good)
{
    if (!good) r->bad = true;
}

static bool read_flag(struct reader *r)
{
    uint8_t v = read_u8(r);
    require(r, v <= 1);
    return v == 1;
}

static uint8_t read_below(struct reader *r, size_t limit)
{
    uint8_t v = read_u8(r);
    require(r, v < limit);
    return r->bad ? 0 : v;
}

static void read_name(struct reader *r, struct card_name *name, size_t max)
{
    uint8_t len = read_u8(r);
    require(r, len <= max);
    if (r->bad) return;
    name->len = len;
    read_copy(r, name->text, len);
}

static void read_certificate(struct reader *r, struct card_certificate *c)
{
    struct bytes der = read_block(r, sizeof c->der);
    c->len = (uint16_t)der.len;
    if (der.len) memcpy(c->der, der.ptr, der.len);
}

static void read_pin(struct reader *r, struct card_pin *pin)
{
    pin->kind = read_below(r, CARD_PIN_2012 + 1);
    pin->tries_max = read_u8(r);
    pin->tries = read_u8(r);
    pin->initial = read_flag(r);
    pin->must_change = read_flag(r);
    read_copy(r, pin->salt, sizeof pin->salt);
    read_copy(r, pin->value, sizeof pin->value);
    require(r, pin->tries_max <= 15 && pin->tries <= pin->tries_max);
}

static void read_device(struct reader *r, struct card_state *s)
{
    require(r, s->serial.len == 0);
    read_name(r, &s->serial, CARD_SERIAL_MAX);
    read_name(r, &s->label, CARD_LABEL_MAX);
    read_name(r, &s->maker, CARD_NAME_MAX);
    read_copy(r, s->own_key, sizeof s->own_key);
    read_copy(r, s->device_key, sizeof s->device_key);
    s->answered = read_u32(r);
    read_certificate(r, &s->own_certificate);
    require(r, s->serial.len > 0);
}

static void read_application(struct reader *r, struct card_state *s)
{
    struct card_application *a = &s->applications[read_below(r, COUNT(s->applications))];
    require(r, !a->used);
    a->used = true;
    a->stage = read_below(r, CARD_STAGE_PRODUCED + 1);
    read_name(r, &a->name, CARD_NAME_MAX);
    a->file_rights = read_u32(r);
    a->containers_max = read_u8(r);
    a->certificates_max = read_u8(r);
    a->files_max = read_u16(r);
    read_pin(r, &a->user);
    read_pin(r, &a->admin);
    a->has_admin_key = read_flag(r);
    a->admin_version = read_u32(r);
    read_copy(r, a->admin_key, sizeof a->admin_key);
    a->has_unlocked = read_flag(r);
    read_copy(r, a->unlocked, sizeof a->unlocked);
    for (size_t i = 0; i < COUNT(a->proved); i++) {
        a->has_proved[i] = read_flag(r);
        read_copy(r, a->proved[i], sizeof a->proved[i]);
    }
    a->current = read_below(r, CARD_CONTAINERS_MAX + 1);
}

static void read_container(struct reader *r, struct card_state *s)
{
    struct card_container *c = &s->containers[read_below(r, COUNT(s->containers))];
    require(r, !c->used);
    c->used = true;
    c->application = read_below(r, COUNT(s->applications));
    require(r, s->applications[c->application].used);
    c->attributes = read_u8(r);
    read_name(r, &c->name, CARD_NAME_MAX);
    for (size_t i = 0; i < COUNT(c->pairs); i++) {
        c->pairs[i].used = read_flag(r);
        if (!c->pairs[i].used) continue;
        read_copy(r, c->pairs[i].d, sizeof c->pairs[i].d);
        read_copy(r, c->pairs[i].point, sizeof c->pairs[i].point);
        read_certificate(r, &c->certificates[i]);
    }
}

static void read_file(struct reader *r, struct card_state *s)
{
    struct card_file *f = &s->files[read_below(r, COUNT(s->files))];
    require(r, !f->used);
    f->used = true;
    f->application = read_below(r, COUNT(s->applications));
    require(r, s->applications[f->application].used);
    read_name(r, &f->name, CARD_FILE_NAME_MAX);
    f->read_rights = read_u32(r);
    f->write_rights = read_u32(r);
    struct bytes data = read_block(r, CARD_FILE_ROOM - s->file_room_used);
    f->at = s->file_room_used;
    f->size = (uint32_t)data.len;
    if (data.len) memcpy(s->file_room + f->at, data.ptr, data.len);
    s->file_room_used += f->size;
}

static void read_record(struct reader *r, uint8_t type, struct card_state *s)
{
    struct bytes block = read_block(r, CARD_IMAGE_MAX);
    struct reader inner = reader_of(block);
    inner.bad = r->bad;
    switch (type) {
    case RECORD_DEVICE: read_device(&inner, s); break;
    case RECORD_APPLICATION: read_application(&inner, s); break;
    case RECORD_CONTAINER: read_container(&inner, s); break;
    case RECORD_FILE: read_file(&inner, s); break;
    default: inner.bad = true;
    }
    require(r, !inner.bad && inner.left == 0);
}

static struct result decode(struct bytes image, struct card_state *s)
{
    uint8_t hash[SM3_SIZE];
    ENSURE(image.len > MAGIC_SIZE + SM3_SIZE && image.len <= CARD_IMAGE_MAX, ERROR_CARD_IMAGE);
    struct bytes body = bytes_of(image.ptr, image.len - SM3_SIZE);
    sm3_hash(body, hash);
    ENSURE(bytes_equal(BYTES(hash), bytes_of(image.ptr + body.len, SM3_SIZE)), ERROR_CARD_IMAGE);
    struct reader r = reader_of(body);
    ENSURE(bytes_equal(read_bytes(&r, MAGIC_SIZE), BYTES(magic)), ERROR_CARD_IMAGE);
    ENSURE(read_u8(&r) == VERSION, ERROR_CARD_IMAGE);
    for (uint8_t type; (type = read_u8(&r)) != RECORD_END && !r.bad;) read_record(&r, type, s);
    ENSURE(!r.bad && r.left == 0 && s->serial.len > 0, ERROR_CARD_IMAGE);
    return OK;
}

struct result card_state_decode(struct bytes image, struct card_state *ret_state)
{
    memset(ret_state, 0, sizeof *ret_state);
    struct result r = decode(image, ret_state);
    if (failed(r)) secret_wipe(ret_state, sizeof *ret_state);
    return r;
}
