/* The rules that stand on nothing: working time, numbers, services as data, the workflow's table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "service/calendar.h"
#include "service/invoice_state.h"
#include "service/money.h"
#include "service/number.h"
#include "service/tariff.h"
#include "service/workflow.h"

#define assert_ok(result) assert_int_equal((result).code, ERROR_NONE)

/* "2026-11-24 16:58" in Shanghai. */
static int64_t at(const char *text)
{
    struct civil c = { 0 };
    int64_t time_s;
    assert_int_equal(sscanf(text, "%4d-%2d-%2d %2d:%2d", &c.year, &c.month, &c.day, &c.hour, &c.minute), 5);
    assert_ok(civil_from_shanghai(&c, &time_s));
    return time_s;
}

/* ---- the calendar ---- */

static int load_shipped(void **state)
{
    struct diag diag = { 0 };
    struct calendar *calendar = NULL;
    struct result r = calendar_load(CALENDAR_FOLDER, &diag, &calendar);
    if (failed(r)) fail_msg("%s", diag.log);
    *state = calendar;
    return 0;
}

static int unload(void **state)
{
    calendar_free(*state);
    return 0;
}

/* R-OPS-1: statutory holidays are no working days, make-up days are, whatever their weekday. */
static void holidays_and_make_up_days(void **state)
{
    static const char *const off[] = { "2026-01-01 10:00", "2026-01-02 10:00", "2026-02-16 10:00", "2026-02-23 10:00",
                                       "2026-04-06 10:00", "2026-05-05 10:00", "2026-06-19 10:00", "2026-09-25 10:00",
                                       "2026-10-07 10:00", "2026-11-21 10:00", "2026-11-22 10:00" };
    static const char *const work[] = { "2026-01-04 10:00", "2026-02-14 10:00", "2026-02-28 10:00",
                                        "2026-05-09 10:00", "2026-09-20 10:00", "2026-10-10 10:00",
                                        "2026-11-20 10:00", "2026-11-23 10:00" };
    for (size_t i = 0; i < COUNT(off); i++) assert_false(calendar_working_day(*state, at(off[i])));
    for (size_t i = 0; i < COUNT(work); i++) assert_true(calendar_working_day(*state, at(work[i])));
}

/* R-OPS-1: 2026 has 365 days, 104 of them at weekends; 33 days off of which some are such, 6 made up for. */
static void the_working_days_of_2026_are_those_of_the_notice(void **state)
{
    int count = 0;
    for (int64_t day = at("2026-01-01 12:00"); day < at("2027-01-01 00:00"); day += DAY_S)
        count += calendar_working_day(*state, day);
    assert_int_equal(count, 248);
}

/* R-OPS-1: a day by Shanghai, not by UTC. */
static void days_are_those_of_shanghai(void **state)
{
    assert_false(calendar_working_day(*state, at("2026-11-22 23:59")));
    assert_true(calendar_working_day(*state, at("2026-11-23 00:00")));
}

/* R-OPS-1: a year without a file counts Monday to Friday, and is told. */
static void a_year_without_a_file(void **state)
{
    int year = 0;
    assert_true(calendar_known(*state, 2026));
    assert_false(calendar_known(*state, 2031));
    assert_true(calendar_working_day(*state, at("2031-10-01 10:00"))); /* a Wednesday */
    assert_false(calendar_working_day(*state, at("2031-10-04 10:00")));
    assert_int_equal(calendar_unknown(*state, at("2026-12-30 10:00"), at("2026-12-31 23:59"), &year), 0);
    assert_int_equal(calendar_unknown(*state, at("2030-12-30 10:00"), at("2031-01-02 10:00"), &year), 2);
    assert_int_equal(year, 2030);
}

