#include "cli/init_plan.h"

#include "base/config.h"
#include "base/text.h"

#define DEMO_PIN "271828"

/* Administrators first: the signer seals nothing with fewer than two. */
static const struct init_operator demo_operators[] = {
    { "管理员一", "administrator", "HFDEMO0000000001", "operator-administrator-1", DEMO_PIN },
    { "管理员二", "administrator", "HFDEMO0000000002", "operator-administrator-2", DEMO_PIN },
    { "审核员一", "reviewer", "HFDEMO0000000003", "operator-reviewer-1", DEMO_PIN },
    { "审核员二", "reviewer", "HFDEMO0000000004", "operator-reviewer-2", DEMO_PIN },
    { "制证员一", "producer", "HFDEMO0000000005", "operator-producer-1", DEMO_PIN },
    { "财务一", "finance", "HFDEMO0000000006", "operator-finance-1", DEMO_PIN },
    { "审计员一", "auditor", "HFDEMO0000000007", "operator-auditor-1", DEMO_PIN },
};
_Static_assert(COUNT(demo_operators) <= PLAN_OPERATORS_MAX, "they fit");

struct result init_plan_demo(const struct init_folder *folder, struct init_plan *ret_plan)
{
    struct init_plan plan = {
        .organization = "国资CA（演示）",
        .country = "CN",
        .root_name = "国资CA 演示根",
        .issuing_name = "国资CA 演示签发",
        .operators_name = "国资CA 演示操作员",
        .maker_certificate = init_folder_path(folder, "maker/maker.cer"),
        .maker_transport_key = init_folder_path(folder, "maker/transport.key"),
        .operator_count = COUNT(demo_operators),
    };
    ENSURE(plan.maker_certificate && plan.maker_transport_key, ERROR_OUT_OF_ROOM);
    memcpy(plan.operators, demo_operators, sizeof demo_operators);
    *ret_plan = plan;
    return OK;
}

/* ---- from a file ---- */

struct written {
    struct init_plan plan;
    const char *operators[PLAN_OPERATORS_MAX]; /* "name | roles" */
};

#define NEEDED(field, kind, words) { #field, (kind), offsetof(struct written, plan.field), NULL, true, 0, 0, (words) }
#define OPERATOR(n) \
    { "operator_" #n, CONFIG_TEXT, offsetof(struct written, operators[n - 1]), NULL, false, 0, 0, "name | roles" }
static const struct config_option options[] = {
    NEEDED(organization, CONFIG_TEXT, "of the CAs' names"),
    { "country", CONFIG_TEXT, offsetof(struct written, plan.country), "CN", false, 2, 2, "of the CAs' names" },
    { "root_name", CONFIG_TEXT, offsetof(struct written, plan.root_name), NULL, false, 0, 0,
      "common name of a new root" },
    { "root_certificate", CONFIG_PATH, offsetof(struct written, plan.root_certificate), NULL, false, 0, 0,
      "or the one of a ceremony, DER" },
    NEEDED(issuing_name, CONFIG_TEXT, "common name of the CA for holders"),
    NEEDED(operators_name, CONFIG_TEXT, "common name of the CA for operators"),
    NEEDED(maker_certificate, CONFIG_PATH, "root certificate of the USBKeys' maker, DER"),
    NEEDED(maker_transport_key, CONFIG_PATH, "the maker's transport key, 16 bytes"),
    OPERATOR(1), OPERATOR(2), OPERATOR(3), OPERATOR(4), OPERATOR(5), OPERATOR(6), OPERATOR(7), OPERATOR(8),
    OPERATOR(9), OPERATOR(10), OPERATOR(11), OPERATOR(12), OPERATOR(13), OPERATOR(14), OPERATOR(15), OPERATOR(16),
};

/* "王五 | reviewer,producer" */
static bool split(const char *text, struct arena *arena, struct init_operator *ret_operator)
{
    const char *bar = strchr(text, '|');
    if (!bar || bar == text) return false;
    const char *end = bar, *roles = bar + 1;
    while (end > text && end[-1] == ' ') end--;
    while (*roles == ' ') roles++;
    *ret_operator = (struct init_operator){ .name = arena_text(arena, bytes_of(text, (size_t)(end - text))),
                                            .roles = roles };
    return end > text && *roles && ret_operator->name;
}

struct result init_plan_read(const char *path, struct arena *arena, struct diag *diag, struct init_plan *ret_plan)
{
    static const char *const sections[] = { "init", NULL };
    struct written w = { .plan = { .organization = NULL } };
    TRY(config_check_sections(path, sections, arena, diag));
    TRY(config_read(path, "init", options, COUNT(options), arena, diag, &w));
    if (!w.plan.root_name == !w.plan.root_certificate)
        return diag_log(diag, ERROR_CONFIG, "%s: one of root_name and root_certificate is wanted", path);
    for (size_t i = 0; i < PLAN_OPERATORS_MAX; i++) {
        if (!w.operators[i]) continue;
        if (!split(w.operators[i], arena, &w.plan.operators[w.plan.operator_count]))
            return diag_log(diag, ERROR_CONFIG, "%s: operator_%zu: is not written as name | roles", path, i + 1);
        w.plan.operator_count++;
    }
    *ret_plan = w.plan;
    return OK;
}
