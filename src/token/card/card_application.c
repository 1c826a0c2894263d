/* Applications, files, and what other commands refer to. */
#include "token/card/card_internal.h"

enum { APPLICATION_NAME_FIELD = 48, PIN_FIELD = 16, FILE_NAME_API = 32, FILE_NUMBERS = 12 };

/* ---- names ---- */

bool card_name_equal(const struct card_name *a, struct bytes b)
{
    return bytes_equal(bytes_of(a->text, a->len), b);
}

void card_name_set(struct card_name *name, struct bytes text)
{
    memset(name, 0, sizeof *name);
    name->len = (uint8_t)text.len;
    if (text.len) memcpy(name->text, text.ptr, text.len);
}

bool card_name_good(struct bytes text, size_t max)
{
    if (text.len == 0 || text.len > max) return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7F) return false;
    return true;
}

static struct bytes unpadded(struct bytes name)
{
    while (name.len > 0 && name.ptr[name.len - 1] == 0) name.len--;
    return name;
}

struct bytes card_read_name(struct reader *r)
{
    return unpadded(read_bytes(r, r->left));
}

/* ---- looking up ---- */

struct card_application *card_find_application(struct card *card, struct bytes name)
{
    for (size_t i = 0; i < COUNT(card->state.applications); i++) {
        struct card_application *a = &card->state.applications[i];
        if (a->used && card_name_equal(&a->name, name)) return a;
    }
    return NULL;
}

uint8_t card_application_index(const struct card *card, const struct card_application *a)
{
    return (uint8_t)(a - card->state.applications);
}

static struct card_application *by_number(struct card *card, struct card_call *call, uint16_t number)
{
    if (number == 0 || number > CARD_APPLICATIONS_MAX) return NULL;
    if (!(call->channel->apps_open & 1u << (number - 1))) return NULL;
    struct card_application *a = &card->state.applications[number - 1];
    return a->used ? a : NULL;
}

struct card_application *card_read_application(struct card *card, struct card_call *call)
{
    uint16_t number = card_read_u16(&call->in);
    return call->in.bad ? NULL : by_number(card, call, number);
}

/* The file commands carry the number in P1 P2, the higher byte first. */
static struct card_application *application_of_header(struct card *card, struct card_call *call)
{
    return by_number(card, call, (uint16_t)(call->p1 << 8 | call->p2));
}

/* ---- applications ---- */

void card_erase_application(struct card *card, uint8_t index)
{
    for (uint8_t i = 0; i < CARD_CONTAINERS_MAX; i++)
        if (card->state.containers[i].used && card->state.containers[i].application == index)
            card_erase_container(card, i);
    for (uint8_t i = 0; i < CARD_FILES_MAX; i++)
        if (card->state.files[i].used && card->state.files[i].application == index) card_erase_file(card, i);
    card_log_out(card, index);
    for (size_t i = 0; i < COUNT(card->channels); i++) card->channels[i].apps_open &= (uint8_t)~(1u << index);
    secret_wipe(&card->state.applications[index], sizeof card->state.applications[index]);
}

struct pin_field {
    struct bytes text;
    uint32_t tries;
};

static struct pin_field read_pin_field(struct card_call *call)
{
    struct bytes text = unpadded(read_bytes(&call->in, PIN_FIELD));
    return (struct pin_field){ text, card_read_u32(&call->in) };
}

static uint16_t check_pin_field(const struct pin_field *pin)
{
    CARD_ENSURE(card_pin_length_good(pin->text), SW_DATA);
    CARD_ENSURE(pin->tries >= 1 && pin->tries <= 15, SW_DATA);
    return card_pin_weak(pin->text) && !bytes_equal(pin->text, card_initial_pin) ? SW_WEAK_PIN : SW_OK;
}

/* Name 48, administrator's PIN 16 and tries 4, user's PIN 16 and tries 4, rights 4, containers 1, certificates 1,
 * files 2. What came in clear stays within what the 2012 commands need; in a protected channel it is salted. */
