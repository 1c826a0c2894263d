#include "relay/settings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/secret.h"
#include "relay/http.h"
#include "relay/wechat_crypto.h"

enum { FILE_MAX = 64 * 1024, ARENA_MAX = 512 * 1024 };

struct settings {
    const char *sms_sink, *email_sink, *ca_file;
    const char *sms_gateway, *sms_url, *sms_key_id, *sms_secret_file, *sms_signature, *sms_templates, *sms_app,
        *sms_region;
    const char *smtp_url, *smtp_user, *smtp_password_file, *smtp_from, *smtp_from_name;
    bool smtp_html;
    const char *wechat_url, *wechat_merchant, *wechat_app, *wechat_serial, *wechat_key_file,
        *wechat_api_key_file, *wechat_notify_url;
    const char *wechat_platform_key_file, *wechat_platform_key_id, *wechat_platform_key_file_next,
        *wechat_platform_key_id_next;
    const char *alipay_url, *alipay_app, *alipay_seller, *alipay_key_file, *alipay_platform_key_file,
        *alipay_notify_url;
    const char *tax_url, *tax_account, *tax_key_file;
    const char *ems_url, *ems_sender_no, *ems_authorization_file, *ems_key_file, *ems_product, *ems_sender,
        *ems_sender_mobile, *ems_sender_province, *ems_sender_city, *ems_sender_county, *ems_sender_address;
    int64_t timeout_ms;
};

#define SETTING(field, kind, words)                                                                          \
    {                                                                                                        \
#field, (kind), offsetof(struct settings, field), NULL, false, 0, 0, (words)                         \
    }
