#include "relay/zip.h"

#include <zlib.h>

enum { END_SIZE = 22, CENTRAL_SIZE = 46, LOCAL_SIZE = 30, COMMENT_MAX = 65535 };
enum { STORED = 0, DEFLATED = 8, ENCRYPTED = 1 };

static uint32_t little(struct bytes b, size_t at, int size)
{
    uint32_t v = 0;
    for (int i = size - 1; i >= 0; i--) v = v << 8 | b.ptr[at + (size_t)i];
    return v;
}

/* Where the end of the central directory begins: behind it there is only a comment. */
static struct result find_end(struct bytes z, size_t *ret_at)
{
    ENSURE(z.len >= END_SIZE, ERROR_MALFORMED);
    for (size_t back = 0; back <= COMMENT_MAX && back + END_SIZE <= z.len; back++) {
        size_t at = z.len - END_SIZE - back;
        if (little(z, at, 4) != 0x06054b50 || little(z, at + 20, 2) != back) continue;
        *ret_at = at;
        return OK;
    }
    return FAIL(ERROR_MALFORMED);
}

static struct result inflate_whole(struct bytes packed, struct bytes *into)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.ptr, .avail_in = (uInt)packed.len,
                   .next_out = (Bytef *)(uintptr_t)into->ptr, .avail_out = (uInt)into->len };
    ENSURE(inflateInit2(&z, -MAX_WBITS) == Z_OK, ERROR_INTERNAL);
    int r = inflate(&z, Z_FINISH);
    bool whole = r == Z_STREAM_END && z.avail_out == 0;
    inflateEnd(&z);
    ENSURE(whole, ERROR_MALFORMED);
    return OK;
}

/* The file whose entry in the central directory stands at ENTRY. */
static struct result read_file(struct bytes z, size_t entry, size_t max, struct arena *arena, struct bytes *ret_content)
{
    uint32_t method = little(z, entry + 10, 2), crc = little(z, entry + 16, 4), packed_len = little(z, entry + 20, 4);
    uint32_t len = little(z, entry + 24, 4), at = little(z, entry + 42, 4);
    ENSURE(!(little(z, entry + 8, 2) & ENCRYPTED) && (method == STORED || method == DEFLATED), ERROR_MALFORMED);
    ENSURE(len <= max, ERROR_TOO_LARGE);
    ENSURE(at <= z.len && z.len - at >= LOCAL_SIZE && little(z, at, 4) == 0x04034b50, ERROR_MALFORMED);
    size_t data = (size_t)at + LOCAL_SIZE + little(z, at + 26, 2) + little(z, at + 28, 2);
    ENSURE(data <= z.len && z.len - data >= packed_len, ERROR_MALFORMED);
    struct bytes packed = bytes_of(z.ptr + data, packed_len), content = bytes_of(arena_take(arena, len + 1), len);
    ENSURE(content.ptr, ERROR_OUT_OF_ROOM);
    if (method == DEFLATED) {
        TRY(inflate_whole(packed, &content));
    } else {
        ENSURE(packed.len == len, ERROR_MALFORMED);
        memcpy((uint8_t *)(uintptr_t)content.ptr, packed.ptr, len);
    }
    ENSURE(crc32(0, content.ptr, (uInt)content.len) == crc, ERROR_MALFORMED);
    *ret_content = content;
    return OK;
}

struct result zip_file(struct bytes archive, size_t index, size_t max, struct arena *arena, struct bytes *ret_name,
                       struct bytes *ret_content)
{
    size_t end;
    TRY(find_end(archive, &end));
    size_t count = little(archive, end + 10, 2), at = little(archive, end + 16, 4);
    ENSURE(count <= ZIP_FILES_MAX, ERROR_TOO_LARGE);
    ENSURE(index < count, ERROR_NOT_FOUND);
    for (size_t i = 0;; i++) {
        ENSURE(at <= end && end - at >= CENTRAL_SIZE && little(archive, at, 4) == 0x02014b50, ERROR_MALFORMED);
        size_t name_len = little(archive, at + 28, 2);
        size_t size = CENTRAL_SIZE + name_len + little(archive, at + 30, 2) + little(archive, at + 32, 2);
        ENSURE(end - at >= size, ERROR_MALFORMED);
        if (i == index) {
            TRY(read_file(archive, at, max, arena, ret_content));
            *ret_name = bytes_of(archive.ptr + at + CENTRAL_SIZE, name_len);
            return OK;
        }
        at += size;
    }
}