/* R-OPS-1: three working days from the afternoon before the spring festival end after it. */
static void working_time_is_added_over_holidays(void **state)
{
    static const struct {
        const char *from;
        int half_days;
        const char *due;
    } cases[] = {
        { "2026-11-24 09:00", 2, "2026-11-24 17:30" },  /* a day ends with the office, not the next morning */
        { "2026-11-24 10:00", 2, "2026-11-25 10:00" },
        { "2026-11-24 16:30", 6, "2026-11-27 16:30" },
        { "2026-11-26 16:30", 6, "2026-12-01 16:30" },  /* over a weekend */
        { "2026-11-21 12:00", 2, "2026-11-23 17:30" },  /* begun on a Saturday: from Monday's opening */
        { "2026-11-24 03:00", 2, "2026-11-24 17:30" },  /* before the office opens */
        { "2026-11-24 12:30", 2, "2026-11-25 12:00" },  /* at lunch */
        { "2026-11-24 20:00", 1, "2026-11-25 14:00" },  /* half a day: 3.5 of 7 hours */
        { "2026-02-13 15:30", 6, "2026-02-25 15:30" },  /* the 14th is made up, then nine days off */
        { "2026-09-24 09:00", 2, "2026-09-24 17:30" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t working = cases[i].half_days * calendar_day_s(*state) / KIND_HALF_DAYS;
        int64_t due = calendar_add(*state, at(cases[i].from), working);
        char text[CIVIL_TEXT_MAX];
        civil_people(due, text);
        assert_string_equal(text, cases[i].due);
        assert_int_equal(calendar_between(*state, at(cases[i].from), due), working);
    }
}

/* R-OPS-1: what is added is what lies between, wherever one begins; the other way around it is negative. */
static void adding_and_measuring_agree(void **state)
{
    int64_t from = at("2026-09-18 00:00");
    for (int i = 0; i < 400; i++) {
        int64_t begin = from + i * 4321, working = i * 977 % (6 * 25200);
        int64_t due = calendar_add(*state, begin, working);
        assert_true(due >= begin);
        assert_int_equal(calendar_between(*state, begin, due), working);
        assert_int_equal(calendar_between(*state, due, begin), -working);
    }
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* R-OPS-1: a calendar that says something else than it means is not quietly taken. */
static void bad_calendars_are_refused(void **state)
{
    static const struct {
        const char *office, *year, *why;
    } cases[] = {
        { "09:00 12:00\n", "2026-01-01 off x\n", NULL },
        { "09:00 12:00\n", "2026-01-01 off x\n2026-01-01 work y\n", "2026.txt:2: this day is listed twice" },
        { "09:00 12:00\n", "2027-01-01 off x\n", "2026.txt:1: no day of this year" },
        { "09:00 12:00\n", "2026-02-29 off x\n", "2026.txt:1: no day of this year" },
        { "09:00 12:00\n", "# words\n\n2026-02-28 maybe x\n", "2026.txt:3: expected off or work" },
        { "09:00 12:00\n", "2026-02-28\n", "2026.txt:1: expected a date" },
        { "09:00 12:00\n", "2026-01-01 off x", "2026.txt:1: the line is too long or not ended" },
        { "09:00 08:00\n", "", "office.txt:1: office hours must follow one another" },
        { "09:00 12:00\n11:00 13:00\n", "", "office.txt:2: office hours must follow one another" },
        { "nine to five\n", "", "office.txt:1: expected two times" },
        { "# none\n", "", "has no office hours" },
    };
    char folder[] = "/tmp/hufu-calendar-XXXXXX", path[300];
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct diag diag = { 0 };
        struct calendar *calendar = NULL;
        write_file(folder, "office.txt", cases[i].office);
        write_file(folder, "2026.txt", cases[i].year);
        struct result r = calendar_load(folder, &diag, &calendar);
        if (!cases[i].why) {
            assert_ok(r);
            calendar_free(calendar);
            continue;
        }
        assert_int_equal(r.code, ERROR_CONFIG);
        if (!strstr(diag.log, cases[i].why)) fail_msg("%s, not %s", diag.log, cases[i].why);
        assert_null(calendar);
    }
    static const char *const files[] = { "office.txt", "2026.txt" };
    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    struct diag diag = { 0 };
    struct calendar *none;
    assert_int_equal(calendar_load(folder, &diag, &none).code, ERROR_CONFIG);
    rmdir(folder);
}

/* ---- numbers ---- */

/* R-APPLY-1: a number bears its day by Shanghai and a check digit that every single wrong digit breaks. */
static void numbers_check_themselves(void **state)
{
    char number[NUMBER_LEN + 1], last[NUMBER_LEN + 1] = "";
    for (int i = 0; i < 200; i++) {
        number_make(at("2026-11-24 00:01"), number);
        assert_true(text_starts(number, "20261124"));
        assert_int_equal(strlen(number), NUMBER_LEN);
        assert_true(number_right(number));
        assert_string_not_equal(number, last);
        memcpy(last, number, sizeof last);
        for (int digit = 0; digit < NUMBER_LEN; digit++) {
            char wrong[NUMBER_LEN + 1];
            memcpy(wrong, number, sizeof wrong);
            wrong[digit] = wrong[digit] == '9' ? '0' : (char)(wrong[digit] + 1);
            assert_false(number_right(wrong));
        }
    }
    /* By another implementation of ISO 7064 MOD 11,10, which gives the standard's example 0794 its 5. */
    assert_true(number_right("20261124000000010"));
    static const char *const bad[] = { "", "2026112400000001", "202611240000000166", "2026112400000001x",
                                       "20261324000000010", "20261131000000010", " 2026112400000001" };
    for (size_t i = 0; i < COUNT(bad); i++) assert_false(number_right(bad[i]));
}

/* ---- services and tariff as data ---- */

/* R-FEE-1, R-LOST-3: which item each service asks for; the first replacement is free, one by the CA's fault too. */
static void what_costs_and_what_is_free(void **state)
{
    static const struct {
        struct tariff_case which;
        const char *item;
    } cases[] = {
        { { KIND_APPLY, 0, false }, "certificate" }, { { KIND_RENEW, 0, false }, "certificate" },
        { { KIND_UNLOCK, 3, false }, NULL },         { { KIND_REVOKE, 0, false }, NULL },
        { { KIND_CHANGE, 0, false }, NULL },         { { KIND_DAMAGED, 2, false }, NULL },
        { { KIND_LOST, 0, false }, NULL },           { { KIND_LOST, 1, false }, "usbkey" },
        { { KIND_LOST, 7, false }, "usbkey" },       { { KIND_LOST, 7, true }, NULL },
        { { KIND_LOST, 7, .shield = true }, NULL },  { { KIND_RENEW, 0, .shield = true }, "certificate" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *item = tariff_item(&cases[i].which);
        if (!text_equal(item, cases[i].item)) fail_msg("case %zu: %s", i, item ? item : "free");
    }
}

/* R-FORM-3, R-FORM-4: each service names exactly the scans it needs, the form first; a change of holder both
 * persons'. */
static void the_scans_each_service_asks_for(void **state)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        size_t n = 0;
        const struct kind_rule *rule = kind_rule((enum kind)kind);
        while (kind_scan_at((enum kind)kind, false, n)) n++;
        if (rule->unasked) {
            assert_null(kind_scan_at((enum kind)kind, true, 0)); /* R-ORG-1: the organization gave its evidence */
            continue;
        }
        assert_int_equal(n, kind == KIND_CHANGE ? 4 : 3);
        assert_string_equal(kind_scan_at((enum kind)kind, true, n)->name, "letter"); /* R-FORM-6 */
        assert_null(kind_scan_at((enum kind)kind, true, n + 1));
        assert_true(rule->scans[0]->form);
        assert_non_null(kind_scan((enum kind)kind, "license"));
        assert_non_null(kind_scan((enum kind)kind, "identity"));
        assert_true((kind_scan((enum kind)kind, "identity-new") != NULL) == (kind == KIND_CHANGE));
        assert_null(kind_scan((enum kind)kind, "photo"));
        enum kind back;
        assert_ok(kind_find(rule->name, &back));
        assert_int_equal(back, kind);
        assert_int_equal(rule->half_days, kind == KIND_UNLOCK ? 1 : 6);
    }
    enum kind none;
    assert_int_equal(kind_find("reissues", &none).code, ERROR_NOT_FOUND);
}

