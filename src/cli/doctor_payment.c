/* By which ways fees can be paid and parcels ordered, and what of each is missing. */
#include <unistd.h>

#include "base/config.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/doctor.h"

enum { ARENA_MAX = 4 * 1024 * 1024 }; /* the whole file for each look */

/* KEY of SECTION as it is written; NULL: not there. Whether the file is well-formed is said where its sections are
 * checked. */
static const char *peek(const struct doctor *d, const char *section, const char *key, struct arena *arena)
{
    struct diag diag = { 0 };
    const char *value = NULL;
    return failed(config_peek(d->installation->config, section, key, arena, &diag, &value)) ? NULL : value;
}

/* A key that the relay cannot read stops it at its start; whoever looks here may be another user, so only what is
 * not there is found. */
static void look_at_files(struct doctor *d, const char *id, const char *const *keys, size_t count, struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        const char *file = peek(d, "relay", keys[i], arena), *path = file;
        if (file && file[0] != '/') path = arena_format(arena, "%s/%s", d->installation->folder, file);
        if (!path || access(path, F_OK) == 0) continue;
        struct finding *f = doctor_find(d, id, FINDING_WRONG,
                                        cli_words("[relay] %s 指向的文件不存在：%s",
                                                  "[relay] %s names a file that is not there: %s"),
                                        keys[i], path);
        doctor_mend(f, "%s",
                    cli_words("放入平台的密钥文件，只让 relay 的用户可读",
                              "Put the gateway's key there, readable for the relay's user alone"));
    }
}

static void look_at_keys(struct doctor *d, struct arena *arena)
{
    static const char *const keys[] = { "wechat_key_file", "wechat_api_key_file", "wechat_platform_key_file",
                                        "wechat_platform_key_file_next", "alipay_key_file",
                                        "alipay_platform_key_file" };
    look_at_files(d, "payment-key", keys, COUNT(keys), arena);
}

/* Waybills can always be entered by hand: without EMS nothing is wrong. */
void doctor_look_at_courier(struct doctor *d)
{
    static const char *const needed[] = { "ems_sender_no", "ems_authorization_file", "ems_key_file", "ems_sender",
                                          "ems_sender_mobile", "ems_sender_province", "ems_sender_city",
                                          "ems_sender_county", "ems_sender_address" };
    static const char *const files[] = { "ems_authorization_file", "ems_key_file" };
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    bool there = peek(d, "relay", "ems_url", arena) != NULL, whole = true;
    for (size_t i = 0; there && i < COUNT(needed); i++) {
        if (peek(d, "relay", needed[i], arena)) continue;
        struct finding *f = doctor_find(d, "courier", FINDING_WRONG,
                                        cli_words("[relay] 有 ems_url，缺 %s", "[relay] has ems_url but no %s"),
                                        needed[i]);
        doctor_mend(f, "%s",
                    cli_words("补上它，或删去 ems_url（docs/configuration.md）",
                              "Set it, or take ems_url out (docs/configuration.md)"));
        whole = false;
    }
    if (whole)
        doctor_find(d, "courier", FINDING_GOOD, "%s",
                    there ? cli_words("EMS 可在系统内下单、查轨迹", "Parcels are ordered and looked for at EMS")
                          : cli_words("没有 EMS 接口：运单号手工登记", "No interface of EMS: waybills are entered by hand"));
    look_at_files(d, "courier-key", files, COUNT(files), arena);
}

void doctor_look_at_payment(struct doctor *d)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    bool wechat = peek(d, "relay", "wechat_merchant", arena) != NULL;
    bool alipay = peek(d, "relay", "alipay_app", arena) != NULL;
    bool transfer = peek(d, "web", "transfer_name", arena) && peek(d, "web", "transfer_account", arena) &&
                    peek(d, "web", "transfer_bank", arena);
    if (wechat || alipay || transfer) {
        doctor_find(d, "payment", FINDING_GOOD, cli_words("可用的支付方式：%s%s%s", "Fees can be paid by:%s%s%s"),
                    wechat ? cli_words("微信支付 ", " WeChat Pay") : "", alipay ? cli_words("支付宝 ", " Alipay") : "",
                    transfer ? cli_words("银行转账", " bank transfer") : "");
        look_at_keys(d, arena);
        return;
    }
    struct finding *f = doctor_find(d, "payment", FINDING_WARNING, "%s",
                                    cli_words("没有任何支付方式，收费的业务办不成", "There is no way to pay a fee"));
    doctor_mend(f, "%s",
                cli_words("在 [relay] 配置 wechat_… 或 alipay_…，或在 [web] 配置 transfer_…（docs/configuration.md）",
                          "Set wechat_… or alipay_… in [relay], or transfer_… in [web] (docs/configuration.md)"));
}
