/* list, info, containers, certificates, pin, sign. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/secret.h"
#include "pki/certificate.h"
#include "token/key/key_commands.h"
#include "token/key/key_file.h"
#include "token/skf/hufu_skf.h"

static struct bytes field(const uint8_t *at, size_t size)
{
    size_t len = 0;
    while (len < size && at[len]) len++;
    return bytes_of(at, len);
}

static const char *state_name(uint32_t state)
{
    static const char *const names[] = { "blank", "production", "must-change", "ready", "locked" };
    return state < COUNT(names) ? names[state] : "unknown";
}

/* Serial number, label and maker, and the state where the library tells it. */
static struct result show_device(struct key_place *place)
{
    struct key_run *run = place->run;
    uint8_t info[SKF_INFO_ROOM] = { 0 };
    HUFUFLAGS flags = { 0 };
    TRY(key_said(run, run->library.f.GetDevInfo(place->device, info)));
    key_out_text(&run->out, "serial", "序列号", field(info + SKF_INFO_SERIAL, 32));
    key_out_text(&run->out, "label", "标签", field(info + SKF_INFO_LABEL, 32));
    key_out_text(&run->out, "manufacturer", "厂商", field(info + SKF_INFO_MANUFACTURER, 64));
    if (run->library.f.GetFlags && (uint32_t)run->library.f.GetFlags(place->device, &flags) == SAR_OK)
        key_out_text(&run->out, "state", "状态", bytes_text(state_name(flags.State)));
    return OK;
}

struct result key_list(struct key_run *run)
{
    struct key_names names;
    TRY(key_keys(run, &names));
    key_out_open(&run->out, NULL, NULL, true);
    for (const char *name = NULL; (name = key_next_name(&names, name));) {
        struct key_place place = { 0 };
        key_out_open(&run->out, NULL, NULL, false);
        key_out_text(&run->out, "key", "USBKey", bytes_text(name));
        struct result r = key_connect(run, name, &place);
        if (!failed(r)) r = show_device(&place);
        if (failed(r)) key_out_text(&run->out, "error", "错误", bytes_text(key_sar_words(run->sar)));
        if (place.device) key_place_close(&place);
        key_out_close(&run->out, false);
    }
    key_out_close(&run->out, true);
    return OK;
}

/* ---- info ---- */

static void show_pins(struct key_run *run, skf_handle application)
{
    static const struct {
        uint32_t type;
        const char *name, *zh;
    } types[] = { { USER_TYPE, "user_pin", "用户 PIN" }, { ADMIN_TYPE, "admin_pin", "管理员 PIN" } };
    for (size_t i = 0; run->library.f.GetPINInfo && i < COUNT(types); i++) {
        skf_out max = { 0, 0 }, left = { 0, 0 }, initial = { 0, 0 };
        uint32_t sar = (uint32_t)run->library.f.GetPINInfo(application, types[i].type, &max, &left, &initial);
        if (sar != SAR_OK || max.low == 0) continue;
        key_out_open(&run->out, types[i].name, types[i].zh, false);
        key_out_number(&run->out, "tries", "可试次数", max.low);
        key_out_number(&run->out, "tries_left", "剩余次数", left.low);
        key_out_text(&run->out, "initial", "初始 PIN", bytes_text(initial.low ? "yes" : "no"));
        key_out_close(&run->out, false);
    }
}

static struct result show_application(struct key_run *run, skf_handle device, const char *name)
{
    struct key_names names;
    skf_handle application = NULL;
    TRY(key_said(run, run->library.f.OpenApplication(device, name, &application)));
    key_out_open(&run->out, NULL, NULL, false);
    key_out_text(&run->out, "application", "应用", bytes_text(name));
    show_pins(run, application);
    struct result r = key_enumerate(run, run->library.f.EnumContainer, application, &names);
    key_out_open(&run->out, "containers", "容器", true);
    for (const char *c = NULL; !failed(r) && (c = key_next_name(&names, c));)
        key_out_text(&run->out, NULL, NULL, bytes_text(c));
    key_out_close(&run->out, true);
    key_out_close(&run->out, false);
    if (run->library.f.CloseApplication) run->library.f.CloseApplication(application);
    return r;
}