/* ---- the workflow ---- */

/* What tests/unit/service/workflow.txt expects, read line by line: "kinds state event [facts] -> next actions". */
struct expected {
    char kinds[100], state[32], event[32], facts[120], next[32], actions[100];
};

static bool lists(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = strstr(list, word); p; p = strstr(p + 1, word))
        if ((p == list || p[-1] == ',') && (p[n] == ',' || p[n] == '\0')) return true;
    return false;
}

static size_t read_expected(struct expected *into, size_t max)
{
    FILE *f = fopen(WORKFLOW_EXPECTED, "r");
    assert_non_null(f);
    char line[400];
    size_t n = 0;
    while (fgets(line, sizeof line, f)) {
        if (line[0] == '#' || line[0] == '\n') continue;
        assert_true(n < max);
        struct expected *e = &into[n++];
        if (sscanf(line, "%99s %31s %31s %119s -> %31s %99s", e->kinds, e->state, e->event, e->facts, e->next,
                   e->actions) != 6)
            fail_msg("workflow.txt: %s", line);
    }
    fclose(f);
    return n;
}

/* The facts of a name in workflow.txt. */
static struct workflow_facts facts_of(enum kind kind, const char *name)
{
    struct workflow_facts facts = { .kind = kind, .printed = true };
    if (strcmp(name, "due") == 0) facts.due = true;
    else if (strcmp(name, "unfilled") == 0) facts.unfilled = "medium";
    else if (strcmp(name, "unprinted") == 0) facts.printed = false;
    else if (strcmp(name, "unscanned") == 0) facts.missing = "license";
    else if (strcmp(name, "shield") == 0) facts.shield = true;
    else if (strcmp(name, "unconfirmed") == 0) facts.unconfirmed = true;
    else if (strcmp(name, "unreturned") == 0) facts.unreturned = facts.uninspected = true;
    else if (strcmp(name, "uninspected") == 0) facts.uninspected = true;
    else if (strcmp(name, "unseconded") == 0) facts.unseconded = true;
    else if (strcmp(name, "made") == 0) facts.made = true;
    else assert_string_equal(name, "settled");
    return facts;
}

