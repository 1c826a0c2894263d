#include "cli/demo_walk.h"

#include <stdarg.h>
#include <stdio.h>

const struct walk_step walk_steps[] = {
    { "administrator-login", WALK_ADMINISTRATOR, "用自己的 USBKey 登录运营平台", "Logs in to the console with the own USBKey",
      walk_administrator_login },
    { "organization", WALK_ADMINISTRATOR, "开立单位", "Opens the organization", walk_organization },
    { "account", WALK_ADMINISTRATOR, "开立使用人账户，短信和邮件告知", "Opens the holder's account; SMS and e-mail tell",
      walk_account },
    { "sms-code", WALK_HOLDER, "收到登录验证码短信", "Receives the login code by SMS", walk_sms_code },
    { "sms-login", WALK_HOLDER, "用验证码登录服务平台", "Logs in to the portal with it", walk_sms_login },
    { "application", WALK_HOLDER, "新建证书申请", "Begins an application", walk_application },
    { "agreement", WALK_HOLDER, "同意电子认证服务协议", "Agrees to the CA service agreement", walk_agreement },
    { "details", WALK_HOLDER, "确认单位、个人和发票信息", "Confirms organization, person and invoice", walk_details },
    { "medium", WALK_HOLDER, "选择 USBKey，填写邮寄地址", "Chooses a USBKey and where to send it", walk_medium },
    { "form", WALK_HOLDER, "打印受理表", "Prints the form", walk_form },
    { "scans", WALK_HOLDER, "上传受理表、营业执照和身份证扫描件", "Uploads form, licence and identity card", walk_scans },
    { "submission", WALK_HOLDER, "提交申请", "Submits the application", walk_submission },
    { "payment", WALK_HOLDER, "发起支付", "Opens the payment", walk_payment },
    { "pay", WALK_HOLDER, "手机付款，支付平台签名通知到账", "Pays by phone; the gateway's signed callback arrives", walk_pay },
    { "reviewer-login", WALK_REVIEWER, "用自己的 USBKey 登录运营平台", "Logs in to the console with the own USBKey",
      walk_reviewer_login },
    { "review", WALK_REVIEWER, "查看申请、差异和扫描件", "Looks at application, differences and scans", walk_review },
    { "approval", WALK_REVIEWER, "签署批准声明", "Signs the approval", walk_approval },
    { "producer-login", WALK_PRODUCER, "用自己的 USBKey 登录运营平台", "Logs in to the console with the own USBKey",
      walk_producer_login },
    { "plug", WALK_PRODUCER, "插入一把全新的 USBKey", "Plugs in a fresh USBKey", walk_plug },
    { "open", WALK_PRODUCER, "签署启用声明，CA 认证这把 USBKey", "Signs for the USBKey; the CA recognizes it", walk_open_card },
    { "key-pair", WALK_PRODUCER, "签名密钥对在 USBKey 内生成", "The signing key pair is made inside the USBKey", walk_key_pair },
    { "issue", WALK_PRODUCER, "签署制证声明，CA 核对全部证据后签发", "Signs for production; the CA checks all evidence, issues",
      walk_issue },
    { "write", WALK_PRODUCER, "写入双证书和加密密钥，默认口令 000000", "Writes both certificates and the encryption key; PIN 000000",
      walk_write },
    { "finish", WALK_PRODUCER, "完成制证", "Finishes production", walk_finish },
    { "shipment", WALK_PRODUCER, "登记 EMS 运单", "Enters the EMS waybill", walk_shipment },
    { "notices", WALK_HOLDER, "收到寄出短信和邮件", "Receives SMS and e-mail about it", walk_notices },
    { "default-pin", WALK_HOLDER, "默认口令不能用来登录", "The default PIN does not log in", walk_default_pin },
    { "change-pin", WALK_HOLDER, "修改默认口令 000000", "Changes the default PIN 000000", walk_change_pin },
    { "in-transit", WALK_HOLDER, "确认收货前，证书不能登录", "Before its receipt is confirmed, the certificate does not log in",
      walk_in_transit },
    { "receipt", WALK_HOLDER, "凭短信验证码确认收货，证书启用", "Confirms the receipt by a code; the certificate is in use",
      walk_receipt },
    { "login", WALK_HOLDER, "用 USBKey 登录监管平台", "Logs in to the platform with the USBKey", walk_login },
    { "replay", WALK_STRANGER, "重放同一份登录签名", "Sends the same signed login again", walk_replay },
    { "other-page", WALK_STRANGER, "钓鱼网页请 USBKey 签监管平台的登录", "A phishing page asks for the platform's login",
      walk_other_page },
    { "other-origin", WALK_STRANGER, "钓鱼网页骗得自己来源的签名", "A phishing page has its own origin signed",
      walk_other_origin },
};
const size_t walk_step_count = COUNT(walk_steps);

struct result walk_begin(struct walk *walk, const struct place *place, struct staff *staff, bool english,
                         struct arena *arena)
{
    struct walk w = { .place = place, .staff = staff, .english = english, .arena = arena };
    TRY(demo_person_make(arena, &w.person));
    w.portal = client_new(place_address(place, "portal"));
    w.platform = client_new(place_address(place, "platform"));
    client_english(w.portal, english);
    client_english(w.platform, english);
    *walk = w;
    return OK;
}

void walk_end(struct walk *walk)
{
    demo_card_pull(&walk->card);
    client_free(walk->portal);
    client_free(walk->platform);
    client_free(walk->agent);
    json_decref(walk->answer);
    json_decref(walk->produced);
    json_decref(walk->certificate);
    json_decref(walk->session);
    json_decref(walk->proof);
}

void staff_done(struct staff *staff)
{
    client_free(staff->agent);
    for (size_t i = 0; i < COUNT(staff->operators); i++) client_free(staff->operators[i].console);
    *staff = (struct staff){ 0 };
}

/* ---- for the steps ---- */

struct result walk_ask(struct walk *walk, struct client *client, const char *method, const char *path, json_t *body)
{
    json_decref(walk->answer);
    walk->answer = NULL;
    return client_call(client, method, path, body, &walk->diag, &walk->answer);
}

const char *walk_got(struct walk *walk, const char *field)
{
    const char *text = arena_text(walk->arena, bytes_text(client_text(walk->answer, field)));
    return text ? text : "";
}

const char *walk_path(struct walk *walk, const char *base, const char *tail)
{
    const char *path = arena_format(walk->arena, "/api/v1/%s/%s/%s", base, walk->number, tail);
    return path ? path : "";
}

void walk_tell(struct walk *walk, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(walk->told, sizeof walk->told, format, ap);
    va_end(ap);
}
