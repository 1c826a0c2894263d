#include "pki/published.h"

#include <assert.h>
#include <stdio.h>

static const char magic[8] = "HUFUOCS1";

void published_ca_path(const char *ca, char ret_path[PUBLISHED_PATH_MAX])
{
    snprintf(ret_path, PUBLISHED_PATH_MAX, "ca/%s.cer", ca);
}

void published_crl_path(const char *ca, int64_t partition, char ret_path[PUBLISHED_PATH_MAX])
{
    if (partition < 0) snprintf(ret_path, PUBLISHED_PATH_MAX, "crl/%s.crl", ca);
    else snprintf(ret_path, PUBLISHED_PATH_MAX, "crl/%s-%04lld.crl", ca, (long long)partition);
}

void published_answers_path(const char *ca, struct bytes serial, char ret_path[PUBLISHED_PATH_MAX])
{
    assert(serial.len >= 1 && serial.len <= CERTIFICATE_SERIAL_MAX);
    char hex[2 * CERTIFICATE_SERIAL_MAX + 1];
    for (size_t i = 0; i < serial.len; i++) snprintf(hex + 2 * i, 3, "%02x", serial.ptr[i]);
    snprintf(ret_path, PUBLISHED_PATH_MAX, "ocsp/%s/%.2s/%s", ca, hex, hex);
}

void published_answers_write(const struct published_answers *a, struct writer *w)
{
    write_bytes(w, bytes_of(magic, sizeof magic));
    write_u64(w, (uint64_t)a->next_update_s);
    for (size_t i = 0; i < a->count; i++) {
        write_u8(w, (uint8_t)a->answers[i].hash);
        write_block(w, a->answers[i].response);
    }
}

struct result published_answers_read(struct bytes file, struct published_answers *ret_answers)
{
    struct published_answers a = { 0 };
    struct reader r = reader_of(file);
    ENSURE(bytes_equal(read_bytes(&r, sizeof magic), bytes_of(magic, sizeof magic)), ERROR_MALFORMED);
    a.next_update_s = (int64_t)read_u64(&r);
    while (r.left > 0) {
        ENSURE(a.count < PUBLISHED_ANSWERS_MAX, ERROR_MALFORMED);
        a.answers[a.count].hash = (enum ocsp_hash)read_u8(&r);
        a.answers[a.count++].response = read_block(&r, OCSP_RESPONSE_SIZE_MAX);
    }
    TRY(reader_end(&r));
    *ret_answers = a;
    return OK;
}

struct bytes published_answer(const struct published_answers *a, enum ocsp_hash hash)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->answers[i].hash == hash) return a->answers[i].response;
    return (struct bytes){ 0 };
}