static const char *action_names(unsigned actions, char *into, size_t room)
{
    static const char *const names[] = { "run", "pause", "review", "stop", "refund", "close", "tell", "reopen" };
    into[0] = '\0';
    for (size_t i = 0; i < COUNT(names); i++)
        if (actions & 1u << i) snprintf(into + strlen(into), room - strlen(into), "%s%s", into[0] ? "," : "", names[i]);
    return into[0] ? into : "-";
}

/* Facts that only some services have. */
static bool arises(enum kind kind, enum state state, const char *facts)
{
    if (strcmp(facts, "made") == 0) return state == STATE_REPLACED;
    if (strcmp(facts, "unconfirmed") == 0) return kind_rule(kind)->successor;
    if (strcmp(facts, "unseconded") == 0) return kind_rule(kind)->four_eyes || kind == KIND_CHANGE; /* R-CHANGE-4 */
    if (strcmp(facts, "unreturned") == 0 || strcmp(facts, "uninspected") == 0) return kind_rule(kind)->returns;
    return true;
}

/* R-APPLY to R-CHANGE: every service, state and event, under each of the facts: what workflow.txt lists happens, and
 * everything else is refused. */
static void every_pair_of_state_and_event(void **state)
{
    static const char *const facts_names[] = { "settled",     "due",        "unfilled",   "unprinted",  "unscanned",
                                               "shield",      "unconfirmed", "unreturned", "uninspected",
                                               "unseconded",  "made" };
    static struct expected table[400];
    size_t count = read_expected(table, COUNT(table)), used = 0;
    for (int kind = 0; kind < KIND_COUNT; kind++)
        for (int s = 0; s < STATE_COUNT; s++)
            for (int e = 0; e < EVENT_COUNT; e++)
                for (size_t f = 0; f < COUNT(facts_names); f++) {
                    const struct expected *want = NULL;
                    if (!arises((enum kind)kind, (enum state)s, facts_names[f])) continue;
                    for (size_t i = 0; i < count && !want; i++)
                        if ((lists(table[i].kinds, kind_rule((enum kind)kind)->name) || lists(table[i].kinds, "all")) &&
                            strcmp(table[i].state, state_name((enum state)s)) == 0 &&
                            strcmp(table[i].event, event_name((enum event)e)) == 0 &&
                            (lists(table[i].facts, facts_names[f]) || lists(table[i].facts, "any")))
                            want = &table[i];
                    struct workflow_facts facts = facts_of((enum kind)kind, facts_names[f]);
                    const struct workflow_row *row = NULL;
                    struct diag diag = { 0 };
                    struct result r = workflow_step(&facts, (enum state)s, (enum event)e, &diag, &row);
                    char got[100];
                    if (failed(r) != !want)
                        fail_msg("%s %s %s (%s): %s", kind_rule((enum kind)kind)->name, state_name((enum state)s),
                                 event_name((enum event)e), facts_names[f], want ? "refused" : "not refused");
                    if (!want) continue;
                    used++;
                    if (strcmp(state_name(row->next), want->next) != 0 ||
                        strcmp(action_names(row->actions, got, sizeof got), want->actions) != 0)
                        fail_msg("%s %s %s (%s): %s %s, not %s %s", kind_rule((enum kind)kind)->name, want->state,
                                 want->event, facts_names[f], state_name(row->next), got, want->next, want->actions);
                }
    assert_true(used > count);
}

