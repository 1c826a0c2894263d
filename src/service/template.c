#include "service/template.h"

#include <assert.h>

#include "base/secret.h"

enum { FILLED_MAX = 16384 };

const struct template *template_find(const char *name)
{
    for (size_t i = 0; i < notice_templates_count; i++)
        if (text_equal(notice_templates[i].name, name)) return &notice_templates[i];
    return NULL;
}

static const char *find_value(const struct notice_value *values, size_t count, struct bytes name)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal(bytes_text(values[i].name), name)) return values[i].value ? values[i].value : "";
    return NULL;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

/* A name or reason is what somebody typed: it must not add lines, nor a link to anywhere. "://" and the point of
 * "host.name" are written wide, which reads the same and links nowhere. */
static void write_harmless(struct writer *w, const char *value)
{
    for (const char *p = value; *p; p++) {
        bool point = p > value && is_word(p[-1]) && is_letter(p[1]);
        if ((uint8_t)*p < 0x20 || *p == 0x7f)
            write_text(w, " ");
        else if (*p == ':' && p[1] == '/')
            write_text(w, "：");
        else if (*p == '.' && point)
            write_text(w, "．");
        else
            write_bytes(w, bytes_of(p, 1));
    }
}

/* ---- what may be written ---- */

static struct bytes name_at(const char *brace)
{
    return bytes_of(brace + 1, strcspn(brace + 1, "}"));
}

static bool has_name(const char *text, struct bytes name)
{
    for (const char *p = text; p && (p = strchr(p, '{')); p++)
        if (bytes_equal(name_at(p), name)) return true;
    return false;
}

bool template_gives(const struct template *t, struct bytes name)
{
    return has_name(t->sms, name) || has_name(t->subject, name) || has_name(t->text, name) ||
           bytes_equal(name, bytes_text("brand")) || bytes_equal(name, bytes_text("portal"));
}

static bool is_name(struct bytes name)
{
    if (name.len == 0 || name.len > TEMPLATE_NAME_MAX) return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] != '_' && (name.ptr[i] < 'a' || name.ptr[i] > 'z')) return false;
    return true;
}

struct checking {
    const struct template *template;
    const char *field, *text;
    struct arena *arena;
    struct diag *diag;
};

static struct result check_names(const struct checking *c)
{
    for (const char *p = c->text; *p; p++) {
        if (*p == '}')
            return diag_field(c->diag, ERROR_TEMPLATE_NAME, c->field, "有多余的“}”");
        if (*p != '{') continue;
        struct bytes name = name_at(p);
        if (!is_name(name) || p[1 + name.len] != '}')
            return diag_field(c->diag, ERROR_TEMPLATE_NAME, c->field, "“{”后面不是占位符，占位符写成 {name} 的样子");
        if (!template_gives(c->template, name))
            return diag_field(c->diag, ERROR_TEMPLATE_NAME, c->field, "{%.*s} 在这种通知里没有内容", (int)name.len,
                              (const char *)name.ptr);
        p += name.len + 1;
    }
    return OK;
}

static struct result check_needs(const struct checking *c)
{
    for (const char *p = c->template->needs; *p;) {
        struct bytes name = bytes_of(p, strcspn(p, ","));
        if (!has_name(c->text, name))
            return diag_field(c->diag, ERROR_TEMPLATE_NEEDS, c->field, "缺少 {%.*s}", (int)name.len,
                              (const char *)name.ptr);
        p += name.len + (p[name.len] == ',');
    }
    return OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\0';
}

/* What a telephone or a mail program makes a link of: a scheme, an address of e-mail, a point within a word (also of
 * Chinese letters, or between values) that is no decimal point, four numbers with points. */
static bool is_link(const char *text, const char *at)
{
    char before = at > text ? at[-1] : ' ';
    int points = 0;
    if (*at == '@' || (*at == ':' && at[1] == '/' && at[2] == '/')) return true;
    if (*at == '.')
        return !is_blank(before) && before != '.' && !is_blank(at[1]) && at[1] != '.' &&
               !(is_digit(before) && is_digit(at[1]));
    for (const char *p = at; !is_digit(before) && (is_digit(*p) || (*p == '.' && p > at && p[-1] != '.')); p++)
        points += *p == '.';
    return points >= 3;
}

/* The official address ends where it ends: nothing may make another one of it. */
static bool runs_on(const char *at)
{
    static const char portal[] = "{portal}";
    const char *end = at + sizeof portal - 1;
    return text_starts(at, portal) && !is_blank(*end) && (uint8_t)*end < 0x80;
}