uint16_t card_create_application(struct card *card, struct card_call *call)
{
    struct bytes name = unpadded(read_bytes(&call->in, APPLICATION_NAME_FIELD));
    struct pin_field admin = read_pin_field(call), user = read_pin_field(call);
    struct card_application made = { .used = true, .stage = CARD_STAGE_PLAIN };
    made.file_rights = card_read_u32(&call->in);
    made.containers_max = read_u8(&call->in);
    made.certificates_max = read_u8(&call->in);
    made.files_max = card_read_u16(&call->in);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(card_name_good(name, FILE_NAME_API), SW_DATA);
    CARD_TRY(check_pin_field(&admin));
    CARD_TRY(check_pin_field(&user));
    CARD_ENSURE(!card_find_application(card, name), SW_APPLICATION_EXISTS);
    struct card_application *a = NULL;
    for (size_t i = 0; i < COUNT(card->state.applications) && !a; i++)
        if (!card->state.applications[i].used) a = &card->state.applications[i];
    CARD_ENSURE(a, SW_NO_ROOM);
    uint8_t kind = call->channel_number ? CARD_PIN_SALTED : CARD_PIN_2012;
    card_name_set(&made.name, name);
    made.admin.tries_max = (uint8_t)admin.tries;
    made.user.tries_max = (uint8_t)user.tries;
    *a = made;
    card_pin_set(card, &a->admin, kind, admin.text, true);
    card_pin_set(card, &a->user, kind, user.text, true);
    return card_commit(card);
}

uint16_t card_enum_applications(struct card *card, struct card_call *call)
{
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    for (size_t i = 0; i < COUNT(card->state.applications); i++) {
        const struct card_application *a = &card->state.applications[i];
        if (!a->used) continue;
        write_bytes(&call->out, bytes_of(a->name.text, a->name.len));
        write_u8(&call->out, 0);
    }
    write_u8(&call->out, 0);
    return SW_OK;
}

uint16_t card_delete_application(struct card *card, struct card_call *call)
{
    struct card_application *a = card_find_application(card, card_read_name(&call->in));
    CARD_ENSURE(a, SW_APPLICATION_NAME);
    card_erase_application(card, card_application_index(card, a));
    return card_commit(card);
}

uint16_t card_open_application(struct card *card, struct card_call *call)
{
    struct card_application *a = card_find_application(card, card_read_name(&call->in));
    CARD_ENSURE(a, SW_APPLICATION_NAME);
    uint8_t index = card_application_index(card, a);
    call->channel->apps_open |= (uint8_t)(1u << index);
    card_write_u32(&call->out, a->file_rights);
    write_u8(&call->out, a->containers_max);
    write_u8(&call->out, a->certificates_max);
    card_write_u16(&call->out, a->files_max);
    card_write_u16(&call->out, (uint16_t)(index + 1));
    return SW_OK;
}

uint16_t card_close_application(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    uint8_t index = card_application_index(card, a), bit = (uint8_t)(1u << index);
    call->channel->apps_open &= (uint8_t)~bit;
    call->channel->apps_user &= (uint8_t)~bit;
    call->channel->apps_admin &= (uint8_t)~bit;
    for (unsigned i = 0; i < CARD_CONTAINERS_MAX; i++)
        if (card->state.containers[i].used && card->state.containers[i].application == index)
            call->channel->containers_open &= (uint16_t)~(1u << i);
    return SW_OK;
}

/* ---- files ---- */

static struct card_file *find_file(struct card *card, uint8_t application, struct bytes name)
{
    for (size_t i = 0; i < COUNT(card->state.files); i++) {
        struct card_file *f = &card->state.files[i];
        if (f->used && f->application == application && card_name_equal(&f->name, name)) return f;
    }
    return NULL;
}

/* What lies behind moves down. */
void card_erase_file(struct card *card, uint8_t index)
{
    struct card_state *s = &card->state;
    const uint32_t at = s->files[index].at, size = s->files[index].size, rest = s->file_room_used - at - size;
    memmove(s->file_room + at, s->file_room + at + size, rest);
    secret_wipe(s->file_room + at + rest, size);
    s->file_room_used -= size;
    for (size_t i = 0; i < COUNT(s->files); i++)
        if (s->files[i].used && s->files[i].at > at) s->files[i].at -= size;
    memset(&s->files[index], 0, sizeof s->files[index]);
}

