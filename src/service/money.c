#include "service/money.h"

static const int64_t MOST_FEN = 999999999999;

const char *money_yuan(struct arena *arena, int64_t fen)
{
    int64_t size = fen < 0 ? -fen : fen;
    return arena_format(arena, "%s%lld.%02lld", fen < 0 ? "-" : "", (long long)(size / 100), (long long)(size % 100));
}

static const char *const digits[] = { "零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖" };

/* Four digits; a zero is said once between two others, also between this group and the one before it. */
static void write_group(struct writer *w, int64_t group, bool *zero)
{
    static const char *const places[] = { "仟", "佰", "拾", "" };
    for (int64_t place = 0, unit = 1000; unit; place++, unit /= 10) {
        int64_t digit = group / unit % 10;
        if (digit == 0) {
            *zero = w->len > 0;
            continue;
        }
        write_format(w, "%s%s%s", *zero ? "零" : "", digits[digit], places[place]);
        *zero = false;
    }
}

static void write_yuan(struct writer *w, int64_t yuan)
{
    static const struct {
        int64_t unit;
        const char *name;
    } groups[] = { { 100000000, "亿" }, { 10000, "万" }, { 1, "元" } };
    bool zero = false;
    for (size_t i = 0; i < COUNT(groups); i++) {
        int64_t group = yuan / groups[i].unit % 10000;
        size_t before = w->len;
        write_group(w, group, &zero);
        bool last = groups[i].unit == 1;
        if (w->len > before || (last && yuan)) write_text(w, groups[i].name);
        if (last) zero = false;
    }
}

const char *money_words(struct arena *arena, int64_t fen)
{
    char text[256], sign[] = "（负数）";
    struct writer w = writer_of(text, sizeof text - 1);
    int64_t size = fen < 0 ? -fen : fen, jiao = size / 10 % 10, rest = size % 10;
    if (size > MOST_FEN) return NULL;
    write_yuan(&w, size / 100);
    if (jiao) write_format(&w, "%s角", digits[jiao]);
    if (!jiao && rest && w.len) write_text(&w, "零");
    if (rest) write_format(&w, "%s分", digits[rest]);
    if (w.len == 0) write_text(&w, "零元");
    if (!rest) write_text(&w, "整");
    text[w.len] = '\0';
    return arena_format(arena, "%s%s", fen < 0 ? sign : "", text);
}

int64_t money_tax(int64_t gross_fen, int64_t rate)
{
    int64_t sign = gross_fen < 0 ? -1 : 1, size = gross_fen * sign;
    int64_t net = (size * 100 + (100 + rate) / 2) / (100 + rate);
    return sign * (size - net);
}
