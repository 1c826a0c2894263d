#include "cli/init_config.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "base/text.h"

enum { TEXT_MAX = 16 * 1024 };

/* The folder NAME that belongs to this build or installation: in the clone, or below /usr/share/hufu. */
static const char *find_shared(const char *name, struct arena *arena)
{
    static const char *const folders[] = { "../../..", "../share/hufu" };
    char own[PATH_MAX], whole[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    if (n <= 0) return NULL;
    own[n] = '\0';
    const char *here = dirname(own);
    for (size_t i = 0; i < COUNT(folders); i++) {
        const char *path = arena_format(arena, "%s/%s/%s", here, folders[i], name);
        if (path && realpath(path, whole)) return arena_text(arena, bytes_text(whole));
    }
    return NULL;
}

/* As an option of [web], unless it lies where the preset says: beside the folder. */
static void write_shared(struct writer *w, const struct init_folder *folder, const char *key,
                         const char *name)
{
    const char *found = find_shared(name, folder->arena);
    const char *slash = strrchr(folder->place, '/');
    const char *preset =
        arena_format(folder->arena, "%.*s/%s", (int)(slash - folder->place), folder->place, name);
    if (found && preset && !text_equal(found, preset)) write_format(w, "%s = %s\n", key, found);
}

/* What only the simulator knows: the merchant's names at both gateways and the serial number of its certificate. */
static struct result write_gateways(struct writer *w, const struct init_folder *folder, const struct init_ports *ports,
                                    struct diag *diag)
{
    static const char *const keys[] = { "wechat_merchant", "wechat_app", "wechat_serial",
                                        "alipay_app", "alipay_seller" };
    const char *conf = init_folder_path(folder, "paysim/relay.conf");
    ENSURE(conf, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < COUNT(keys); i++) {
        const char *value;
        TRY(config_peek(conf, "relay", keys[i], folder->arena, diag, &value));
        if (!value) return diag_log(diag, ERROR_FOLDER_FAILED, "%s: %s is missing", conf, keys[i]);
        write_format(w, "%s = %s\n", keys[i], value);
    }
    write_format(w,
                 "wechat_url = http://127.0.0.1:%lld\n"
                 "wechat_key_file = paysim/merchant-key.pem\n"
                 "wechat_api_key_file = paysim/api-key\n"
                 "wechat_platform_key_file = paysim/platform-cert.pem\n"
                 "wechat_notify_url = http://portal.localhost:%lld/api/v1/payments/wechat/callback\n"
                 "alipay_url = http://127.0.0.1:%lld/gateway.do\n"
                 "alipay_key_file = paysim/alipay-app-key.pem\n"
                 "alipay_platform_key_file = paysim/alipay-cert.pem\n"
                 "alipay_notify_url = http://portal.localhost:%lld/api/v1/payments/alipay/callback\n",
                 (long long)ports->paysim, (long long)ports->web, (long long)ports->paysim, (long long)ports->web);
    write_format(w, "tax_url = http://127.0.0.1:%lld\ntax_account = hufu\ntax_key_file = paysim/tax-key\n",
                 (long long)ports->paysim);
    write_format(w,
                 "ems_url = http://127.0.0.1:%lld/amp-prod-api/f/amp/api/open\nems_sender_no = 1100172843670\n"
                 "ems_authorization_file = paysim/ems-authorization\nems_key_file = paysim/ems-key\n"
                 "ems_sender = 国资CA（演示）\nems_sender_mobile = 01012345678\n"
                 "ems_sender_province = 北京市\nems_sender_city = 北京市\nems_sender_county = 西城区\n"
                 "ems_sender_address = 示例路 1 号\n",
                 (long long)ports->paysim);
    return OK;
}

static void write_head(struct writer *w, const struct init_ports *p)
{
    write_format(w,
                 "# Made by hufu init --demo. Every option is told in docs/configuration.md; hufu doctor "
                 "checks this file.\n\n"
                 "[serve]\nlisten = 127.0.0.1:%lld\nstatus_listen = 127.0.0.1:%lld\nsecret_file = secret\n\n"
                 "[demo]\non = yes\npaysim = 127.0.0.1:%lld\n\n",
                 (long long)p->web, (long long)p->status, (long long)p->paysim);
}

static void write_web(struct writer *w, const struct init_folder *folder, const struct init_ports *p)
{
    write_format(w,
                 "[web]\nportal = http://portal.localhost:%lld\nconsole = http://console.localhost:%lld\n"
                 "platform = http://platform.localhost:%lld\ndemonstration = yes\n"
                 "sms_per_hour = 1000000\n" /* hufu demo --count comes from one address */
                 "service_line = 010-0000-0000\nservice_email = service@example.org\n"
                 "accounts_line = 010-0000-0001\ncomplaints_line = 010-0000-0002\n"
                 "return_address = 北京市某区某路 1 号 国资CA 服务部（演示）\n"
                 "transfer_name = 国资CA（演示）\ntransfer_account = 0000 0000 0000 0000 000\n"
                 "transfer_bank = 某银行某支行（演示）\n"
                 "seller_name = 国资CA（演示）\nseller_tax_number = 91110000000000000X\n",
                 (long long)p->web, (long long)p->web, (long long)p->web);
    write_format(w, "agent = http://127.0.0.1:%lld\n", (long long)p->agent);
    write_shared(w, folder, "pages", "ui");
    write_shared(w, folder, "downloads", "dist");
    write_shared(w, folder, "calendar", "data/calendar");
}

static void write_rest(struct writer *w, const struct init_ports *p)
{
    write_format(w,
                 "\n[signer]\ncrl_url = http://status.localhost:%lld/crl/issuing.crl\n"
                 "ocsp_url = http://status.localhost:%lld/ocsp\n"
                 "ca_url = http://status.localhost:%lld/ca/issuing.cer\n\n",
                 (long long)p->status, (long long)p->status, (long long)p->status);
    write_format(w,
                 "[agent]\nport = %lld\norigins = http://portal.localhost:%lld http://platform.localhost:%lld\n"
                 "production_origins = http://console.localhost:%lld\nfolder = agent\n\n"
                 "[relay]\nsms_sink = sink/sms.jsonl\nemail_sink = sink/email.jsonl\n",
                 (long long)p->agent, (long long)p->web, (long long)p->web, (long long)p->web);
}

struct result init_config_demo(const struct init_folder *folder, const struct init_ports *ports, struct bytes hsm,
                               struct diag *diag)
{
    uint8_t *room = arena_take(folder->arena, TEXT_MAX);
    ENSURE(room, ERROR_OUT_OF_ROOM);
    struct writer w = writer_of(room, TEXT_MAX);
    struct bytes text;
    write_head(&w, ports);
    write_web(&w, folder, ports);
    write_rest(&w, ports);
    TRY(write_gateways(&w, folder, ports, diag));
    if (hsm.len) write_text(&w, "\n");
    write_bytes(&w, hsm);
    TRY(writer_end(&w, &text));
    return init_folder_write(folder, "hufu.conf", text, diag);
}
