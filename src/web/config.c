#include "web/config.h"

#include "web/brand.h"

/* clang-format off */
#define AT(field) offsetof(struct web_config, field)
#define SETTING(field) offsetof(struct web_config, settings.field)
#define TEXT(name, at, preset, words) { name, CONFIG_TEXT, at, preset, false, 0, 0, words }
#define NEEDED(name, at, words) { name, CONFIG_TEXT, at, NULL, true, 0, 0, words }
#define NUMBER(name, at, preset, min, max, words) { name, CONFIG_NUMBER, at, preset, false, min, max, words }
#define FLAG(name, at, preset, words) { name, CONFIG_FLAG, at, preset, false, 0, 0, words }
#define PATH(name, at, preset, words) { name, CONFIG_PATH, at, preset, false, 0, 0, words }

const struct config_option web_options[] = {
    PATH("folder", AT(folder), "web", "folder of the wrapped data key, the uploads and the embedded database"),
    TEXT("database", AT(database), NULL, "URL of the database, \"sqlite:PATH\" or \"postgresql://…\"; "
                                         "by default hufu.db in the folder"),
    PATH("pages", AT(pages), "../ui", "folder of the built pages: portal/dist, console/dist, platform/dist"),
    PATH("downloads", AT(downloads), "../dist", "folder of the packages that the regulatory platform offers, as "
                                                "script/package leaves them"),
    PATH("calendar", SETTING(calendar_folder), "../data/calendar", "folder of holidays and make-up working days, "
                                                                   "a file a year"),
    NUMBER("readers", AT(readers), "8", 1, 64, "connections that read the database"),
    NUMBER("workers", AT(workers), "32", 1, 256, "requests that are handled at a time"),
    FLAG("proxied", AT(proxied), "no", "the listening socket is nginx's: its X-Real-IP is believed"),
    NEEDED("portal", SETTING(portal_origin), "origin of the service platform, https://…"),
    NEEDED("console", SETTING(console_origin), "origin of the console"),
    NEEDED("platform", SETTING(platform_origin), "origin of the regulatory platform"),
    TEXT("address", SETTING(portal_address), NULL, "the one official address, to which notices link; "
                                                   "by default the portal's origin"),
    TEXT("brand", SETTING(brand), BRAND_BUILT, "name of the certificate authority on pages and in notices"),
    TEXT("relying_party", SETTING(relying_party), "国资监管平台", "name that stands in signed logins"),
    TEXT("service_line", SETTING(service_line), NULL, "telephone of the 7 × 24 service line"),
    TEXT("service_email", SETTING(service_email), NULL, "e-mail address of the service"),
    TEXT("accounts_line", SETTING(accounts_line), NULL, "telephone for questions about accounts (统一用户系统)"),
    TEXT("complaints_line", SETTING(complaints_line), NULL, "telephone for questions and complaints"),
    TEXT("return_address", SETTING(return_address), NULL, "where damaged USBKeys are sent to"),
    TEXT("transfer_name", SETTING(transfer_name), NULL, "holder of the account that fees are transferred to; payment by "
                                                        "bank transfer is offered where all three are set"),
    TEXT("transfer_account", SETTING(transfer_account), NULL, "its number"),
    TEXT("transfer_bank", SETTING(transfer_bank), NULL, "the bank and branch that keeps it"),
    TEXT("seller_name", SETTING(seller_name), NULL, "who makes invoices and receipts; by default the brand"),
    TEXT("seller_tax_number", SETTING(seller_tax_number), NULL, "the seller's 统一社会信用代码; invoices need it"),
    TEXT("invoice_item", SETTING(invoice_item), "*信息技术服务*数字证书服务费", "what invoices are for"),
    TEXT("invoice_code", SETTING(invoice_code), "3040203990000000000", "its tax classification code (19 digits)"),
    NUMBER("invoice_rate", SETTING(invoice_rate), "6", 0, 99, "tax within the price, percent"),
    TEXT("agent", SETTING(agent), NULL, "where the agent listens, if not at http://127.0.0.1:18181"),
    NUMBER("parcel_seconds", SETTING(parcel_seconds), "1800", 1, 86400,
           "between two looks for a parcel at the courier's"),
    NUMBER("sms_per_hour", SETTING(sms_per_hour), "60", 1, 1000000,
           "login codes that one client address may ask for, or try wrongly, in an hour"),
    NUMBER("clock_offset_s", AT(clock_offset_s), "0", -4000000000, 4000000000,
           "demonstration only: seconds by which the clock stands elsewhere"),
    FLAG("demonstration", SETTING(demonstration), "no", "says on the pages that nothing here is real"),
};
/* clang-format on */
const size_t web_options_count = COUNT(web_options);

/* What the relay is told is what can be paid by, and whether a courier can be asked: it is written in one place. */
static struct result peek_gateways(const char *path, struct arena *arena, struct diag *diag,
                                   struct service_settings *settings)
{
    const char *wechat, *alipay, *courier;
    TRY(config_peek(path, "relay", "wechat_merchant", arena, diag, &wechat));
    TRY(config_peek(path, "relay", "alipay_app", arena, diag, &alipay));
    TRY(config_peek(path, "relay", "ems_url", arena, diag, &courier));
    settings->wechat = wechat != NULL;
    settings->alipay = alipay != NULL;
    settings->courier = courier != NULL;
    return OK;
}

struct result web_config_read(const char *path, struct arena *arena, struct diag *diag, struct web_config *ret_config)
{
    struct web_config config = { 0 };
    TRY(config_read(path, "web", web_options, web_options_count, arena, diag, &config));
    if (!config.database) config.database = arena_format(arena, "sqlite:%s/hufu.db", config.folder);
    if (!config.settings.portal_address) config.settings.portal_address = config.settings.portal_origin;
    if (!config.settings.seller_name) config.settings.seller_name = config.settings.brand;
    ENSURE(config.database, ERROR_OUT_OF_ROOM);
    TRY(peek_gateways(path, arena, diag, &config.settings));
    if (config.clock_offset_s && !config.settings.demonstration)
        return diag_log(diag, ERROR_CONFIG, "%s: web: clock_offset_s: is for demonstrations", path);
    *ret_config = config;
    return OK;
}