const struct config_option relay_options[] = {
    SETTING(sms_sink, CONFIG_PATH, "SMS go to this file as JSON lines (demonstration)"),
    SETTING(sms_gateway, CONFIG_TEXT, "aliyun or tencent: SMS go to it, and not to a file"),
    SETTING(sms_url, CONFIG_TEXT, "https://dysmsapi.aliyuncs.com or https://sms.tencentcloudapi.com"),
    SETTING(sms_key_id, CONFIG_TEXT, "AccessKeyId or SecretId"),
    SETTING(sms_secret_file, CONFIG_PATH, "file with the secret for it"),
    SETTING(sms_signature, CONFIG_TEXT, "the approved name (签名) that SMS begin with"),
    SETTING(sms_templates, CONFIG_PATH, "file of the gateway's codes for our templates, a line each: "
                                        "sms-code = SMS_154950909"),
    SETTING(sms_app, CONFIG_TEXT, "Tencent's SmsSdkAppId"),
    { "sms_region", CONFIG_TEXT, offsetof(struct settings, sms_region), "ap-guangzhou", false, 0, 0,
      "Tencent's region" },
    SETTING(email_sink, CONFIG_PATH, "e-mail goes to this file as JSON lines while smtp_url is not set"),
    SETTING(ca_file, CONFIG_PATH, "roots for TLS; the system's when absent"),
    { "timeout_ms", CONFIG_NUMBER, offsetof(struct settings, timeout_ms), "15000", false, 1, 120000,
      "the longest that one exchange with a gateway may take" },
    SETTING(smtp_url, CONFIG_TEXT, "smtps://host:465, or smtp://host:587 where STARTTLS is insisted on"),
    SETTING(smtp_user, CONFIG_TEXT, "name for the SMTP server, when it wants a login"),
    SETTING(smtp_password_file, CONFIG_PATH, "file with the password for it"),
    SETTING(smtp_from, CONFIG_TEXT, "the sender's address"),
    SETTING(smtp_from_name, CONFIG_TEXT, "the name shown with it"),
    { "smtp_html", CONFIG_FLAG, offsetof(struct settings, smtp_html), "no", false, 0, 0,
      "an HTML part beside the plain text" },
    SETTING(wechat_url, CONFIG_TEXT, "https://api.mch.weixin.qq.com"),
    SETTING(wechat_merchant, CONFIG_TEXT, "mchid; payments by WeChat are off while absent"),
    SETTING(wechat_app, CONFIG_TEXT, "appid"),
    SETTING(wechat_serial, CONFIG_TEXT, "serial number of the merchant's certificate"),
    SETTING(wechat_key_file, CONFIG_PATH, "the merchant's private key, PEM"),
    SETTING(wechat_api_key_file, CONFIG_PATH, "the APIv3 key, 32 characters"),
    SETTING(wechat_notify_url, CONFIG_TEXT, "our address for callbacks"),
    SETTING(wechat_platform_key_file, CONFIG_PATH, "the platform's certificate or public key, PEM"),
    SETTING(wechat_platform_key_id, CONFIG_TEXT, "PUB_KEY_ID_…, for a bare public key"),
    SETTING(wechat_platform_key_file_next, CONFIG_PATH,
            "beside the other while the platform changes its key"),
    SETTING(wechat_platform_key_id_next, CONFIG_TEXT, "its PUB_KEY_ID_…"),
    SETTING(alipay_url, CONFIG_TEXT, "https://openapi.alipay.com/gateway.do"),
    SETTING(alipay_app, CONFIG_TEXT, "app_id; payments by Alipay are off while absent"),
    SETTING(alipay_seller, CONFIG_TEXT, "the merchant's user id at Alipay, 2088…"),
    SETTING(alipay_key_file, CONFIG_PATH, "the application's private key, PEM"),
    SETTING(alipay_platform_key_file, CONFIG_PATH, "Alipay's public key, PEM"),
    SETTING(alipay_notify_url, CONFIG_TEXT, "our address for Alipay's callbacks"),
    SETTING(tax_url, CONFIG_TEXT, "interface of the platform for electronic invoices (docs/PROTOCOL.invoice); without "
                                  "it holders get receipts, and invoices are exported and imported by hand"),
    SETTING(tax_account, CONFIG_TEXT, "our name there"),
    SETTING(tax_key_file, CONFIG_PATH, "the key shared with it, 32 to 128 characters"),
    SETTING(ems_url, CONFIG_TEXT, "https://api.ems.com.cn/amp-prod-api/f/amp/api/open; without it waybills are entered "
                                  "by hand alone"),
    SETTING(ems_sender_no, CONFIG_TEXT, "our number in the contract (协议客户号)"),
    SETTING(ems_authorization_file, CONFIG_PATH, "file with the authorization code (授权码)"),
    SETTING(ems_key_file, CONFIG_PATH, "file with the SM4 key, 16 bytes in base64"),
    { "ems_product", CONFIG_TEXT, offsetof(struct settings, ems_product), "1", false, 0, 0,
      "bizProductNo: 1 特快专递, 2 快递包裹, 10 电商标快, 11 国内标快" },
    SETTING(ems_sender, CONFIG_TEXT, "who sends, as it stands on the waybill"),
    SETTING(ems_sender_mobile, CONFIG_TEXT, "telephone"),
    SETTING(ems_sender_province, CONFIG_TEXT, "province"),
    SETTING(ems_sender_city, CONFIG_TEXT, "city"),
    SETTING(ems_sender_county, CONFIG_TEXT, "district or county"),
    SETTING(ems_sender_address, CONFIG_TEXT, "street and house"),
};
const size_t relay_options_count = COUNT(relay_options);

static struct result wrong(struct diag *diag, const char *what, const char *why)
{
    return diag_log(diag, ERROR_RELAY_CONFIG, "%s: %s", what, why);
}

/* The whole file, at most ROOM bytes. */
static struct result read_into(const char *path, uint8_t *into, size_t room, struct diag *diag,
                               size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return wrong(diag, path, "cannot be opened");
    struct stat st;
    bool fits = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 && (size_t)st.st_size <= room;
    ssize_t n = fits ? read(fd, into, room) : -1;
    close(fd);
    if (!fits || n != st.st_size) return wrong(diag, path, "cannot be read or is too large");
    *ret_len = (size_t)n;
    return OK;
}

static struct result read_file(const char *path, struct arena *arena, struct diag *diag,
                               struct bytes *ret_content)
{
    uint8_t *into = arena_take(arena, FILE_MAX);
    size_t len = 0;
    ENSURE(into, ERROR_OUT_OF_ROOM);
    TRY(read_into(path, into, FILE_MAX, diag, &len));
    *ret_content = bytes_of(into, len);
    return OK;
}

/* ---- opening ---- */

static struct result open_sink(const char *key, const char *path, struct diag *diag, struct sink **ret_sink)
{
    if (path && failed(sink_open(path, ret_sink))) return wrong(diag, key, "cannot be opened for writing");
    return OK;
}

