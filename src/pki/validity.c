#include "pki/validity.h"

#include <stdio.h>

#include "base/text.h"

struct row {
    const char *word;
    int days; /* before the end */
    bool stops;
    const char *zh, *en; /* what it is; %s: its name */
    const char *mend_zh, *mend_en;
};

/* clang-format off */
static const struct row rows[VALIDITY_KINDS] = {
    /* A CA cannot give a whole year's certificate any more when it has less itself, and its successor takes time. */
    [VALIDITY_CA] = { "ca", 400, true, "CA 证书 ca/%s", "The certificate ca/%s",
        "准备新的 CA 和密钥仪式：hufu ceremony，见 docs/operation.md",
        "Prepare its successor and a ceremony: hufu ceremony, docs/operation.md" },
    [VALIDITY_LIST] = { "list", 30, true, "吊销列表 publish/crl/%s", "The list publish/crl/%s",
        "在离线根所在的机器上签发新列表（hufu ceremony），放到 publish/crl/",
        "Make a new one where the root is (hufu ceremony) and put it into publish/crl/" },
    [VALIDITY_OPERATOR] = { "operator", 30, true, "操作员 %s 的证书", "The certificate of the operator %s",
        "由两名管理员签名续期；管理员不足两名在期内时谁也不能再登记",
        "Two administrators renew it by signature; without two in force nobody can be entered" },
    /* The signer makes a new one by itself long before. */
    [VALIDITY_RESPONDER] = { "responder", 1, true, "OCSP 应答证书", "The certificate of the OCSP responder",
        "启动 hufu serve，签发服务会自己更换；仍不更换请看日志",
        "Start hufu serve: the signer makes another one by itself; if it does not, see the log" },
    /* The State Council announces the next year's holidays in the first days of November. */
    [VALIDITY_CALENDAR] = { "calendar", 45, false, "最后一份工作日历 %s", "The last calendar of working days, %s,",
        "按国务院公布的放假安排写好下一年的文件，放进日历文件夹（[web] calendar），再重新启动；没有它，周一到周五都算工作日",
        "Write the next year's file after the State Council's notice into the calendar's folder ([web] calendar) and "
        "start anew; without it Monday to Friday are working days" },
};
/* clang-format on */

enum validity_state validity_state(const struct validity *validity, int64_t now_s)
{
    if (validity->end_s < now_s) return VALIDITY_OVER;
    return validity->end_s - now_s > (int64_t)rows[validity->kind].days * DAY_S ? VALIDITY_GOOD : VALIDITY_SOON;
}

bool validity_stops(enum validity_kind kind)
{
    return rows[kind].stops;
}

/* The row's words up to the name, the name, and the rest. */
static int put_what(const struct validity *v, bool english, char *into, size_t room)
{
    const char *words = english ? rows[v->kind].en : rows[v->kind].zh, *gap = strstr(words, "%s");
    if (!gap) return snprintf(into, room, "%s", words);
    return snprintf(into, room, "%.*s%.*s%s", (int)(gap - words), words, VALIDITY_NAME_MAX, v->name, gap + 2);
}

void validity_words(const struct validity *validity, int64_t now_s, bool english, char ret_words[VALIDITY_TEXT_MAX])
{
    const bool over = validity_state(validity, now_s) == VALIDITY_OVER;
    char what[VALIDITY_TEXT_MAX], when[CIVIL_TEXT_MAX];
    put_what(validity, english, what, sizeof what);
    civil_people(validity->end_s, when);
    const char *format = english ? over ? "%.300s ran out on %s" : "%.300s runs out on %s"
                                 : over ? "%.300s 已于 %s 到期" : "%.300s 将于 %s 到期";
    snprintf(ret_words, VALIDITY_TEXT_MAX, format, what, when);
}

const char *validity_mend(enum validity_kind kind, bool english)
{
    return english ? rows[kind].mend_en : rows[kind].mend_zh;
}

const char *validity_word(enum validity_kind kind)
{
    return rows[kind].word;
}

struct validity validity_calendar(int last_year, char name[CIVIL_TEXT_MAX])
{
    const struct civil next = { .year = last_year + 1, .month = 1, .day = 1 };
    struct validity v = { .kind = VALIDITY_CALENDAR, .name = name };
    snprintf(name, CIVIL_TEXT_MAX, "%d.txt", last_year);
    IGNORE(civil_from_shanghai(&next, &v.end_s)); /* every year that a clock says has one */
    v.end_s--;
    return v;
}

void validity_write(const struct validity *validity, struct writer *w)
{
    write_format(w, "%s %lld %s\n", rows[validity->kind].word, (long long)validity->end_s,
                 validity->name ? validity->name : "");
}

static bool find_kind(struct bytes word, enum validity_kind *ret_kind)
{
    for (size_t i = 0; i < VALIDITY_KINDS; i++) {
        if (!bytes_equal(word, bytes_text(rows[i].word))) continue;
        *ret_kind = (enum validity_kind)i;
        return true;
    }
    return false;
}

struct result validity_read(struct bytes line, struct arena *arena, struct validity *ret_validity)
{
    struct validity v;
    const uint8_t *end = line.ptr + line.len, *space = memchr(line.ptr, ' ', line.len);
    ENSURE(space && find_kind(bytes_of(line.ptr, (size_t)(space - line.ptr)), &v.kind), ERROR_MALFORMED);
    const uint8_t *number = space + 1, *second = memchr(number, ' ', (size_t)(end - number));
    ENSURE(second && (size_t)(end - second - 1) <= VALIDITY_NAME_MAX, ERROR_MALFORMED);
    const char *digits = arena_text(arena, bytes_of(number, (size_t)(second - number)));
    uint64_t end_s;
    ENSURE(digits, ERROR_OUT_OF_ROOM);
    TRY(text_number(digits, INT64_MAX, &end_s));
    v.end_s = (int64_t)end_s;
    v.name = arena_text(arena, bytes_of(second + 1, (size_t)(end - second - 1)));
    ENSURE(v.name, ERROR_OUT_OF_ROOM);
    *ret_validity = v;
    return OK;
}