/* R-FORM-5: a refusal says which item is missing. */
static void refusals_name_the_item(void **state)
{
    const struct workflow_row *row;
    struct {
        const char *facts;
        enum event event;
        enum error error;
        const char *field;
    } cases[] = {
        { "unfilled", EVENT_SUBMIT, ERROR_APPLICATION_INCOMPLETE, "medium" },
        { "unfilled", EVENT_PRINT, ERROR_APPLICATION_INCOMPLETE, "medium" },
        { "unprinted", EVENT_SUBMIT, ERROR_APPLICATION_INCOMPLETE, "form" },
        { "unscanned", EVENT_SUBMIT, ERROR_APPLICATION_INCOMPLETE, "license" },
        { "settled", EVENT_APPROVE, ERROR_APPLICATION_STATE, "" },
        { "settled", EVENT_PAY, ERROR_APPLICATION_STATE, "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct workflow_facts facts = facts_of(KIND_APPLY, cases[i].facts);
        struct diag diag = { 0 };
        assert_int_equal(workflow_step(&facts, STATE_DRAFT, cases[i].event, &diag, &row).code, cases[i].error);
        assert_string_equal(diag.field, cases[i].field);
    }
    struct workflow_facts facts = facts_of(KIND_APPLY, "settled");
    assert_int_equal(workflow_step(&facts, STATE_AWAITING_PAYMENT, EVENT_PAY, NULL, &row).code, ERROR_PAYMENT_NOT_DUE);
    facts = facts_of(KIND_APPLY, "due");
    assert_int_equal(workflow_step(&facts, STATE_IN_REVIEW, EVENT_APPROVE, NULL, &row).code, ERROR_PAYMENT_DUE);
    facts = facts_of(KIND_APPLY, "shield");
    assert_int_equal(workflow_step(&facts, STATE_APPROVED, EVENT_OPEN, NULL, &row).code, ERROR_APPLICATION_MEDIUM);
}

/* ---- invoices ---- */

/* The next state by tests/unit/service/invoice.txt; "" where the pair is refused. */
static void expected_next(const char *state, const char *event, char ret_next[32])
{
    FILE *f = fopen(INVOICE_EXPECTED, "r");
    char line[256], a[32], b[32], c[32];
    assert_non_null(f);
    ret_next[0] = '\0';
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "%31s %31s %31s", a, b, c) == 3 && text_equal(a, state) && text_equal(b, event))
            snprintf(ret_next, 32, "%s", c);
    fclose(f);
}