static struct result open_smtp(const struct settings *s, bool insecure_dev, struct diag *diag,
                               struct gateways *g)
{
    struct smtp_options *o = &g->smtp;
    *o = (struct smtp_options){ .url = s->smtp_url,
                                .user = s->smtp_user,
                                .from = s->smtp_from,
                                .from_name = s->smtp_from_name,
                                .ca_file = s->ca_file,
                                .sink = g->email,
                                .insecure_dev = insecure_dev };
    o->html = s->smtp_html;
    if (!o->url) return OK;
    /* smtp:// is turned to TLS by STARTTLS, which is insisted on; plain to loopback in development only. */
    if (!text_starts(o->url, "smtp://") && !text_starts(o->url, "smtps://"))
        return wrong(diag, "smtp_url", "is neither smtp:// nor smtps://");
    o->insecure_dev =
        insecure_dev && text_starts(o->url, "smtp://") && http_address_allowed(o->url, "smtp", true);
    if (!o->from || !smtp_is_address(o->from)) return wrong(diag, "smtp_from", "is no address");
    if (!o->user != !s->smtp_password_file)
        return wrong(diag, "smtp_user", "needs smtp_password_file, and the reverse");
    if (!o->user) return OK;
    size_t len = 0;
    TRY(read_into(s->smtp_password_file, (uint8_t *)g->smtp_password, sizeof g->smtp_password - 1, diag,
                  &len));
    g->smtp_password[len] = '\0';
    g->smtp_password[strcspn(g->smtp_password, "\r\n")] = '\0';
    o->password = g->smtp_password;
    return OK;
}

/* What a gateway that is configured at all cannot do without; the first that is missing is named. */
static struct result check_whole(const struct settings *s, struct diag *diag)
{
    const struct {
        const char *of, *name, *value;
    } needed[] = { { s->wechat_merchant, "wechat_url", s->wechat_url },
                   { s->wechat_merchant, "wechat_app", s->wechat_app },
                   { s->wechat_merchant, "wechat_serial", s->wechat_serial },
                   { s->wechat_merchant, "wechat_key_file", s->wechat_key_file },
                   { s->wechat_merchant, "wechat_api_key_file", s->wechat_api_key_file },
                   { s->wechat_merchant, "wechat_platform_key_file", s->wechat_platform_key_file },
                   { s->wechat_merchant, "wechat_notify_url", s->wechat_notify_url },
                   { s->alipay_app, "alipay_url", s->alipay_url },
                   { s->alipay_app, "alipay_seller", s->alipay_seller },
                   { s->alipay_app, "alipay_key_file", s->alipay_key_file },
                   { s->alipay_app, "alipay_platform_key_file", s->alipay_platform_key_file },
                   { s->alipay_app, "alipay_notify_url", s->alipay_notify_url } };
    for (size_t i = 0; i < COUNT(needed); i++)
        if (needed[i].of && !needed[i].value) return wrong(diag, needed[i].name, "is missing");
    return OK;
}

/* What must not stay in memory once the gateway has it. */
struct secrets {
    uint8_t private_key[16 * 1024], api_key[WECHAT_API_KEY_SIZE + 2];
};

static struct result open_wechat_with(const struct settings *s, struct diag *diag, struct gateways *g,
                                      struct secrets *secrets)
{
    struct wechat_options o = { .url = s->wechat_url,
                                .merchant = s->wechat_merchant,
                                .app = s->wechat_app,
                                .serial = s->wechat_serial,
                                .notify_url = s->wechat_notify_url,
                                .ca_file = s->ca_file };
    size_t key_len = 0, api_key_len = 0;
    TRY(read_into(s->wechat_key_file, secrets->private_key, sizeof secrets->private_key, diag, &key_len));
    TRY(read_into(s->wechat_api_key_file, secrets->api_key, sizeof secrets->api_key, diag, &api_key_len));
    if (api_key_len == WECHAT_API_KEY_SIZE + 1 && secrets->api_key[WECHAT_API_KEY_SIZE] == '\n')
        api_key_len--;
    o.private_key = bytes_of(secrets->private_key, key_len);
    o.api_key = bytes_of(secrets->api_key, api_key_len);
    const char *files[] = { s->wechat_platform_key_file, s->wechat_platform_key_file_next };
    const char *ids[] = { s->wechat_platform_key_id, s->wechat_platform_key_id_next };
    for (size_t i = 0; i < WECHAT_PLATFORMS_MAX; i++) {
        o.platforms[i].id = ids[i];
        if (files[i]) TRY(read_file(files[i], g->arena, diag, &o.platforms[i].pem));
    }
    return wechat_new(&o, diag, &g->wechat);
}