static struct result check_links(const struct checking *c)
{
    size_t place = 0;
    for (const char *p = c->text; *p; p++) {
        place += ((uint8_t)*p & 0xC0) != 0x80;
        if (is_link(c->text, p))
            return diag_field(c->diag, ERROR_TEMPLATE_LINK, c->field, "第 %zu 个字处是网址或邮箱，请改用 {portal}", place);
        if (runs_on(p))
            return diag_field(c->diag, ERROR_TEMPLATE_LINK, c->field, "第 %zu 个字处的 {portal} 后面请留一个空格", place);
    }
    return OK;
}

static struct result check_sms(const struct checking *c)
{
    enum { NAMES = 64 };
    struct notice_value samples[NAMES] = { { "brand", "国资CA数字证书" }, { "portal", "https://portal.example.com" } };
    size_t count = 2;
    if (!text_starts(c->text, "【{brand}】"))
        return diag_field(c->diag, ERROR_TEMPLATE_BRAND, c->field, "请以 【{brand}】 开头");
    for (size_t i = 0; i < notice_names_count && count < NAMES; i++)
        samples[count++] = (struct notice_value){ notice_names[i].name, notice_names[i].sample };
    const char *filled = template_fill(c->arena, c->text, samples, count, NULL, 0);
    ENSURE(filled, ERROR_OUT_OF_ROOM);
    size_t length = text_length(filled);
    if (length > TEMPLATE_SMS_MAX)
        return diag_field(c->diag, ERROR_TEMPLATE_LONG, c->field, "填入示例后有 %zu 个字，最多 %d 个", length,
                          TEMPLATE_SMS_MAX);
    return OK;
}

struct result template_check(const struct template *t, const struct template_words *words, struct arena *arena,
                             struct diag *diag)
{
    const struct {
        const char *field, *shipped, *text;
        bool needs;
    } parts[] = { { "sms", t->sms, words->sms, true },
                  { "subject", t->subject, words->subject, false },
                  { "text", t->text, words->text, true } };
    for (size_t i = 0; i < COUNT(parts); i++) {
        struct checking c = { t, parts[i].field, parts[i].text, arena, diag };
        if (!parts[i].shipped) {
            if (parts[i].text) return diag_field(diag, ERROR_FIELD_UNKNOWN, c.field, "这种通知不走这种方式");
            continue;
        }
        if (!parts[i].text) return diag_field(diag, ERROR_FIELD_MISSING, c.field, "请填写");
        TRY(check_names(&c));
        if (parts[i].needs) TRY(check_needs(&c));
        TRY(check_links(&c));
        if (text_equal(c.field, "sms")) TRY(check_sms(&c));
    }
    return OK;
}

/* ---- filling in ---- */

const char *template_fill(struct arena *arena, const char *text, const struct notice_value *trusted,
                          size_t trusted_count, const struct notice_value *others, size_t other_count)
{
    char room[FILLED_MAX];
    struct writer w = writer_of(room, sizeof room);
    for (const char *p = text; *p;) {
        size_t plain = strcspn(p, "{");
        write_bytes(&w, bytes_of(p, plain));
        p += plain;
        if (!*p) break;
        struct bytes name = bytes_of(p + 1, strcspn(p + 1, "}"));
        const char *value = find_value(trusted, trusted_count, name);
        if (value) {
            write_text(&w, value);
        } else {
            value = find_value(others, other_count, name);
            assert(value); /* a template that wants what its caller does not give */
            write_harmless(&w, value);
        }
        p += name.len + 2;
    }
    const char *filled = w.full ? NULL : arena_text(arena, bytes_of(room, w.len));
    secret_wipe(room, w.len); /* a code may be in it */
    return filled;
}

/* Whether NAME stands in TEXT before AT. */
static bool stands_before(const char *text, const char *at, struct bytes name)
{
    for (const char *p = text; (p = strchr(p, '{')) && p < at; p++)
        if (bytes_equal(bytes_of(p + 1, strcspn(p + 1, "}")), name)) return true;
    return false;
}

const char *template_params(struct arena *arena, const char *text, const struct notice_value *values, size_t count)
{
    char room[FILLED_MAX / 2];
    struct writer w = writer_of(room, sizeof room);
    for (const char *p = text; (p = strchr(p, '{')); p++) {
        struct bytes name = bytes_of(p + 1, strcspn(p + 1, "}"));
        const char *value = find_value(values, count, name);
        if (!value || stands_before(text, p, name)) continue; /* the brand and the address are part of the template */
        write_bytes(&w, name);
        write_u8(&w, '=');
        write_harmless(&w, value);
        write_u8(&w, '\n');
    }
    const char *params = w.full ? NULL : arena_text(arena, bytes_of(room, w.len));
    secret_wipe(room, w.len); /* a code may be in it */
    return params;
}