/* FILEATTRIBUTE: name of 32, 40 or 48 bytes (implementations differ), size 4, rights to read 4, to write 4. */
uint16_t card_create_file(struct card *card, struct card_call *call)
{
    struct card_application *a = application_of_header(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    size_t field = call->in.left - FILE_NUMBERS;
    CARD_ENSURE(call->in.left > FILE_NUMBERS && (field == 32 || field == 40 || field == 48), SW_LENGTH);
    struct bytes name = unpadded(read_bytes(&call->in, field));
    struct card_file made = { .used = true, .application = card_application_index(card, a) };
    made.size = card_read_u32(&call->in);
    made.read_rights = card_read_u32(&call->in);
    made.write_rights = card_read_u32(&call->in);
    CARD_ENSURE(card_name_good(name, CARD_FILE_NAME_MAX), SW_DATA);
    CARD_TRY(card_need_right(card, call, a, a->file_rights));
    CARD_ENSURE(!find_file(card, made.application, name), SW_FILE_EXISTS);
    struct card_file *f = NULL;
    unsigned count = 0;
    for (size_t i = 0; i < COUNT(card->state.files); i++) {
        if (!card->state.files[i].used && !f) f = &card->state.files[i];
        if (card->state.files[i].used && card->state.files[i].application == made.application) count++;
    }
    CARD_ENSURE(f && count < a->files_max, SW_NO_ROOM);
    CARD_ENSURE(made.size > 0 && made.size <= CARD_FILE_ROOM - card->state.file_room_used, SW_NO_ROOM);
    made.at = card->state.file_room_used;
    card_name_set(&made.name, name);
    memset(card->state.file_room + made.at, 0, made.size);
    card->state.file_room_used += made.size;
    *f = made;
    return card_commit(card);
}

uint16_t card_delete_file(struct card *card, struct card_call *call)
{
    struct card_application *a = application_of_header(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    CARD_TRY(card_need_user(card, call, a));
    struct card_file *f = find_file(card, card_application_index(card, a), card_read_name(&call->in));
    CARD_ENSURE(f, SW_FILE_NONE);
    card_erase_file(card, (uint8_t)(f - card->state.files));
    return card_commit(card);
}

uint16_t card_enum_files(struct card *card, struct card_call *call)
{
    struct card_application *a = application_of_header(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    for (size_t i = 0; i < COUNT(card->state.files); i++) {
        const struct card_file *f = &card->state.files[i];
        if (!f->used || f->application != card_application_index(card, a)) continue;
        write_bytes(&call->out, bytes_of(f->name.text, f->name.len));
        write_u8(&call->out, 0);
    }
    write_u8(&call->out, 0);
    return SW_OK;
}

uint16_t card_file_info(struct card *card, struct card_call *call)
{
    struct card_application *a = application_of_header(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    const struct card_file *f = find_file(card, card_application_index(card, a), card_read_name(&call->in));
    CARD_ENSURE(f, SW_FILE_NONE);
    card_write_u32(&call->out, f->size);
    card_write_u32(&call->out, f->read_rights);
    card_write_u32(&call->out, f->write_rights);
    return SW_OK;
}

/* Application 2, offset 2, length of the name 2, name. */
static uint16_t read_file_head(struct card *card, struct card_call *call, struct card_application **ret_application,
                               struct card_file **ret_file, uint32_t *ret_offset)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    *ret_offset = card_read_u16(&call->in);
    struct bytes name = read_bytes(&call->in, card_read_u16(&call->in));
    CARD_ENSURE(!call->in.bad, SW_LENGTH);
    struct card_file *f = find_file(card, card_application_index(card, a), unpadded(name));
    CARD_ENSURE(f, SW_FILE_NONE);
    *ret_application = a;
    *ret_file = f;
    return SW_OK;
}

uint16_t card_read_file(struct card *card, struct card_call *call)
{
    struct card_application *a;
    struct card_file *f;
    uint32_t offset;
    CARD_TRY(read_file_head(card, call, &a, &f, &offset));
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_TRY(card_need_right(card, call, a, f->read_rights));
    CARD_ENSURE(offset < f->size, SW_OFFSET);
    size_t room = call->out.room - call->out.len, len = f->size - offset;
    if (len > call->expected) len = call->expected;
    if (len > room) len = room;
    write_bytes(&call->out, bytes_of(card->state.file_room + f->at + offset, len));
    return SW_OK;
}

uint16_t card_write_file(struct card *card, struct card_call *call)
{
    struct card_application *a;
    struct card_file *f;
    uint32_t offset;
    CARD_TRY(read_file_head(card, call, &a, &f, &offset));
    struct bytes data = read_bytes(&call->in, card_read_u16(&call->in));
    CARD_ENSURE(card_read_all(&call->in) && data.len > 0, SW_LENGTH);
    CARD_TRY(card_need_right(card, call, a, f->write_rights));
    CARD_ENSURE(offset < f->size && data.len <= f->size - offset, SW_OFFSET);
    memcpy(card->state.file_room + f->at + offset, data.ptr, data.len);
    return card_commit(card);
}
