#include "token/agent/origin_list.h"

static const char title[] = "HUFU-ORIGINS-v1\n", mark[] = "signature: ";
enum { SIGNATURE_LINE = sizeof mark - 1 + 2 * SM2_SIGNATURE_SIZE + 1 };

static struct result refuse(struct diag *diag, const char *why)
{
    return diag_log(diag, ERROR_CONFIG, "list of origins: %s", why);
}

/* The value of the next line when it begins with NAME; ptr NULL, and nothing passed, when it does not. */
static struct bytes take_line(struct reader *r, const char *name)
{
    size_t skip = strlen(name);
    const uint8_t *end = r->left ? memchr(r->ptr, '\n', r->left) : NULL;
    size_t len = end ? (size_t)(end - r->ptr) : 0;
    if (len <= skip || !bytes_equal(bytes_of(r->ptr, skip), bytes_text(name))) return (struct bytes){ 0 };
    struct bytes line = read_bytes(r, len + 1);
    return bytes_of(line.ptr + skip, len - skip);
}

static struct result read_lines(struct bytes lines, struct diag *diag, struct origins *origins)
{
    struct reader r = reader_of(lines);
    struct bytes first = read_bytes(&r, sizeof title - 1);
    if (r.bad || !bytes_equal(first, bytes_text(title))) return refuse(diag, "not HUFU-ORIGINS-v1");
    if (r.left == 0) return refuse(diag, "empty");
    while (r.left) {
        struct bytes origin = take_line(&r, "origin: ");
        bool production = !origin.ptr;
        if (production) origin = take_line(&r, "production: ");
        if (!origin.ptr) return refuse(diag, "a line that is none");
        char text[HTTP_ORIGIN_MAX + 1] = { 0 };
        if (origin.len > HTTP_ORIGIN_MAX || memchr(origin.ptr, ' ', origin.len) || memchr(origin.ptr, 0, origin.len))
            return refuse(diag, "a line that is none");
        memcpy(text, origin.ptr, origin.len);
        TRY(origins_add(origins, text, production, diag));
    }
    return OK;
}

static bool read_hex(struct bytes hex, uint8_t into[SM2_SIGNATURE_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < hex.len; i++) {
        const char *at = hex.ptr[i] ? strchr(digits, hex.ptr[i]) : NULL;
        if (!at) return false;
        into[i / 2] = (uint8_t)(into[i / 2] << 4 | (at - digits));
    }
    return hex.len == 2 * SM2_SIGNATURE_SIZE;
}

struct result origin_list_read(struct bytes list, const struct sm2_public *key, struct diag *diag,
                               struct origins *origins)
{
    if (list.len <= SIGNATURE_LINE) return refuse(diag, "cut");
    struct bytes lines = bytes_of(list.ptr, list.len - SIGNATURE_LINE);
    struct reader r = reader_of(bytes_of(list.ptr + lines.len, SIGNATURE_LINE));
    struct bytes hex = take_line(&r, mark);
    uint8_t signature[SM2_SIGNATURE_SIZE] = { 0 };
    if (!hex.ptr || !read_hex(hex, signature)) return refuse(diag, "no signature at its end");
    if (failed(sm2_verify(key, lines, signature))) return refuse(diag, "the signature does not hold");
    return read_lines(lines, diag, origins);
}

struct result origin_list_sign(struct bytes list, const struct sm2_private *key, struct drbg *drbg, struct diag *diag,
                               struct writer *w)
{
    struct origins origins = { 0 };
    uint8_t signature[SM2_SIGNATURE_SIZE];
    TRY(read_lines(list, diag, &origins));
    TRY(sm2_sign(key, list, drbg, signature));
    write_bytes(w, list);
    write_text(w, mark);
    for (size_t i = 0; i < sizeof signature; i++) write_format(w, "%02x", signature[i]);
    write_text(w, "\n");
    ENSURE(!w->full, ERROR_TOO_LARGE);
    return OK;
}