/* R-INV-1, R-INV-2: each pair of state and event does what was written down apart from the code, or is refused. */
static void every_pair_of_an_invoice(void **state)
{
    for (int s = 0; s < INVOICE_STATES; s++)
        for (int e = 0; e < INVOICE_EVENTS; e++) {
            enum invoice_state from = (enum invoice_state)s, next, found;
            const char *event = invoice_event_name((enum invoice_event)e);
            char wanted[32];
            expected_next(invoice_state_name(from), event, wanted);
            struct result r = invoice_step(from, (enum invoice_event)e, &next);
            if (failed(r)) assert_int_equal(r.code, ERROR_INVOICE_STATE);
            assert_string_equal(failed(r) ? "" : invoice_state_name(next), wanted);
            assert_ok(invoice_state_find(invoice_state_name(from), &found));
            assert_int_equal(found, from);
        }
}

/* R-INV-1: amounts as invoices have them, and the tax within. */
static void amounts_of_invoices(void **state)
{
    static const struct {
        int64_t fen;
        const char *yuan, *words;
    } cases[] = {
        { 39900, "399.00", "叁佰玖拾玖元整" },
        { -39900, "-399.00", "（负数）叁佰玖拾玖元整" },
        { 8000, "80.00", "捌拾元整" },
        { 100503, "1005.03", "壹仟零伍元零叁分" },
        { 10000500, "100005.00", "壹拾万零伍元整" },
        { 1000000000, "10000000.00", "壹仟万元整" },
        { 10001500000, "100015000.00", "壹亿零壹万伍仟元整" },
        { 150, "1.50", "壹元伍角整" },
        { 5, "0.05", "伍分" },
        { 0, "0.00", "零元整" },
    };
    struct arena *arena = arena_new(64 * 1024);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(money_yuan(arena, cases[i].fen), cases[i].yuan);
        assert_string_equal(money_words(arena, cases[i].fen), cases[i].words);
    }
    assert_null(money_words(arena, 1000000000000));
    assert_int_equal(money_tax(39900, 6), 2258);
    assert_int_equal(money_tax(-39900, 6), -2258);
    assert_int_equal(money_tax(8000, 0), 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holidays_and_make_up_days),
        cmocka_unit_test(the_working_days_of_2026_are_those_of_the_notice),
        cmocka_unit_test(days_are_those_of_shanghai),
        cmocka_unit_test(a_year_without_a_file),
        cmocka_unit_test(working_time_is_added_over_holidays),
        cmocka_unit_test(adding_and_measuring_agree),
        cmocka_unit_test(bad_calendars_are_refused),
        cmocka_unit_test(numbers_check_themselves),
        cmocka_unit_test(what_costs_and_what_is_free),
        cmocka_unit_test(the_scans_each_service_asks_for),
        cmocka_unit_test(every_pair_of_state_and_event),
        cmocka_unit_test(refusals_name_the_item),
        cmocka_unit_test(every_pair_of_an_invoice),
        cmocka_unit_test(amounts_of_invoices),
    };
    return cmocka_run_group_tests_name("rules", tests, load_shipped, unload);
}
