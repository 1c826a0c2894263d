/* `hufu ceremony`: does what a reviewed file says, and records it. Here: all that the kinds share, and the root's. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/ceremony_perform.h"
#include "cli/commands.h"

enum { ARENA_MAX = 4 * 1024 * 1024 };

/* clang-format off */
static const struct cli_option options[] = {
    { "perform", CLI_FLAG, offsetof(struct ceremony_options, perform), NULL, 0, 0, "do it; else it is only checked and told" },
    { "reviewed", CLI_TEXT, offsetof(struct ceremony_options, reviewed), "SM3", 0, 0, "of the file that was reviewed; another one is refused" },
    { "folder", CLI_TEXT, offsetof(struct ceremony_options, folder), "DIR", 0, 0, "custodians, order: the installation (default $HUFU_FOLDER, var, /var/lib/hufu)" },
    { "passphrase-fd", CLI_NUMBER, offsetof(struct ceremony_options, passphrase_fd), "FD", 0, 1 << 16, "descriptor with the passphrases and PINs, a line each; else asked for" },
    { "json", CLI_FLAG, offsetof(struct ceremony_options, json), NULL, 0, 0, "one JSON object" },
};
/* clang-format on */

/* ---- what is told ---- */

const char *ceremony_sm3(struct bytes content, struct arena *arena)
{
    uint8_t hash[SM3_SIZE];
    sm3_hash(content, hash);
    const char *text = text_hex(arena, BYTES(hash));
    return text ? text : "";
}

static void tell_subject(const struct ceremony *c)
{
    const struct name_fields *n = &c->fields.subject;
    char from[CIVIL_TEXT_MAX], to[CIVIL_TEXT_MAX];
    civil_people(c->fields.not_before_s, from);
    civil_people(c->fields.not_after_s, to);
    printf(cli_words("  证书      %s\n  主题      CN=%s%s%s,O=%s,C=%s\n  有效期    %s 至 %s\n",
                     "  Profile  %s\n  Subject  CN=%s%s%s,O=%s,C=%s\n  Valid    %s to %s\n"),
           c->profile->name, n->common_name, n->unit ? ",OU=" : "", n->unit ? n->unit : "", n->organization, n->country,
           from, to);
}

static void tell_list(const struct ceremony *c, struct arena *arena)
{
    char from[CIVIL_TEXT_MAX], to[CIVIL_TEXT_MAX];
    civil_people(c->crl.this_update_s, from);
    civil_people(c->crl.next_update_s, to);
    printf(cli_words("  吊销列表  第 %llu 号，%s，下次 %s\n", "  List     number %llu, %s, next %s\n"),
           (unsigned long long)c->crl.number, from, to);
    for (size_t i = 0; i < c->crl.count; i++)
        printf("    %s  %s\n", text_hex(arena, c->crl.entries[i].serial), crl_reason_name(c->crl.entries[i].reason));
}

static void tell_custodian(const struct ceremony *c, size_t which)
{
    const struct custodian *custodian = &c->custodians[which];
    printf("    %d  %s%s%s\n", c->numbers[which], custodian->name ? custodian->name : "",
           custodian->card ? "  USBKey " : "", custodian->card ? custodian->card : "");
}

static void tell_key(const struct ceremony *c)
{
    if (c->kind == CEREMONY_ROOT && c->custodian_count) {
        printf(cli_words("  根密钥    新生成，分为 %zu 份，任意 %zu 份可用：\n",
                         "  Key      new, in %zu shares, any %zu of which open it:\n"),
               c->custodian_count, c->threshold);
        for (size_t i = 0; i < c->custodian_count; i++) tell_custodian(c, i);
    } else if (c->kind == CEREMONY_ROOT) {
        puts(cli_words("  根密钥    新生成，用一个口令封存", "  Key      new, sealed under one passphrase"));
    } else if (c->custodian_count) {
        puts(cli_words("  根密钥    由保管人打开：", "  Key      opened by custodians:"));
        for (size_t i = 0; i < c->custodian_count; i++) tell_custodian(c, i);
    } else {
        puts(cli_words("  根密钥    用口令打开", "  Key      opened by its passphrase"));
    }
}

