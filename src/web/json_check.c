#include <stdio.h>

#include "web/json.h"

enum { DIGIT = 1, LOWER = 2, UPPER = 4, HEX = 8, MARK = 16, UNDER = 32 };

/* Whether every character is of one of CLASSES (MARK: '.' and '-'; UNDER: '-' and '_'). */
static bool all_of(const char *text, size_t len, unsigned classes)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        unsigned is = 0;
        if (c >= '0' && c <= '9') is = DIGIT | HEX;
        if (c >= 'a' && c <= 'f') is = HEX | LOWER;
        if (c > 'f' && c <= 'z') is = LOWER;
        if (c >= 'A' && c <= 'Z') is = UPPER;
        if (c == '.') is = MARK;
        if (c == '_') is = UNDER;
        if (c == '-') is = MARK | UNDER;
        if (!(is & classes)) return false;
    }
    return true;
}

static bool mobile(const char *text, size_t len)
{
    return len == 11 && text[0] == '1' && text[1] >= '3' && all_of(text, len, DIGIT);
}

/* The 31 characters of GB 32100. */
static bool credit_code(const char *text, size_t len)
{
    return len == 18 && strspn(text, "0123456789ABCDEFGHJKLMNPQRTUWXY") == len;
}

/* local@domain: what mail servers take in practice (RFC 5321 §4.5.3.1), no quoting, a domain of two labels
 * or more. */
static bool email(const char *text, size_t len)
{
    const char *at = strchr(text, '@');
    if (!at || at == text || at - text > 64 || len > 254) return false;
    size_t local = (size_t)(at - text);
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~.";
    if (strspn(text, allowed) != local || text[0] == '.' || at[-1] == '.' || strstr(text, "..")) return false;
    size_t labels = 0;
    for (const char *from = at + 1;; labels++) {
        size_t n = strcspn(from, ".");
        if (n == 0 || n > 63 || !all_of(from, n, DIGIT | LOWER | UPPER | UNDER)) return false;
        if (from[0] == '-' || from[n - 1] == '-' || memchr(from, '_', n)) return false;
        if (from[n] == '\0') return labels >= 1;
        from += n + 1;
    }
}

/* Canonical base64: the only writing of its bytes (base/text.h decodes it; this is for parameters). */
static bool base64_like(const char *text, size_t len)
{
    size_t pad = len > 0 && text[len - 1] == '=' ? (len > 1 && text[len - 2] == '=' ? 2 : 1) : 0;
    for (size_t i = 0; i < len - pad; i++)
        if (!all_of(text + i, 1, DIGIT | LOWER | UPPER) && text[i] != '+' && text[i] != '/') return false;
    return len % 4 == 0;
}

static bool has_format(enum json_format format, const char *text, size_t len)
{
    struct id id;
    switch (format) {
    case JSON_FORMAT_PLAIN:
    case JSON_FORMAT_LINES: return true;
    case JSON_FORMAT_APPLICATION_NUMBER:
    case JSON_FORMAT_DIGITS: return all_of(text, len, DIGIT);
    case JSON_FORMAT_BYTE: return base64_like(text, len);
    case JSON_FORMAT_CARD_SERIAL: return all_of(text, len, DIGIT | LOWER | UPPER | MARK | UNDER);
    case JSON_FORMAT_CREDIT_CODE: return credit_code(text, len);
    case JSON_FORMAT_CURSOR: return all_of(text, len, DIGIT | LOWER | UPPER | UNDER);
    case JSON_FORMAT_DOCUMENT_NUMBER: return all_of(text, len, DIGIT | LOWER | UPPER);
    case JSON_FORMAT_EMAIL: return email(text, len);
    case JSON_FORMAT_HEX: return len % 2 == 0 && all_of(text, len, HEX);
    case JSON_FORMAT_ID: return !failed(id_parse(text, &id));
    case JSON_FORMAT_MOBILE: return mobile(text, len);
    case JSON_FORMAT_SERIAL: return all_of(text, len, HEX);
    case JSON_FORMAT_TAX_NUMBER:
    case JSON_FORMAT_WAYBILL: return all_of(text, len, DIGIT | UPPER);
    }
    return false;
}

static bool is_choice(const char *const *choices, const char *text)
{
    for (; *choices; choices++)
        if (strcmp(*choices, text) == 0) return true;
    return false;
}

struct result json_check_text(const struct json_check *check, const char *field, struct bytes text, struct diag *diag)
{
    /* In this order, so that each fault is told by its own name: 12 digits are "too long", not "no mobile". */
    bool plain = check->format == JSON_FORMAT_LINES ? text_lines(text) : text_plain(text);
    if (!plain) return diag_field(diag, ERROR_FIELD_CONTROL, field, "%s", "");
    const char *at = (const char *)text.ptr;
    size_t length = text_length(at);
    if (length < check->length_min || length > check->length_max)
        return diag_field(diag, ERROR_FIELD_LENGTH, field, "%zu…%zu", check->length_min, check->length_max);
    if (check->choices && !is_choice(check->choices, at)) return diag_field(diag, ERROR_FIELD_CHOICE, field, "%s", "");
    if (!has_format(check->format, at, text.len)) return diag_field(diag, ERROR_FIELD_FORMAT, field, "%s", "");
    return OK;
}
