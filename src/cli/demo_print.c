#include "cli/demo_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "pki/certificate.h"

enum { WIDTH_STEP_ZH = 40, WIDTH_STEP_EN = 60, WIDTH_TOLD = 46, WIDTH_LABEL = 12, ARENA_MAX = 256 * 1024 };

/* ---- columns ---- */

static uint32_t next_point(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    int more = *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : *p >= 0xC0 ? 1 : 0;
    uint32_t point = more == 3 ? *p & 7u : more == 2 ? *p & 15u : more == 1 ? *p & 31u : *p;
    for (p++; more && (*p & 0xC0) == 0x80; more--) point = point << 6 | (*p++ & 63u);
    *text = (const char *)p;
    return point;
}

static int columns_of(uint32_t point)
{
    bool wide = (point >= 0x2E80 && point < 0xA4D0) || (point >= 0xAC00 && point < 0xD7A4) ||
                (point >= 0xF900 && point < 0xFB00) || (point >= 0xFE30 && point < 0xFE70) ||
                (point >= 0xFF00 && point < 0xFF61) || (point >= 0x20000 && point < 0x40000);
    return wide ? 2 : 1;
}

int demo_columns(const char *text)
{
    int columns = 0;
    while (*text) columns += columns_of(next_point(&text));
    return columns;
}

void demo_pad(const char *text, int width)
{
    int left = width - demo_columns(text);
    printf("%s%*s", text, left > 0 ? left : 0, "");
}

/* As demo_pad, but what is too long is cut and ends in "…". */
static void pad_cut(const char *text, int width)
{
    const char *end = text;
    int columns = 0;
    if (demo_columns(text) <= width) {
        demo_pad(text, width);
        return;
    }
    while (*end) {
        const char *next = end;
        int wide = columns_of(next_point(&next));
        if (columns + wide > width - 1) break;
        columns += wide;
        end = next;
    }
    printf("%.*s…%*s", (int)(end - text), text, width - columns - 1, "");
}

/* ---- lines ---- */

struct demo_print demo_print_new(bool english)
{
    bool colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    return (struct demo_print){ .english = english, .colour = colour, .actor = -1 };
}

static const char *paint(const struct demo_print *print, const char *code)
{
    return print->colour ? code : "";
}

#define GREEN "\033[32m"
#define RED "\033[31m"
#define DIM "\033[2m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

void demo_print_head(const struct demo_print *print, const struct place *place)
{
    printf("%s%s%s  %s%s · %s · %s%s\n", paint(print, BOLD), print->english ? "Hufu demonstration" : "虎符演示",
           paint(print, PLAIN), paint(print, DIM), place_address(place, "portal"), place_address(place, "console"),
           place_address(place, "platform"), paint(print, PLAIN));
}

static void actor_line(struct demo_print *print, enum walk_actor actor)
{
    static const struct { const char *zh, *en; } names[] = {
        [WALK_ADMINISTRATOR] = { "系统管理员", "Administrator" }, [WALK_REVIEWER] = { "审核员", "Reviewer" },
        [WALK_PRODUCER] = { "制证员", "Producer" },                [WALK_HOLDER] = { "使用人", "Holder" },
        [WALK_STRANGER] = { "冒名者（应被拒绝）", "Impostor (to be refused)" },
    };
    if (print->actor == (int)actor) return;
    print->actor = (int)actor;
    printf("\n %s%s%s\n", paint(print, BOLD), print->english ? names[actor].en : names[actor].zh, paint(print, PLAIN));
}

void demo_print_step(struct demo_print *print, const struct walk_step *step, struct result r, const struct walk *walk,
                     double ms)
{
    actor_line(print, step->actor);
    printf("   %s%s%s ", paint(print, failed(r) ? RED : GREEN), failed(r) ? "✗" : "✓", paint(print, PLAIN));
    demo_pad(print->english ? step->en : step->zh, print->english ? WIDTH_STEP_EN : WIDTH_STEP_ZH);
    printf(" %s", paint(print, DIM));
    pad_cut(failed(r) ? "" : walk->told, WIDTH_TOLD);
    printf("%6.0f ms%s\n", ms, paint(print, PLAIN));
    fflush(stdout);
}

void demo_print_failure(bool english, struct result r, const struct diag *diag)
{
    const struct error_entry *e = error_find(r.code);
    fprintf(stderr, "\n%d %s: %s\n", (int)r.code, e->name, english ? e->en : e->zh);
    if (diag->field[0]) fprintf(stderr, "%s: ", diag->field);
    if (diag->detail[0]) fprintf(stderr, "%s\n", diag->detail);
    fprintf(stderr, "%s\n", english ? e->hint_en : e->hint_zh);
}

/* ---- outcome ---- */

static void fact(const struct demo_print *print, const char *label, const char *value)
{
    printf("   %s", paint(print, DIM));
    demo_pad(label, WIDTH_LABEL);
    printf("%s %s\n", paint(print, PLAIN), value);
}

static void certificate_facts(const struct demo_print *print, const struct certificate *certificate,
                              struct arena *arena)
{
    bool english = print->english;
    char from[CIVIL_TEXT_MAX], to[CIVIL_TEXT_MAX];
    civil_people(certificate->not_before_s, from);
    civil_people(certificate->not_after_s, to);
    const char *validity = arena_format(arena, english ? "%s to %s" : "%s 至 %s", from, to);
    fact(print, english ? "Subject" : "主题", name_text(&certificate->subject, arena));
    fact(print, english ? "Issuer" : "签发者", name_text(&certificate->issuer, arena));
    fact(print, english ? "Serial" : "序列号", certificate_serial_text(certificate, arena));
    fact(print, english ? "Valid" : "有效期", validity ? validity : "");
    fact(print, english ? "Algorithm" : "算法", certificate->signed_by == KEY_SM2 ? "SM2 / SM3" : "P-256 / SHA-256");
}

static void certificate_block(const struct demo_print *print, const struct walk *walk, struct arena *arena)
{
    struct certificate *certificate;
    struct bytes der;
    printf("\n %s%s%s\n", paint(print, BOLD), print->english ? "Certificate" : "证书", paint(print, PLAIN));
    struct result r = text_from_base64(arena, client_text(walk->produced, "signing_certificate"), &der);
    if (!failed(r)) r = certificate_parse(der, arena, &certificate);
    if (!failed(r)) certificate_facts(print, certificate, arena);
    fact(print, "USBKey", walk->person.card);
}

void demo_print_outcome(const struct demo_print *print, const struct walk *walk, size_t steps, double ms)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    bool english = print->english;
    char until[CIVIL_TEXT_MAX];
    certificate_block(print, walk, arena);
    civil_people((int64_t)json_integer_value(json_object_get(walk->session, "expires_s")), until);
    printf("\n %s%s%s\n", paint(print, BOLD), english ? "Login" : "登录", paint(print, PLAIN));
    fact(print, english ? "Platform" : "监管平台", client_origin(walk->platform));
    fact(print, english ? "Person" : "登录人", client_text(walk->session, "name"));
    fact(print, english ? "Session" : "会话至", until);
    printf(english ? "\n %s✓%s %zu steps, %.2f seconds\n" : "\n %s✓%s 共 %zu 步，用时 %.2f 秒\n", paint(print, GREEN),
           paint(print, PLAIN), steps, ms / 1000);
}
