/* `hufu audit`: the signer's journal and the trail of who did what, looked at without their owners' help. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/audit_evidence.h"
#include "cli/audit_proof.h"
#include "cli/audit_whole.h"
#include "cli/commands.h"
#include "cli/installation.h"

enum { ARENA_MAX = 16 * 1024 * 1024 };

struct options {
    const char *folder, *heads, *root, *trail;
    const char *serial, *from, *until; /* of an export */
    bool json;
};

/* clang-format off */
static const struct cli_option options[] = {
    { "folder", CLI_TEXT, offsetof(struct options, folder), "DIR", 0, 0, "the installation (default $HUFU_FOLDER, var, /var/lib/hufu)" },
    { "heads", CLI_TEXT, offsetof(struct options, heads), "FILE", 0, 0, "signed tree heads published earlier, one behind the other" },
    { "root", CLI_TEXT, offsetof(struct options, root), "FILE", 0, 0, "the root certificate as you have it (DER), not as the installation says" },
    { "trail", CLI_TEXT, offsetof(struct options, trail), "SIZE:ROOT", 0, 0, "the audit trail as an earlier verification printed it" },
    { "serial", CLI_TEXT, offsetof(struct options, serial), "SERIAL", 0, 0, "export: what was signed by this certificate" },
    { "from", CLI_TEXT, offsetof(struct options, from), "DAY", 0, 0, "export: from this day on, as 2026-11-30 (Asia/Shanghai)" },
    { "until", CLI_TEXT, offsetof(struct options, until), "DAY", 0, 0, "export: up to and with this day" },
    { "json", CLI_FLAG, offsetof(struct options, json), NULL, 0, 0, "one JSON object" },
};
/* clang-format on */

static void print_one(const struct audit_told *t, bool trail)
{
    printf(cli_words("%s：%llu 条记录，根 %s\n", "%s: %llu records, root %s\n"),
           trail ? cli_words("操作记录", "Audit trail") : cli_words("签发日志", "Journal"), (unsigned long long)t->size,
           t->root);
    if (t->erased)
        printf(cli_words("  其中 %llu 条的内容已依规删除\n", "  the content of %llu was erased\n"),
               (unsigned long long)t->erased);
    if (t->restored)
        printf(cli_words("  从备份恢复过 %llu 次，最近一次自第 %llu 条起\n",
                         "  restored from backups: %llu times, the last with record %llu\n"),
               (unsigned long long)t->restored, (unsigned long long)t->restored_at);
    if (trail && t->heads)
        printf(cli_words("  与 %llu 个树头相符\n", "  it agrees with %llu heads\n"), (unsigned long long)t->heads);
    if (t->lost)
        printf(cli_words("  另有 %llu 个树头属于恢复备份前丢失的部分\n",
                         "  %llu heads are of what was lost when a backup was restored\n"),
               (unsigned long long)t->lost);
    if (t->beyond)
        printf(trail ? cli_words("  最近 %llu 条尚未记入签发日志\n", "  the last %llu are not in the journal's heads yet\n")
                     : cli_words("  另有 %llu 条刚写入，尚未签名\n", "  %llu more are being written and not signed yet\n"),
               (unsigned long long)t->beyond);
}

static json_t *pack(const struct audit_told *t)
{
    return json_pack("{s:I, s:s, s:I, s:I, s:I, s:I, s:I}", "size", (json_int_t)t->size, "root", t->root, "erased",
                     (json_int_t)t->erased, "unsigned", (json_int_t)t->beyond, "heads", (json_int_t)t->heads, "lost",
                     (json_int_t)t->lost, "restored", (json_int_t)t->restored);
}

static void print(const struct options *o, const struct audit_told *journal, const struct audit_told *trail)
{
    if (o->json) {
        json_t *all = json_pack("{s:o, s:o}", "journal", pack(journal), "trail", pack(trail));
        json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
        json_decref(all);
        puts("");
        return;
    }
    print_one(journal, false);
    print_one(trail, true);
    puts(cli_words("没有发现改动。", "Nothing was altered."));
}

static struct result verify(const struct installation *i, const struct options *o, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    const struct audit_asked asked = { o->root, o->heads, o->trail };
    struct audit_whole told;
    TRY(audit_whole_verify(i, &asked, arena, diag, &told));
    print(o, &told.journal, &told.trail);
    return OK;
}