static void tell_encryption(const struct ceremony *c)
{
    if (c->kind == CEREMONY_CUSTODIANS)
        printf(cli_words("  托管密钥  第 %s 版，分为 %zu 份，任意 %zu 份可用：\n",
                         "  Key      custodial, version %s, in %zu shares, any %zu of which open it:\n"),
               c->version, c->custodian_count, c->threshold);
    else
        printf(cli_words("  案件      %s，%s\n  密钥      %s，证书 %s\n",
                         "  Case     %s, %s\n  Key      of %s, certificate %s\n"),
               c->order.case_number, c->order.authority, c->order.holder_name, c->order.certificate);
    if (c->kind == CEREMONY_RECOVERY) puts(cli_words("  由保管人打开：", "  Opened by custodians:"));
    for (size_t i = 0; i < c->custodian_count; i++) tell_custodian(c, i);
    if (c->operators[0])
        printf(cli_words("  签署      USBKey %s 和 %s\n", "  Signed   by USBKeys %s and %s\n"), c->operators[0],
               c->operators[1]);
}

static void tell(const struct performing *p)
{
    const struct ceremony *c = &p->ceremony;
    printf(cli_words("%s\n  在场      %s\n  脚本 SM3  %s\n", "%s\n  People   %s\n  Script   SM3 %s\n"), c->title, c->people,
           ceremony_sm3(c->script, p->arena));
    for (size_t i = 0; i < c->input_count; i++)
        printf(cli_words("  输入 SM3  %s  %s\n", "  Input    SM3 %s  %s\n"), ceremony_sm3(c->inputs[i].content, p->arena),
               c->inputs[i].name);
    if (c->kind > CEREMONY_CRL) tell_encryption(c);
    else {
        if (c->kind == CEREMONY_CRL) tell_list(c, p->arena);
        else tell_subject(c);
        tell_key(c);
    }
    printf(cli_words("  结果放在  %s\n", "  Goes to  %s\n"), c->folder);
}

static void tell_end(const struct performing *p)
{
    if (p->options->json) {
        json_t *all = json_pack("{s:b, s:s, s:s, s:s*}", "performed", p->hash != NULL, "script",
                                ceremony_sm3(p->ceremony.script, p->arena), "folder", p->ceremony.folder, "record",
                                p->hash);
        json_dumpf(all, stdout, JSON_PRESERVE_ORDER);
        putchar('\n');
        json_decref(all);
    } else if (p->hash) {
        for (size_t i = 0; i < p->record.count; i++)
            printf(cli_words("  输出 SM3  %s  %s\n", "  Output   SM3 %s  %s\n"),
                   ceremony_sm3(p->record.outputs[i].content, p->arena), p->record.outputs[i].name);
        printf(cli_words("记录 SM3  %s\n请在场的人把它抄在纸上并签字。\n",
                         "Record   SM3 %s\nWhoever is there writes this on paper and signs it.\n"), p->hash);
    } else {
        puts(cli_words("检查通过。没有做任何事；要进行请加 --perform。",
                       "All checks passed. Nothing was done; --perform does it."));
    }
}

/* ---- what is done ---- */

static void draw_seed(struct drbg *drbg)
{
    uint8_t entropy[DRBG_ENTROPY_MIN];
    random_fill(entropy, sizeof entropy);
    drbg_init(drbg, BYTES(entropy), (struct bytes){ 0 }, bytes_text("hufu-ceremony"));
    secret_wipe(entropy, sizeof entropy);
}

/* Nothing of the root's key goes to disk by an accident. */
static struct result keep_in_memory(void)
{
    const struct rlimit none = { 0, 0 };
    ENSURE(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0, ERROR_IO);
    return OK;
}

struct result ceremony_make_keys(struct performing *p)
{
    const struct ceremony *c = &p->ceremony;
    for (size_t i = 0; i < c->custodian_count; i++) {
        const struct custodian *custodian = &c->custodians[i];
        if (!custodian->card) continue;
        TRY(custodian_key_make(custodian, &c->maker, &p->secrets.all[i], &p->drbg, p->arena, p->diag, &p->own[i]));
        ceremony_record_step(&p->record, "made a key in USBKey %s of %s, container %s, attested by its maker; SM3 of "
                             "its point %s", custodian->card, custodian->name, p->own[i].container,
                             ceremony_sm3(BYTES(p->own[i].public.point), p->arena));
    }
    return OK;
}