static void show_numbers(struct key_run *run, const uint8_t *info)
{
    static const struct {
        const char *name, *zh;
    } numbers[] = { { "symmetric_algorithms", "对称算法" },
                    { "asymmetric_algorithms", "非对称算法" },
                    { "hash_algorithms", "杂凑算法" },
                    { "device_authentication_algorithm", "设备认证算法" },
                    { "total_space", "总空间" },
                    { "free_space", "剩余空间" } };
    for (size_t i = 0; i < COUNT(numbers); i++)
        key_out_number(&run->out, numbers[i].name, numbers[i].zh, key_info_number(&run->library, info, i));
    static const char *const layouts[] = { "ULONG 4, packed", "ULONG 4, natural", "ULONG 8, packed",
                                           "ULONG 8, natural" };
    key_out_text(&run->out, "library_layout", "库的数据结构", bytes_text(layouts[run->library.layout]));
}

struct result key_info(struct key_run *run)
{
    struct key_place place CLEANUP(key_place_close) = { .run = run };
    struct key_names names;
    uint8_t info[SKF_INFO_ROOM] = { 0 };
    TRY(key_connect(run, run->options.key, &place));
    key_out_open(&run->out, NULL, NULL, false);
    key_out_text(&run->out, "key", "USBKey", bytes_text(run->options.key));
    struct result r = show_device(&place);
    if (!failed(r)) r = key_said(run, run->library.f.GetDevInfo(place.device, info));
    if (!failed(r)) show_numbers(run, info);
    if (!failed(r)) r = key_enumerate(run, run->library.f.EnumApplication, place.device, &names);
    key_out_open(&run->out, "applications", "应用", true);
    for (const char *name = NULL; !failed(r) && (name = key_next_name(&names, name));)
        r = show_application(run, place.device, name);
    key_out_close(&run->out, true);
    key_out_close(&run->out, false);
    return r;
}

/* ---- containers, certificates ---- */

struct result key_containers(struct key_run *run)
{
    struct key_place place CLEANUP(key_place_close) = { .run = run };
    struct key_names names;
    TRY(key_connect(run, run->options.key, &place));
    TRY(key_open_application(&place));
    TRY(key_enumerate(run, run->library.f.EnumContainer, place.application, &names));
    key_out_open(&run->out, NULL, NULL, true);
    for (const char *name = NULL; (name = key_next_name(&names, name));) {
        static const char *const types[] = { "unset", "RSA", "SM2" };
        skf_out type = { 0, 0 };
        skf_handle container = NULL;
        if ((uint32_t)run->library.f.OpenContainer(place.application, name, &container) != SAR_OK) continue;
        if (run->library.f.GetContainerType) run->library.f.GetContainerType(container, &type);
        key_out_open(&run->out, NULL, NULL, false);
        key_out_text(&run->out, "container", "容器", bytes_text(name));
        key_out_text(&run->out, "type", "类型",
                     bytes_text(type.low < COUNT(types) ? types[type.low] : "unknown"));
        key_out_close(&run->out, false);
        if (run->library.f.CloseContainer) run->library.f.CloseContainer(container);
    }
    key_out_close(&run->out, true);
    return OK;
}

static void show_certificate(struct key_run *run, bool signing, struct bytes der)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(1 << 20);
    struct certificate *c;
    char until[CIVIL_TEXT_MAX];
    key_out_open(&run->out, NULL, NULL, false);
    key_out_text(&run->out, "purpose", "用途", bytes_text(signing ? "signing" : "encryption"));
    if (failed(certificate_parse(der, arena, &c)))
        key_out_text(&run->out, "error", "错误",
                     bytes_text(key_words("读不懂的证书", "a certificate that cannot be read")));
    else {
        key_out_text(&run->out, "subject", "主体", bytes_text(name_text(&c->subject, arena)));
        key_out_text(&run->out, "issuer", "签发者", bytes_text(name_text(&c->issuer, arena)));
        key_out_text(&run->out, "serial", "序列号", bytes_text(certificate_serial_text(c, arena)));
        civil_iso(c->not_before_s, until);
        key_out_text(&run->out, "not_before", "生效时间", bytes_text(until));
        civil_iso(c->not_after_s, until);
        key_out_text(&run->out, "not_after", "截止时间", bytes_text(until));
    }
    if (run->out.json) key_out_hex(&run->out, "der", "DER", der);
    key_out_close(&run->out, false);
}

