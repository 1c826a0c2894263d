/* OFD (GB/T 33190): a ZIP (APPNOTE 6.3) whose directory names OFD.xml. Each entry's place, name and sizes; nothing is
 * inflated. It is handed on to people as a file to save, and never opened here. */
#include "files/inspect.h"

enum { END_SIZE = 22, ENTRY_SIZE = 46, LOCAL_SIZE = 30, ENTRIES_MAX = 1000, NAME_MAX = 255, STORED = 0, DEFLATED = 8,
       ENCRYPTED = 1, INFLATED_MAX = 64 * 1000 * 1000 };

struct ofd {
    struct diag *diag;
    struct bytes file;
    uint64_t inflated;
    size_t directory, last; /* where the directory begins; where what was seen so far ends */
    bool root;              /* OFD.xml is there */
};

static struct result broken(struct ofd *o, const char *why, size_t at)
{
    return diag_log(o->diag, ERROR_FILE_OFD_STRUCTURE, "%s, offset=%zu", why, at);
}

static uint32_t little(const struct ofd *o, size_t at, int count)
{
    uint32_t v = 0;
    for (int i = count - 1; i >= 0; i--) v = v << 8 | o->file.ptr[at + (size_t)i];
    return v;
}

static bool has(const struct ofd *o, size_t at, const char *magic)
{
    return o->file.len >= at + 4 && bytes_equal(bytes_of(o->file.ptr + at, 4), bytes_of(magic, 4));
}

/* A relative path below the archive, as OFD has them. */
static bool good_name(struct bytes name)
{
    if (name.len == 0 || name.len > NAME_MAX || name.ptr[0] == '/') return false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] < 0x20 || name.ptr[i] > 0x7E || name.ptr[i] == '\\' || name.ptr[i] == ':') return false;
        if (i + 1 < name.len && name.ptr[i] == '.' && name.ptr[i + 1] == '.') return false;
    }
    return true;
}

/* The entry's own head lies in order behind what came before it, and its data before the directory. */
static struct result local(struct ofd *o, size_t at, uint32_t packed, struct bytes name)
{
    if (at < o->last || at + LOCAL_SIZE > o->directory || !has(o, at, "PK\x03\x04"))
        return broken(o, "entry out of its place", at);
    size_t name_len = little(o, at + 26, 2), extra = little(o, at + 28, 2), data = at + LOCAL_SIZE + name_len + extra;
    if (data > o->directory || packed > o->directory - data) return broken(o, "entry's length", at);
    if (!bytes_equal(bytes_of(o->file.ptr + at + LOCAL_SIZE, name_len), name)) return broken(o, "entry's name", at);
    o->last = data + packed;
    return OK;
}

static struct result entry(struct ofd *o, size_t *at, size_t end)
{
    size_t here = *at;
    if (end - here < ENTRY_SIZE || !has(o, here, "PK\x01\x02")) return broken(o, "directory", here);
    uint32_t flags = little(o, here + 8, 2), method = little(o, here + 10, 2), packed = little(o, here + 20, 4);
    size_t name_len = little(o, here + 28, 2), tail = (size_t)little(o, here + 30, 2) + little(o, here + 32, 2);
    if (end - here - ENTRY_SIZE < name_len + tail) return broken(o, "directory", here);
    struct bytes name = bytes_of(o->file.ptr + here + ENTRY_SIZE, name_len);
    if (!good_name(name)) return broken(o, "name of an entry", here);
    if (flags & ENCRYPTED || (method != STORED && method != DEFLATED)) return broken(o, "encryption or method", here);
    o->inflated += little(o, here + 24, 4);
    if (o->inflated > INFLATED_MAX) return broken(o, "it inflates to too much", here);
    if (bytes_equal(name, bytes_text("OFD.xml"))) o->root = true;
    TRY(local(o, little(o, here + 42, 4), packed, name));
    *at = here + ENTRY_SIZE + name_len + tail;
    return OK;
}

static struct result inspect_ofd(struct bytes file, struct diag *diag, struct files_inspected *ret_inspected)
{
    struct ofd o = { .diag = diag, .file = file };
    ENSURE(file.len >= END_SIZE, ERROR_FILE_TRUNCATED);
    size_t end = file.len - END_SIZE; /* no comment behind it: nothing to hide something in */
    if (!has(&o, end, "PK\x05\x06")) return diag_log(diag, ERROR_FILE_TRUNCATED, "no end record");
    uint32_t count = little(&o, end + 10, 2), size = little(&o, end + 12, 4);
    o.directory = little(&o, end + 16, 4);
    bool one = little(&o, end + 4, 4) == 0 && little(&o, end + 8, 2) == count && little(&o, end + 20, 2) == 0;
    if (!one || count == 0 || count > ENTRIES_MAX || o.directory > end || size != end - o.directory)
        return broken(&o, "end record", end);
    size_t at = o.directory;
    for (uint32_t i = 0; i < count; i++) TRY(entry(&o, &at, end));
    if (at != end) return broken(&o, "directory", at);
    if (!o.root) return broken(&o, "no OFD.xml", o.directory);
    *ret_inspected = (struct files_inspected){ "ofd", 1, 0, 0 };
    return OK;
}

struct result inspect_invoice(struct bytes file, struct diag *diag, struct files_inspected *ret_inspected)
{
    ENSURE(file.len <= FILES_UPLOAD_MAX, ERROR_FILE_LARGE);
    bool zip = file.len >= 4 && bytes_equal(bytes_of(file.ptr, 4), bytes_text("PK\x03\x04"));
    return zip ? inspect_ofd(file, diag, ret_inspected) : inspect_file(file, diag, ret_inspected);
}
