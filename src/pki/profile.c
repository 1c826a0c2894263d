#include "pki/profile.h"

enum {
    CA_KEY_USAGE = KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN,
    STATUS_PARTS = PART_CRL_URL | PART_OCSP_URL | PART_CA_URL | PART_POLICY,
    SM2_KEYS = 1 << KEY_SM2,
    CA_KEYS = 1 << KEY_SM2 | 1 << KEY_P256, /* also of what a module without SM2 holds */
};

const struct profile profile_root_ca = {
    .name = "root-ca",
    .ca = true,
    .self_signed = true,
    .path_length = -1,
    .key_usage = CA_KEY_USAGE,
    .needs = PART_COUNTRY | PART_ORGANIZATION,
    .may = PART_UNIT,
    .keys = CA_KEYS,
    .years_max = 30,
};

const struct profile profile_issuing_ca = {
    .name = "issuing-ca",
    .ca = true,
    .path_length = 0,
    .key_usage = CA_KEY_USAGE,
    .needs = PART_COUNTRY | PART_ORGANIZATION,
    .may = PART_UNIT | STATUS_PARTS,
    .keys = CA_KEYS,
    .years_max = 20,
};

const struct profile profile_operators_ca = {
    .name = "operators-ca",
    .ca = true,
    .path_length = 0,
    .key_usage = CA_KEY_USAGE,
    .needs = PART_COUNTRY | PART_ORGANIZATION,
    .may = PART_UNIT | STATUS_PARTS,
    .keys = SM2_KEYS,
    .years_max = 20,
};

const struct profile profile_card_maker_ca = {
    .name = "card-maker-ca",
    .ca = true,
    .self_signed = true,
    .path_length = 0,
    .key_usage = CA_KEY_USAGE,
    .needs = PART_COUNTRY | PART_ORGANIZATION,
    .may = PART_UNIT,
    .keys = SM2_KEYS,
    .years_max = 30,
};

/* GM/T 0015 annex C: the two certificates of a pair differ in what their keys are for. */
const struct profile profile_holder_signing = {
    .name = "holder-signing",
    .key_usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION,
    .extended_usage = EXTENDED_CLIENT_AUTH | EXTENDED_EMAIL_PROTECTION,
    .needs = PART_COUNTRY | PART_ORGANIZATION | PART_CREDIT_CODE | PART_CRL_URL,
    .may = PART_UNIT | PART_SERIAL_NUMBER | STATUS_PARTS,
    .keys = SM2_KEYS,
    .years_max = 5,
};

const struct profile profile_holder_encryption = {
    .name = "holder-encryption",
    .key_usage = KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_DATA_ENCIPHERMENT | KEY_USAGE_KEY_AGREEMENT,
    .extended_usage = EXTENDED_EMAIL_PROTECTION,
    .needs = PART_COUNTRY | PART_ORGANIZATION | PART_CREDIT_CODE | PART_CRL_URL,
    .may = PART_UNIT | PART_SERIAL_NUMBER | STATUS_PARTS,
    .keys = SM2_KEYS,
    .years_max = 5,
};

const struct profile profile_operator = {
    .name = "operator",
    .key_usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION,
    .extended_usage = EXTENDED_CLIENT_AUTH | EXTENDED_OPERATOR,
    .needs = PART_COUNTRY | PART_ORGANIZATION,
    .may = PART_UNIT | PART_SERIAL_NUMBER | STATUS_PARTS,
    .keys = SM2_KEYS,
    .years_max = 5,
};

/* Short, since nobody asks for its status. */
const struct profile profile_ocsp_responder = {
    .name = "ocsp-responder",
    .key_usage = KEY_USAGE_DIGITAL_SIGNATURE,
    .extended_usage = EXTENDED_OCSP_SIGNING,
    .needs = PART_COUNTRY | PART_ORGANIZATION,
    .may = PART_UNIT,
    .keys = CA_KEYS,
    .years_max = 1,
    .no_check = true,
};

const struct profile profile_card = {
    .name = "card",
    .key_usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT,
    .extended_usage = EXTENDED_CARD,
    .needs = PART_SERIAL_NUMBER,
    .may = PART_COUNTRY | PART_ORGANIZATION | PART_UNIT,
    .keys = SM2_KEYS,
    .years_max = 30,
};

/* Issued by the root, so that no certificate of the issuing CA can pass for it. */
const struct profile profile_tree_head = {
    .name = "tree-head",
    .key_usage = KEY_USAGE_DIGITAL_SIGNATURE,
    .needs = PART_COUNTRY | PART_ORGANIZATION,
    .may = PART_UNIT | STATUS_PARTS,
    .keys = SM2_KEYS,
    .years_max = 20,
};

unsigned profile_parts(const struct certificate_fields *f)
{
    const struct {
        const char *value;
        unsigned part;
    } all[] = {
        { f->subject.country, PART_COUNTRY }, { f->subject.organization, PART_ORGANIZATION },
        { f->subject.unit, PART_UNIT },       { f->subject.serial_number, PART_SERIAL_NUMBER },
        { f->credit_code, PART_CREDIT_CODE }, { f->crl_url, PART_CRL_URL },
        { f->ocsp_url, PART_OCSP_URL },       { f->ca_url, PART_CA_URL },
        { f->policy, PART_POLICY },
    };
    unsigned parts = 0;
    for (size_t i = 0; i < COUNT(all); i++)
        if (all[i].value) parts |= all[i].part;
    return parts;
}