static struct result make_key(struct performing *p)
{
    struct ceremony_key_file files[CEREMONY_CUSTODIANS_MAX] = { 0 };
    const struct ceremony *c = &p->ceremony;
    TRY(ceremony_make_keys(p));
    TRY(sm2_private_generate(&p->key, &p->drbg));
    ceremony_record_step(&p->record, "drew the root's key; SM3 of its point %s",
                         ceremony_sm3(BYTES(p->key.public.point), p->arena));
    TRY(ceremony_key_wrap(c, &p->key, &p->secrets, p->own, &p->drbg, p->arena, files));
    for (size_t i = 0; i < COUNT(files) && files[i].len; i++) {
        if (c->custodian_count)
            ceremony_record_step(&p->record, "sealed share %zu of %zu, threshold %zu, for %s", i + 1,
                                 c->custodian_count, c->threshold, c->custodians[i].name);
        else ceremony_record_step(&p->record, "sealed the root's key under a passphrase");
        TRY(ceremony_record_output(&p->record, files[i].name, bytes_of(files[i].content, files[i].len)));
    }
    return OK;
}

void ceremony_record_opened(struct performing *p)
{
    const struct ceremony *c = &p->ceremony;
    for (size_t i = 0; i < c->custodian_count; i++)
        if (c->custodians[i].card)
            ceremony_record_step(&p->record, "opened the share of custodian %d, %s, by USBKey %s", c->numbers[i],
                                 c->custodians[i].name, c->custodians[i].card);
        else ceremony_record_step(&p->record, "opened the share of custodian %d", c->numbers[i]);
}

static struct result open_key(struct performing *p)
{
    const struct ceremony *c = &p->ceremony;
    const struct sm2_public *root = public_key_as_sm2(&c->root->key);
    if (!root) return diag_log(p->diag, ERROR_KEY_INVALID, "the root's key is not for SM2");
    TRY(ceremony_key_open(c, &p->secrets, root, p->arena, p->diag, &p->key));
    if (!c->custodian_count) ceremony_record_step(&p->record, "opened the root's key by its passphrase");
    ceremony_record_opened(p);
    return OK;
}

/* Signs, after the same checks as before once more. */
static struct result sign(struct performing *p)
{
    const struct ceremony *c = &p->ceremony;
    struct bytes der;
    if (c->kind == CEREMONY_CRL) {
        struct crl_fields crl = c->crl;
        crl.issuer_key = signing_key_sm2(&p->key);
        TRY(crl_issue(&crl, &p->drbg, p->arena, p->diag, &der));
        ceremony_record_step(&p->record, "signed list %llu with %zu entries", (unsigned long long)crl.number,
                             crl.count);
        return ceremony_record_output(&p->record, "root.crl", der);
    }
    struct certificate_fields fields = c->fields;
    struct certificate *made;
    if (c->kind == CEREMONY_ROOT) fields.key = public_key_sm2(&p->key.public);
    const struct issuance issuance = { c->profile, &fields, c->root, signing_key_sm2(&p->key) };
    TRY(certificate_issue(&issuance, &p->drbg, p->arena, p->diag, &der));
    TRY(certificate_parse(der, p->arena, &made));
    ceremony_record_step(&p->record, "signed the certificate %s of profile %s for %s",
                         certificate_serial_text(made, p->arena), c->profile->name,
                         name_text(&made->subject, p->arena));
    const char *name = c->kind == CEREMONY_ROOT ? "root.cer" : arena_format(p->arena, "%s.cer", c->profile->name);
    ENSURE(name, ERROR_OUT_OF_ROOM);
    return ceremony_record_output(&p->record, name, der);
}

static struct result act(struct performing *p)
{
    switch (p->ceremony.kind) {
    case CEREMONY_CUSTODIANS: return ceremony_appoint(p);
    case CEREMONY_ORDER: return ceremony_order(p);
    case CEREMONY_RECOVERY: return ceremony_recover(p);
    case CEREMONY_ROOT: TRY(make_key(p)); break;
    default: TRY(open_key(p));
    }
    return sign(p);
}

static struct result do_all(struct performing *p, struct init_folder *folder)
{
    TRY(ceremony_record_begin(&p->ceremony, p->arena, &p->record));
    TRY(act(p));
    TRY(ceremony_record_write(&p->record, folder, p->diag, &p->hash));
    return init_folder_publish(folder, p->diag);
}

