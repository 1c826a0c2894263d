#include "service/kind.h"

#include <assert.h>

#include "base/text.h"

static const struct kind_scan form = { "form", "（使用人签字，并盖申请单位公章）", true };
static const struct kind_scan license = {
    "license", "工商营业执照、事业单位法人证或其他批准成立证照复印件一份（盖申请单位公章）", false
};
static const struct kind_scan identity = { "identity", "使用人身份证件复印件一份（盖申请单位公章）", false };
static const struct kind_scan identity_old = { "identity", "原使用人身份证件复印件一份（盖申请单位公章）", false };
static const struct kind_scan identity_new = { "identity-new", "新使用人身份证件复印件一份（盖申请单位公章）",
                                               false };
static const struct kind_scan letter = { "letter", "委托书一份（写明经办人姓名和委托事项，使用人签字，并盖申请单位公章）",
                                         .deputy = true };

#define THREE_DAYS (3 * KIND_HALF_DAYS)
#define SCANS_OF_ONE { &form, &license, &identity, &letter }

static const struct kind_rule rules[KIND_COUNT] = {
    [KIND_APPLY] = { .name = "apply", .page_name = "证书申请", .fee_item = "certificate", .half_days = THREE_DAYS,
                     .usbkey = FULFIL_PRODUCTION, .shield = FULFIL_DOWNLOAD, .validity = VALIDITY_YEAR,
                     .production_promised = true, .scans = SCANS_OF_ONE },
    [KIND_RENEW] = { .name = "renew", .page_name = "证书延期", .fee_item = "certificate", .half_days = THREE_DAYS,
                     .usbkey = FULFIL_DOWNLOAD, .shield = FULFIL_DOWNLOAD, .revoking = REVOKE_AT_ISSUE,
                     .validity = VALIDITY_RENEW, .about_certificate = true, .reason = "superseded",
                     .scans = SCANS_OF_ONE },
    [KIND_UNLOCK] = { .name = "unlock", .page_name = "USBKey解锁", .half_days = 1, .usbkey = FULFIL_UNLOCK,
                      .shield = FULFIL_UNLOCK, .about_certificate = true, .scans = SCANS_OF_ONE },
    [KIND_LOST] = { .name = "lost", .page_name = "证书补办", .fee_item = "usbkey", .half_days = THREE_DAYS,
                    .usbkey = FULFIL_PRODUCTION, .shield = FULFIL_DOWNLOAD, .revoking = REVOKE_AT_APPROVAL,
                    .validity = VALIDITY_OLD, .about_certificate = true, .reason = "keyCompromise", .four_eyes = true,
                    .replaces = true, .scans = SCANS_OF_ONE },
    [KIND_DAMAGED] = { .name = "damaged", .page_name = "证书更换", .half_days = THREE_DAYS,
                       .usbkey = FULFIL_PRODUCTION, .shield = FULFIL_DOWNLOAD, .revoking = REVOKE_AT_ISSUE,
                       .validity = VALIDITY_OLD, .about_certificate = true, .reason = "superseded", .four_eyes = true,
                       .replaces = true, .returns = true, .scans = SCANS_OF_ONE },
    [KIND_REVOKE] = { .name = "revoke", .page_name = "证书吊销", .half_days = THREE_DAYS,
                      .revoking = REVOKE_AT_APPROVAL, .about_certificate = true, .scans = SCANS_OF_ONE },
    [KIND_CHANGE] = { .name = "change", .page_name = "使用人变更", .half_days = THREE_DAYS,
                      .usbkey = FULFIL_DOWNLOAD, .shield = FULFIL_DOWNLOAD, .revoking = REVOKE_AT_APPROVAL,
                      .validity = VALIDITY_OLD, .about_certificate = true, .reason = "affiliationChanged",
                      .successor = true, .scans = { &form, &license, &identity_old, &identity_new, &letter } },
    [KIND_REISSUE] = { .name = "reissue", .page_name = "证书换发", .half_days = THREE_DAYS, .usbkey = FULFIL_DOWNLOAD,
                       .shield = FULFIL_DOWNLOAD, .revoking = REVOKE_AT_ISSUE, .validity = VALIDITY_OLD,
                       .about_certificate = true, .reason = "affiliationChanged", .unasked = true },
};

const struct kind_rule *kind_rule(enum kind kind)
{
    assert(kind < KIND_COUNT);
    return &rules[kind];
}

enum fulfilment kind_fulfilment(enum kind kind, bool shield)
{
    return shield ? kind_rule(kind)->shield : kind_rule(kind)->usbkey;
}

struct result kind_find(const char *name, enum kind *ret_kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!text_equal(rules[i].name, name)) continue;
        *ret_kind = (enum kind)i;
        return OK;
    }
    return FAIL(ERROR_NOT_FOUND);
}

const struct kind_scan *kind_scan(enum kind kind, const char *name)
{
    const struct kind_scan *const *scans = kind_rule(kind)->scans;
    for (size_t i = 0; scans[i]; i++)
        if (text_equal(scans[i]->name, name)) return scans[i];
    return NULL;
}

const struct kind_scan *kind_scan_at(enum kind kind, bool deputy, size_t index)
{
    const struct kind_scan *const *scans = kind_rule(kind)->scans;
    for (size_t i = 0; scans[i]; i++)
        if ((deputy || !scans[i]->deputy) && index-- == 0) return scans[i];
    return NULL;
}
