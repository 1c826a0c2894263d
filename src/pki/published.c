#include "pki/published.h"

#include <assert.h>
#include <stdio.h>

#include "base/text.h"

enum { HEX_MAX = 2 * CERTIFICATE_SERIAL_MAX + 1 };

static const char magic[8] = "HUFUOCS2", list_ending[] = ".crl";

/* ---- names ---- */

void published_ca_path(const char *ca, char ret_path[PUBLISHED_PATH_MAX])
{
    snprintf(ret_path, PUBLISHED_PATH_MAX, "ca/%s.cer", ca);
}

void published_crl_path(const char *ca, int64_t partition, char ret_path[PUBLISHED_PATH_MAX])
{
    if (partition < 0) snprintf(ret_path, PUBLISHED_PATH_MAX, "crl/%s.crl", ca);
    else snprintf(ret_path, PUBLISHED_PATH_MAX, "crl/%s-%04lld.crl", ca, (long long)partition);
}

static void write_hex(struct bytes serial, char into[HEX_MAX])
{
    assert(serial.len >= 1 && serial.len <= CERTIFICATE_SERIAL_MAX);
    for (size_t i = 0; i < serial.len; i++) snprintf(into + 2 * i, 3, "%02x", serial.ptr[i]);
}

void published_answer_path(const char *ca, struct bytes serial, char ret_path[PUBLISHED_PATH_MAX])
{
    char hex[HEX_MAX];
    write_hex(serial, hex);
    snprintf(ret_path, PUBLISHED_PATH_MAX, "ocsp/%s/%.2s/%s", ca, hex, hex);
}

void published_certificate_path(struct bytes serial, char ret_path[PUBLISHED_PATH_MAX])
{
    char hex[HEX_MAX];
    write_hex(serial, hex);
    snprintf(ret_path, PUBLISHED_PATH_MAX, "certificates/%.2s/%s.cer", hex, hex);
}

struct result published_crl_url(const char *full, int64_t partition, struct arena *arena, const char **ret_url)
{
    size_t len = strlen(full), end = sizeof list_ending - 1;
    ENSURE(len > end && text_equal(full + len - end, list_ending), ERROR_MALFORMED);
    ENSURE(partition >= 0 && partition < PUBLISHED_PARTITIONS_MAX, ERROR_MALFORMED);
    const char *url = arena_format(arena, "%.*s-%04lld%s", (int)(len - end), full, (long long)partition, list_ending);
    ENSURE(url, ERROR_OUT_OF_ROOM);
    *ret_url = url;
    return OK;
}

/* ---- answers ---- */

void published_answer_write(const struct published_answer *a, struct writer *w)
{
    write_bytes(w, bytes_of(magic, sizeof magic));
    write_u64(w, (uint64_t)a->next_update_s);
    write_u64(w, (uint64_t)a->since_s);
    write_u8(w, (uint8_t)a->status);
    write_u8(w, (uint8_t)a->reason);
    write_bytes(w, a->response);
}

struct result published_answer_read(struct bytes file, struct published_answer *ret_answer)
{
    struct published_answer a;
    struct reader r = reader_of(file);
    ENSURE(bytes_equal(read_bytes(&r, sizeof magic), bytes_of(magic, sizeof magic)), ERROR_MALFORMED);
    a.next_update_s = (int64_t)read_u64(&r);
    a.since_s = (int64_t)read_u64(&r);
    a.status = (enum ocsp_status)read_u8(&r);
    a.reason = (enum crl_reason)read_u8(&r);
    ENSURE(!r.bad && r.left > 0 && r.left <= OCSP_RESPONSE_SIZE_MAX, ERROR_MALFORMED);
    a.response = read_bytes(&r, r.left);
    *ret_answer = a;
    return OK;
}