static struct result open_wechat(const struct settings *s, bool insecure_dev, struct diag *diag,
                                 struct gateways *g)
{
    if (!s->wechat_merchant) return OK;
    if (!http_address_allowed(s->wechat_url, "http", insecure_dev)) return wrong(diag, "wechat_url", "is not https://");
    struct secrets secrets = { 0 };
    struct result r = open_wechat_with(s, diag, g, &secrets);
    secret_wipe(&secrets, sizeof secrets);
    return r;
}

static struct result open_alipay_with(const struct settings *s, bool insecure_dev, struct diag *diag,
                                      struct gateways *g, struct secrets *secrets)
{
    struct alipay_options o = { .url = s->alipay_url,
                                .app = s->alipay_app,
                                .seller = s->alipay_seller,
                                .notify_url = s->alipay_notify_url,
                                .ca_file = s->ca_file,
                                .insecure_dev = insecure_dev };
    size_t len = 0;
    TRY(read_into(s->alipay_key_file, secrets->private_key, sizeof secrets->private_key, diag, &len));
    o.private_key = bytes_of(secrets->private_key, len);
    TRY(read_file(s->alipay_platform_key_file, g->arena, diag, &o.platform_key));
    return alipay_new(&o, diag, &g->alipay);
}

static struct result open_alipay(const struct settings *s, bool insecure_dev, struct diag *diag, struct gateways *g)
{
    if (!s->alipay_app) return OK;
    if (!http_address_allowed(s->alipay_url, "http", insecure_dev)) return wrong(diag, "alipay_url", "is not https://");
    struct secrets secrets = { 0 };
    struct result r = open_alipay_with(s, insecure_dev, diag, g, &secrets);
    secret_wipe(&secrets, sizeof secrets);
    return r;
}

static struct result open_sms_with(const struct settings *s, enum sms_kind kind, uint8_t *secret, struct diag *diag,
                                   struct gateways *g)
{
    size_t len = 0;
    struct bytes codes;
    TRY(read_into(s->sms_secret_file, secret, SMS_SECRET_MAX + 1, diag, &len));
    while (len && strchr("\r\n", secret[len - 1])) len--;
    TRY(read_file(s->sms_templates, g->arena, diag, &codes));
    struct sms_gateway_options o = { kind, s->sms_url, s->sms_key_id, s->sms_signature, s->sms_app, s->sms_region,
                                     bytes_of(secret, len), arena_text(g->arena, codes), s->ca_file };
    if (!o.codes || !text_lines(bytes_text(o.codes))) return wrong(diag, "sms_templates", "is no text");
    return sms_gateway_new(&o, diag, &g->sms_gateway);
}

static struct result open_sms(const struct settings *s, bool insecure_dev, struct diag *diag, struct gateways *g)
{
    uint8_t secret[SMS_SECRET_MAX + 1];
    if (!s->sms_gateway) return OK;
    bool tencent = text_equal(s->sms_gateway, "tencent");
    if (!tencent && !text_equal(s->sms_gateway, "aliyun"))
        return wrong(diag, "sms_gateway", "is neither aliyun nor tencent");
    if (!s->sms_url || !http_address_allowed(s->sms_url, "http", insecure_dev))
        return wrong(diag, "sms_url", "is not https://");
    const struct {
        const char *name, *value;
    } needed[] = { { "sms_key_id", s->sms_key_id },
                   { "sms_secret_file", s->sms_secret_file },
                   { "sms_signature", s->sms_signature },
                   { "sms_templates", s->sms_templates },
                   { "sms_app", tencent ? s->sms_app : "-" } };
    for (size_t i = 0; i < COUNT(needed); i++)
        if (!needed[i].value) return wrong(diag, needed[i].name, "is missing");
    struct result r = open_sms_with(s, tencent ? SMS_TENCENT : SMS_ALIYUN, secret, diag, g);
    secret_wipe(secret, sizeof secret);
    return r;
}