/* OUTPUT/CONTAINER-signing.cer */
static struct result export_certificate(struct key_place *place, bool signing, struct bytes der)
{
    char path[KEY_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s-%s.cer", place->run->options.output, place->container_name,
                     signing ? "signing" : "encryption");
    ENSURE(n > 0 && n < (int)sizeof path, ERROR_KEY_FILE);
    return key_file_write(path, der, place->run->diag);
}

struct result key_certificates(struct key_run *run)
{
    struct key_place place CLEANUP(key_place_close) = { .run = run };
    uint8_t der[KEY_CERTIFICATE_MAX];
    struct result r = OK;
    TRY(key_connect(run, run->options.key, &place));
    TRY(key_open_application(&place));
    TRY(key_open_container(&place));
    key_out_open(&run->out, NULL, NULL, true);
    for (int signing = 1; signing >= 0 && !failed(r); signing--) {
        size_t len = 0;
        r = key_certificate(&place, signing, der, &len);
        if (r.code == ERROR_KEY_NONE) r = OK;
        if (failed(r) || len == 0) continue;
        show_certificate(run, signing, bytes_of(der, len));
        if (run->options.output) r = export_certificate(&place, signing, bytes_of(der, len));
    }
    key_out_close(&run->out, true);
    return r;
}

/* ---- pin, sign ---- */

static struct result change_pin(struct key_place *place, const char *old, const char *fresh)
{
    struct key_run *run = place->run;
    skf_out left = { 0, 0 };
    skf_value type = run->options.admin ? ADMIN_TYPE : USER_TYPE;
    ENSURE(run->library.f.ChangePIN, ERROR_KEY_LIBRARY);
    struct result r = key_said(run, run->library.f.ChangePIN(place->application, type, old, fresh, &left));
    if (run->sar == SAR_PIN_INCORRECT) run->tries = (int)left.low;
    return r;
}

struct result key_pin(struct key_run *run)
{
    struct key_place place CLEANUP(key_place_close) = { .run = run };
    char old[KEY_PIN_ROOM] = "", fresh[KEY_PIN_ROOM] = "", again[KEY_PIN_ROOM] = "";
    TRY(key_connect(run, run->options.key, &place));
    TRY(key_open_application(&place));
    struct result r = key_read_pin(run, key_words("当前 PIN", "present PIN"), old);
    if (!failed(r)) r = key_read_pin(run, key_words("新 PIN", "new PIN"), fresh);
    if (!failed(r)) r = key_read_pin(run, key_words("再输入一次新 PIN", "new PIN again"), again);
    if (!failed(r) && strcmp(fresh, again) != 0) r = FAIL(ERROR_KEY_PIN_INPUT);
    if (!failed(r)) r = change_pin(&place, old, fresh);
    secret_wipe(old, sizeof old);
    secret_wipe(fresh, sizeof fresh);
    secret_wipe(again, sizeof again);
    if (!failed(r)) puts(key_words("PIN 已修改。", "The PIN was changed."));
    return r;
}

/* The signature r ‖ s goes to --output, or in hex to standard output. */
struct result key_sign(struct key_run *run)
{
    struct key_place place CLEANUP(key_place_close) = { .run = run };
    uint8_t signature[64];
    struct bytes content;
    uint8_t *held CLEANUP(key_file_free) = NULL;
    if (!run->options.file) return diag_log(run->diag, ERROR_KEY_FILE, "--file");
    TRY(key_file_read(run->options.file, run->diag, &held, &content));
    TRY(key_connect(run, run->options.key, &place));
    TRY(key_open_application(&place));
    TRY(key_open_container(&place));
    TRY(key_log_in(&place));
    TRY(key_sign_message(&place, content, signature));
    if (run->options.output) return key_file_write(run->options.output, BYTES(signature), run->diag);
    key_out_open(&run->out, NULL, NULL, false);
    key_out_hex(&run->out, "signature", "签名", BYTES(signature));
    key_out_close(&run->out, false);
    return OK;
}
