#include "service/identity.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "pki/name.h"

/* ---- names ---- */

struct result identity_check_name(const char *name, const char *field, struct diag *diag)
{
    size_t length = text_length(name);
    if (length <= NAME_CHARACTERS_MAX) return OK;
    return diag_field(diag, ERROR_CERTIFICATE_NAME_LONG, field, "有 %zu 个字，最多 %d 个", length, NAME_CHARACTERS_MAX);
}

/* ---- GB 32100 ---- */

static const char code_letters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY"; /* 31: no I, O, S, V, Z */

struct result identity_check_credit_code(const char *code, struct diag *diag)
{
    unsigned sum = 0, weight = 1;
    if (strlen(code) != CREDIT_CODE_LEN)
        return diag_field(diag, ERROR_CREDIT_CODE, "credit_code", "统一社会信用代码应为 18 位");
    for (size_t i = 0; i < CREDIT_CODE_LEN; i++) {
        const char *at = strchr(code_letters, code[i]);
        if (!at)
            return diag_field(diag, ERROR_CREDIT_CODE, "credit_code",
                              "第 %zu 位不是统一社会信用代码中会出现的字符（没有字母 I、O、S、V、Z）", i + 1);
        if (i == CREDIT_CODE_LEN - 1) break;
        sum += (unsigned)(at - code_letters) * weight;
        weight = weight * 3 % 31;
    }
    if (code_letters[(31 - sum % 31) % 31] != code[CREDIT_CODE_LEN - 1])
        return diag_field(diag, ERROR_CREDIT_CODE, "credit_code", "最后一位校验码与前 17 位不符，请逐位核对");
    return OK;
}

/* ---- identity documents ---- */

static struct result wrong(struct diag *diag, const char *why)
{
    return diag_field(diag, ERROR_DOCUMENT_NUMBER, "document_number", "%s", why);
}

static bool digits(const char *text, size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++)
        if (text[i] < '0' || text[i] > '9') return false;
    return true;
}

static int number(const char *text, size_t from, size_t count)
{
    int n = 0;
    for (size_t i = from; i < from + count; i++) n = n * 10 + (text[i] - '0');
    return n;
}

static bool is_province(int code)
{
    static const uint8_t provinces[] = { 11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43,
                                         44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83 };
    for (size_t i = 0; i < COUNT(provinces); i++)
        if (provinces[i] == code) return true;
    return code / 10 == 9; /* residence cards of foreigners */
}

static bool was_born(const char *n, int64_t now_s)
{
    struct civil today = civil_shanghai(now_s);
    int year = number(n, 6, 4), month = number(n, 10, 2), day = number(n, 12, 2);
    if (year < 1880 || month < 1 || month > 12 || day < 1 || day > civil_month_days(year, month)) return false;
    return (year * 100 + month) * 100 + day <= (today.year * 100 + today.month) * 100 + today.day;
}

static struct result check_id_card(const char *n, int64_t now_s, struct diag *diag)
{
    static const uint8_t weights[17] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    unsigned sum = 0;
    if (strlen(n) != 18) return wrong(diag, "居民身份证号码应为 18 位");
    if (!digits(n, 0, 17) || (!digits(n, 17, 1) && n[17] != 'X'))
        return wrong(diag, "居民身份证号码前 17 位应为数字，最后一位为数字或 X");
    if (!is_province(number(n, 0, 2))) return wrong(diag, "前两位不是省、自治区或直辖市的代码");
    if (!was_born(n, now_s)) return wrong(diag, "第 7 至 14 位不是有效的出生日期");
    for (size_t i = 0; i < 17; i++) sum += (unsigned)(n[i] - '0') * weights[i];
    if ("10X98765432"[sum % 11] != n[17]) return wrong(diag, "最后一位校验码与前 17 位不符，请逐位核对");
    return OK;
}

static struct result check_passport(const char *n, struct diag *diag)
{
    size_t len = strlen(n), count = 0;
    for (size_t i = 0; i < len; i++) count += digits(n, i, 1);
    if (len < 5 || len > 9 || count < 3) return wrong(diag, "护照号码应为 5 至 9 位字母和数字");
    return OK;
}

static struct result check_hk_macao(const char *n, struct diag *diag)
{
    size_t len = strlen(n);
    if ((len != 9 && len != 11) || (n[0] != 'H' && n[0] != 'M') || !digits(n, 1, len - 1))
        return wrong(diag, "港澳居民来往内地通行证号码应为字母 H 或 M 加 8 位数字");
    return OK;
}

static struct result check_taiwan(const char *n, struct diag *diag)
{
    if (strlen(n) != 8 || !digits(n, 0, 8)) return wrong(diag, "台湾居民来往大陆通行证号码应为 8 位数字");
    return OK;
}

struct result identity_check_document(const char *type, const char *number_text, int64_t now_s, struct diag *diag,
                                      char ret_number[DOCUMENT_NUMBER_MAX + 1])
{
    char n[DOCUMENT_NUMBER_MAX + 1] = { 0 };
    size_t len = strlen(number_text);
    if (len == 0 || len > DOCUMENT_NUMBER_MAX) return wrong(diag, "证件号码应为 5 至 18 位");
    for (size_t i = 0; i < len; i++) {
        char c = number_text[i];
        n[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        if (!digits(n, i, 1) && (n[i] < 'A' || n[i] > 'Z')) return wrong(diag, "证件号码只有字母和数字");
    }
    struct result r = text_equal(type, "id-card")           ? check_id_card(n, now_s, diag)
                      : text_equal(type, "passport")        ? check_passport(n, diag)
                      : text_equal(type, "hk-macao-permit") ? check_hk_macao(n, diag)
                      : text_equal(type, "taiwan-permit")
                          ? check_taiwan(n, diag)
                          : diag_field(diag, ERROR_FIELD_CHOICE, "document_type", "没有这种证件类型");
    if (!failed(r)) memcpy(ret_number, n, sizeof n);
    secret_wipe(n, sizeof n);
    return r;
}