static struct result open_tax(const struct settings *s, bool insecure_dev, struct diag *diag, struct gateways *g)
{
    uint8_t key[TAX_KEY_MAX + 1];
    size_t len = 0;
    if (!s->tax_url) return OK;
    if (!http_address_allowed(s->tax_url, "http", insecure_dev)) return wrong(diag, "tax_url", "is not https://");
    if (!s->tax_account || !tax_account_is_good(s->tax_account))
        return wrong(diag, "tax_account", "is missing, or is not letters and digits");
    if (!s->tax_key_file) return wrong(diag, "tax_key_file", "is missing");
    TRY(read_into(s->tax_key_file, key, sizeof key, diag, &len));
    if (len && key[len - 1] == '\n') len--;
    bool good = len >= TAX_KEY_MIN && len <= TAX_KEY_MAX;
    if (good) g->tax = tax_new(s->tax_url, s->tax_account, bytes_of(key, len), s->ca_file);
    secret_wipe(key, sizeof key);
    return good ? OK : wrong(diag, "tax_key_file", "does not hold 32 to 128 characters");
}

/* One line of a file; what is too long is none. */
static struct result read_secret(const char *path, char *into, size_t room, struct diag *diag)
{
    size_t len = 0;
    TRY(read_into(path, (uint8_t *)into, room - 1, diag, &len));
    while (len && strchr("\r\n", into[len - 1])) len--;
    into[len] = '\0';
    return OK;
}

static struct result open_ems_with(const struct settings *s, char *key, char *authorization, struct diag *diag,
                                   struct gateways *g)
{
    TRY(read_secret(s->ems_key_file, key, EMS_KEY_TEXT_MAX + 3, diag));
    TRY(read_secret(s->ems_authorization_file, authorization, EMS_AUTHORIZATION_MAX + 3, diag));
    if (!authorization[0] || strlen(authorization) > EMS_AUTHORIZATION_MAX || !text_plain(bytes_text(authorization)))
        return wrong(diag, "ems_authorization_file", "does not hold an authorization code");
    const struct ems_options o = { s->ems_url, s->ems_sender_no, authorization, key, s->ems_product, s->ems_sender,
                                   s->ems_sender_mobile, s->ems_sender_province, s->ems_sender_city,
                                   s->ems_sender_county, s->ems_sender_address, s->ca_file };
    return ems_new(&o, diag, &g->ems);
}

static struct result open_ems(const struct settings *s, bool insecure_dev, struct diag *diag, struct gateways *g)
{
    char key[EMS_KEY_TEXT_MAX + 3], authorization[EMS_AUTHORIZATION_MAX + 3];
    if (!s->ems_url) return OK;
    if (!http_address_allowed(s->ems_url, "http", insecure_dev)) return wrong(diag, "ems_url", "is not https://");
    if (!s->ems_key_file) return wrong(diag, "ems_key_file", "is missing");
    if (!s->ems_authorization_file) return wrong(diag, "ems_authorization_file", "is missing");
    struct result r = open_ems_with(s, key, authorization, diag, g);
    secret_wipe(key, sizeof key);
    secret_wipe(authorization, sizeof authorization);
    return r;
}

struct result settings_check(const char *path, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct settings s = { 0 };
    TRY(config_read(path, "relay", relay_options, COUNT(relay_options), arena, diag, &s));
    return check_whole(&s, diag);
}

struct result settings_open(const char *path, bool insecure_dev, struct diag *diag,
                            struct gateways **ret_gateways)
{
    struct gateways *g CLEANUP(gateways_free_p) = calloc(1, sizeof *g);
    if (!g) abort();
    g->arena = arena_new(ARENA_MAX);
    struct settings s = { 0 };
    TRY(config_read(path, "relay", relay_options, COUNT(relay_options), g->arena, diag, &s));
    g->timeout_ms = (long)s.timeout_ms;
    g->ca_file = s.ca_file;
    TRY(open_sink("sms_sink", s.sms_sink, diag, &g->sms));
    TRY(open_sink("email_sink", s.email_sink, diag, &g->email));
    TRY(open_sms(&s, insecure_dev, diag, g));
    TRY(open_smtp(&s, insecure_dev, diag, g));
    TRY(check_whole(&s, diag));
    TRY(open_wechat(&s, insecure_dev, diag, g));
    TRY(open_alipay(&s, insecure_dev, diag, g));
    TRY(open_tax(&s, insecure_dev, diag, g));
    TRY(open_ems(&s, insecure_dev, diag, g));
    *ret_gateways = TAKE(g);
    return OK;
}