static void forget_keys(struct performing *p)
{
    const struct ceremony *c = &p->ceremony;
    for (size_t i = 0; i < c->custodian_count; i++)
        if (p->own[i].container[0]) custodian_key_forget(&c->custodians[i], &p->own[i], &p->secrets.all[i]);
}

static struct result perform(struct performing *p)
{
    struct init_folder folder;
    TRY(keep_in_memory());
    TRY(init_folder_begin_bare(p->ceremony.folder, p->arena, p->diag, &folder));
    struct result r = ceremony_secrets_read(&p->ceremony, (int)p->options->passphrase_fd, p->diag, &p->secrets);
    if (!failed(r)) r = do_all(p, &folder);
    init_folder_done(&folder);
    if (failed(r)) forget_keys(p);
    if (failed(r)) p->hash = NULL;
    return r;
}

/* A root's name and fields are checked with a key that is thrown away. */
static struct result check(struct performing *p)
{
    struct sm2_private away;
    const struct ceremony *c = &p->ceremony;
    if (p->options->reviewed && !text_equal(p->options->reviewed, ceremony_sm3(c->script, p->arena)))
        return diag_log(p->diag, ERROR_CEREMONY_REVIEWED, "its SM3 is %s", ceremony_sm3(c->script, p->arena));
    if (access(c->folder, F_OK) == 0) return diag_log(p->diag, ERROR_FOLDER_EXISTS, "%s", c->folder);
    if (c->kind > CEREMONY_CRL) return OK; /* nothing is certified */
    if (c->kind != CEREMONY_ROOT) return ceremony_check(c, NULL, &p->drbg, p->arena, p->diag);
    TRY(sm2_private_generate(&away, &p->drbg));
    struct result r = ceremony_check(c, &away.public, &p->drbg, p->arena, p->diag);
    sm2_private_done(&away);
    return r;
}

static struct result ceremony(struct performing *p, const char *file)
{
    TRY(ceremony_read(file, p->arena, p->diag, &p->ceremony));
    TRY(check(p));
    if (!p->options->json) tell(p);
    fflush(stdout);
    if (p->options->perform) TRY(perform(p));
    tell_end(p);
    return OK;
}

static struct result verify(const char *folder, const struct ceremony_options *o, struct arena *arena,
                            struct diag *diag)
{
    struct ceremony_verified v;
    TRY(ceremony_record_verify(folder, arena, diag, &v));
    printf(o->json ? "{\"record\": \"%s\", \"there\": %zu, \"away\": %zu}\n"
                   : cli_words("记录 SM3  %s\n%zu 个文件与记录一致，%zu 个不在这里\n",
                               "Record   SM3 %s\n%zu files are as recorded, %zu are not here\n"),
           v.hash, v.there, v.away);
    return OK;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct ceremony_options o = { .passphrase_fd = -1 };
    struct diag diag = { 0 };
    int count, exit_status;
    if (!cli_parse(command, argc, argv, &o, &count, &exit_status)) return exit_status;
    bool verifies = count == 2 && text_equal(argv[0], "verify");
    if (!verifies && count != 1) {
        cli_print_help(command);
        return CLI_USAGE;
    }
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct performing *p = calloc(1, sizeof *p);
    if (!p) abort();
    p->options = &o;
    p->arena = arena;
    p->diag = &diag;
    draw_seed(&p->drbg);
    struct result r = verifies ? verify(argv[1], &o, arena, &diag) : ceremony(p, argv[0]);
    secret_wipe(p, sizeof *p);
    free(p);
    return failed(r) ? cli_fail(r, &diag) : EXIT_SUCCESS;
}

const struct cli_command command_ceremony = {
    .name = "ceremony",
    .operands = "FILE|verify FOLDER",
    .operands_max = 2,
    .summary = "a ceremony about the root or about custodians of encryption keys, as a reviewed file says it",
    .about = "Does what FILE says. On a machine without a network: draws and certifies a root's key, certifies a key\n"
             "below it, signs the root's revocation list, or opens an encryption key with enough custodians. At an\n"
             "installation that runs: appoints these custodians, or has a key handed out for an authority\n"
             "(docs/operation.md). Everything is checked before anything is made; without --perform nothing is. What\n"
             "comes of it goes into a new folder at once, with a record whose hash is signed on paper. ceremony\n"
             "verify holds such a folder against its record.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