static int run_verify(const char *folder, const struct options *o)
{
    struct installation i;
    struct diag diag = { 0 };
    struct result r = installation_open(folder, &diag, &i);
    if (failed(r)) return cli_fail(r, &diag);
    r = verify(&i, o, &diag);
    installation_done(&i);
    return failed(r) ? cli_fail(r, &diag) : EXIT_SUCCESS;
}

/* Without an installation: whoever was handed the root's certificate can do it. */
static int run_proof(const char *file, const struct options *o)
{
    struct diag diag = { 0 };
    struct result r = audit_proof(file, o->root, o->json, &diag);
    return failed(r) ? cli_fail(r, &diag) : EXIT_SUCCESS;
}

/* TEXT NULL leaves *RET_TIME_S as it is. */
static struct result day(const char *text, const char *option, int64_t later_s, struct diag *diag, int64_t *ret_time_s)
{
    if (!text) return OK;
    if (failed(civil_day(text, ret_time_s))) return diag_log(diag, ERROR_CONFIG, "--%s is no day: %s", option, text);
    *ret_time_s += later_s;
    return OK;
}

static struct result export(const char *folder, const struct options *o, struct diag *diag)
{
    struct audit_range range = { .serial = o->serial, .until_s = INT64_MAX };
    struct installation i;
    TRY(day(o->from, "from", 0, diag, &range.from_s));
    TRY(day(o->until, "until", DAY_S, diag, &range.until_s));
    TRY(installation_open(folder, diag, &i));
    struct result r = audit_evidence_export(&i, &range, diag);
    installation_done(&i);
    return r;
}

static int run_export(const char *folder, const struct options *o)
{
    struct diag diag = { 0 };
    struct result r = export(folder, o, &diag);
    return failed(r) ? cli_fail(r, &diag) : EXIT_SUCCESS;
}

static int run_evidence(const char *file, const struct options *o)
{
    struct diag diag = { 0 };
    struct result r = audit_evidence_check(file, o->root, o->json, &diag);
    return failed(r) ? cli_fail(r, &diag) : EXIT_SUCCESS;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { 0 };
    int count, exit_status;
    if (!cli_parse(command, argc, argv, &o, &count, &exit_status)) return exit_status;
    const char *what = count > 0 ? argv[0] : "", *operand = count == 2 ? argv[1] : NULL;
    const bool range = o.serial || o.from || o.until, known = o.heads || o.trail;
    const bool alone = operand && o.root && !o.folder && !known && !range;
    if (text_equal(what, "verify") && !(operand && o.folder) && !range)
        return run_verify(operand ? operand : o.folder, &o);
    if (text_equal(what, "export") && !(operand && o.folder) && !known && !o.root)
        return run_export(operand ? operand : o.folder, &o);
    if (text_equal(what, "proof") && alone) return run_proof(operand, &o);
    if (text_equal(what, "evidence") && alone) return run_evidence(operand, &o);
    cli_print_help(command);
    return CLI_USAGE;
}

const struct cli_command command_audit = {
    .name = "audit",
    .operands = "verify [FOLDER] | proof FILE | export [FOLDER] | evidence FILE",
    .operands_max = 2,
    .summary = "verifies journal, audit trail, proofs of issuance and what people signed",
    .about = "audit verify reads the signer's journal and the trail of who did what, running or not, and tells\n"
             "the first entry that was changed, removed, inserted or put elsewhere, a cut end, and a fork from\n"
             "heads that were published earlier. It writes nothing.\n"
             "\n"
             "audit proof checks a proof of issuance, as a holder downloads it from the portal, with nothing but\n"
             "the root certificate (--root): that the certificate's issuance stands in the journal under a head\n"
             "that the installation signed. It needs no installation and no network.\n"
             "\n"
             "audit export writes what people signed, a line each: every login with a USBKey, and every approval,\n"
             "production, download and other act, each as it was signed, with its certificate and, of holders'\n"
             "logins, the CA's own answer of then that the certificate was good.\n"
             "\n"
             "audit evidence checks such lines with nothing but the root certificate (--root): signature, chain,\n"
             "status and time of each. The first that does not hold is told.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
