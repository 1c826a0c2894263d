#include "signer/settings.h"

#include "pki/published.h"

#define SETTING(field, kind, preset, required, min, max, words) \
    { #field, (kind), offsetof(struct signer_settings, field), (preset), (required), (min), (max), (words) }
#define TEXT(field, preset, required, words) SETTING(field, CONFIG_TEXT, preset, required, 0, 0, words)
#define NUMBER(field, preset, min, max, words) SETTING(field, CONFIG_NUMBER, preset, false, min, max, words)
#define FLAG(field, preset, words) SETTING(field, CONFIG_FLAG, preset, false, 0, 0, words)

const struct config_option signer_options[] = {
    SETTING(folder, CONFIG_PATH, "signer", false, 0, 0, "folder of the CA's keys and journal"),
    SETTING(publish, CONFIG_PATH, "publish", false, 0, 0, "folder of published lists, OCSP answers, certificates"),
    TEXT(crl_url, NULL, true, "where the revocation list is found, ending in .crl; certificates name their part"),
    TEXT(ocsp_url, NULL, false, "address of the OCSP responder: stands in certificates; without it no answers"),
    TEXT(ca_url, NULL, false, "where the issuing CA's certificate is found: stands in certificates"),
    TEXT(root_crl_url, NULL, false, "where the root's revocation list is found: stands in certificates of CAs"),
    TEXT(policy, NULL, false, "object identifier of the certificate policy"),
    TEXT(credit_oid, NULL, false, "object identifier of the extension with the credit code (1.2.156.10260.4.1.4)"),
    FLAG(credit_utf8, "no", "the credit code stands as UTF8String instead of PrintableString"),
    TEXT(four_eyes, "lost,damaged", false, "services that take the approvals of two reviewers, joined by commas"),
    FLAG(producer_apart, "yes", "who produces a USBKey must not have reviewed its application"),
    NUMBER(approval_days, "30", 1, 365, "so long after it was signed an approval can be used"),
    NUMBER(produce_hours, "24", 1, 168, "so long after it was signed a producer's statement can be used"),
    NUMBER(operator_years, "3", 1, 5, "validity of operators' certificates"),
    NUMBER(crl_days, "7", 1, 31, "so long a revocation list holds; renewed in half the time, the full one daily"),
    NUMBER(ocsp_hours, "72", 1, 120, "so long an OCSP answer holds; renewed in half the time"),
    NUMBER(nonces_second, "20", 0, 1000, "so many OCSP requests with a nonce are answered in a second"),
    NUMBER(holds_hour, "60", 1, 100000, "so many holds at the words of holders and organizations in an hour at most"),
    NUMBER(spare_keys, "64", 0, 4096, "encryption key pairs that the key centre has ready"),
    NUMBER(refusals_hour, "500", 10, 100000, "so many refused requests are written to the journal in an hour at most"),
    NUMBER(hsm_seconds, "3", 1, 60, "so long the signer waits for a signature by the HSM"),
    NUMBER(clock_offset_s, "0", -4000000000, 4000000000, "added to the system's time, in a demonstration only"),
};
const size_t signer_options_count = COUNT(signer_options);

/* The labels stand with everything else of the HSM; hufu-hsm checks that section. */
static struct result read_hsm(const char *path, struct arena *arena, struct diag *diag,
                              struct signer_settings *settings)
{
    TRY(config_peek(path, "hsm", "issuing_key", arena, diag, &settings->hsm_issuing_key));
    TRY(config_peek(path, "hsm", "ocsp_key", arena, diag, &settings->hsm_ocsp_key));
    TRY(config_peek(path, "hsm", "root_key", arena, diag, &settings->hsm_root_key));
    const bool wanted = settings->hsm_issuing_key && settings->ocsp_url;
    if (!wanted == !settings->hsm_ocsp_key) return OK;
    return diag_log(diag, ERROR_CONFIG, "%s: hsm: ocsp_key: goes with ocsp_url of [signer]", path);
}

struct result settings_read(const char *path, struct arena *arena, struct diag *diag,
                            struct signer_settings *ret_settings)
{
    const char *partition;
    TRY(config_read(path, "signer", signer_options, signer_options_count, arena, diag, ret_settings));
    if (failed(published_crl_url(ret_settings->crl_url, 0, arena, &partition)))
        return diag_log(diag, ERROR_CONFIG, "%s: signer: crl_url: must end in .crl", path);
    TRY(read_hsm(path, arena, diag, ret_settings));
    ret_settings->hsm_socket = -1;
    return OK;
}
