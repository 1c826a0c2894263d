/* The file of a ceremony about encryption keys: who keeps the custodial key, an order of an authority, and opening what
 * it is about. */
#include "base/text.h"
#include "cli/ceremony_reading.h"
#include "pki/card_keys.h"
#include "pki/statement.h"

enum { NAMES_MAX = STATEMENT_VALUE_MAX, CASE_MAX = 256, AUTHORITY_MAX = 800, SERIAL_MAX = 40, NUMBER_MAX = 32,
       ESCROW_HEX = 2 * ESCROW_BLOB_SIZE };

#define FIELD(field, max) SHAPE_TEXT(struct ceremony_case, field, max)
static const struct shape_field case_fields[] = {
    FIELD(case_number, CASE_MAX), FIELD(authority, AUTHORITY_MAX), FIELD(holder_name, CUSTODIAN_NAME_MAX),
    FIELD(certificate, SERIAL_MAX), FIELD(version, NUMBER_MAX), FIELD(escrow, ESCROW_HEX),
};
#undef FIELD
const struct shape ceremony_case_shape = SHAPE("HUFU-CASE-v1", struct ceremony_case, case_fields);

/* ---- fields ---- */

struct custodians_part {
    struct reading_custodian_fields custodians;
    const char *administrators[2];
    const char *version;
};

struct order_part {
    const char *case_number, *authority, *holder_name, *certificate;
    const char *reviewer, *auditor;
};

struct recovery_part {
    const char *custodians, *order, *opened_by;
};

#define TEXT(type, name, field, max, words) \
    { #name, CONFIG_TEXT, offsetof(struct type, field), NULL, true, 1, max, words }
#define FOLDER(type, name, words) { #name, CONFIG_PATH, offsetof(struct type, name), NULL, true, 0, 0, words }

static const struct config_option custodians_options[] = {
    READING_CUSTODIANS(custodians_part, custodians),
    TEXT(custodians_part, version, version, NUMBER_MAX, "of the custodial key: 1, then one more each time"),
    TEXT(custodians_part, administrator_1, administrators[0], CARD_SERIAL_MAX, "serial number of the USBKey"),
    TEXT(custodians_part, administrator_2, administrators[1], CARD_SERIAL_MAX, "serial number of the USBKey"),
};

static const struct config_option order_options[] = {
    TEXT(order_part, case_number, case_number, CASE_MAX, "of the authority"),
    TEXT(order_part, authority, authority, AUTHORITY_MAX, "that asks for the key"),
    TEXT(order_part, holder_name, holder_name, CUSTODIAN_NAME_MAX, "as it stands in the certificate"),
    TEXT(order_part, certificate, certificate, SERIAL_MAX, "serial number of the encryption certificate, hex"),
    TEXT(order_part, reviewer, reviewer, CARD_SERIAL_MAX, "serial number of the reviewer's USBKey"),
    TEXT(order_part, auditor, auditor, CARD_SERIAL_MAX, "serial number of the auditor's USBKey"),
};

static const struct config_option recovery_options[] = {
    FOLDER(recovery_part, custodians, "folder of the custodians' ceremony"),
    FOLDER(recovery_part, order, "folder of the order"),
    TEXT(recovery_part, opened_by, opened_by, 64, "numbers of the custodians who are there: 1,3"),
};

/* ---- the kinds ---- */

/* The names stand in the statement in one line. */
static struct result check_names(const struct reading *r)
{
    size_t len = 0;
    for (size_t i = 0; i < r->c->custodian_count; i++) {
        len += strlen(r->c->custodians[i].name) + 1;
        if (!r->c->custodians[i].card)
            return reading_wrong(r, arena_format(r->arena, "custodian_%zu", i + 1), "names no USBKey");
    }
    return len <= NAMES_MAX ? OK : reading_wrong(r, "custodian_1", "all names together have more than 1,000 bytes");
}

static struct result check_two(const struct reading *r, const char *field, const char *one, const char *two)
{
    r->c->operators[0] = one;
    r->c->operators[1] = two;
    return text_equal(one, two) ? reading_wrong(r, field, "is the same USBKey as the other one's") : OK;
}

struct result ceremony_read_custodians(const struct reading *r)
{
    struct custodians_part f = { 0 };
    uint64_t version;
    TRY(config_read(r->path, "custodians", custodians_options, COUNT(custodians_options), r->arena, r->diag, &f));
    TRY(reading_custodians(r, &f.custodians));
    TRY(check_names(r));
    if (r->c->custodian_count == 0) return reading_wrong(r, "custodian_1", "is missing");
    if (failed(text_number(f.version, INT64_MAX, &version)) || version == 0)
        return reading_wrong(r, "version", "is not a number from 1 on");
    r->c->version = f.version;
    return check_two(r, "administrator_2", f.administrators[0], f.administrators[1]);
}

struct result ceremony_read_order(const struct reading *r)
{
    struct order_part f = { 0 };
    struct bytes serial;
    TRY(config_read(r->path, "order", order_options, COUNT(order_options), r->arena, r->diag, &f));
    if (failed(text_from_hex(r->arena, f.certificate, &serial)))
        return reading_wrong(r, "certificate", "is no serial number in hex");
    r->c->order = (struct ceremony_case){ .case_number = f.case_number, .authority = f.authority,
                                          .holder_name = f.holder_name, .certificate = f.certificate };
    return check_two(r, "auditor", f.reviewer, f.auditor);
}

/* What the order's ceremony left. */
static struct result read_case(const struct reading *r, const char *folder)
{
    struct ceremony *c = r->c;
    struct bytes content, der;
    const char *path = arena_format(r->arena, "%s/case", folder);
    const char *certificate = arena_format(r->arena, "%s/encryption.cer", folder);
    ENSURE(path && certificate, ERROR_OUT_OF_ROOM);
    TRY(reading_input(r, "case", path, &content));
    TRY(reading_input(r, "encryption.cer", certificate, &der));
    const char *text = arena_text(r->arena, content);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    if (failed(statement_read(&ceremony_case_shape, text, r->arena, &c->order)) ||
        failed(text_from_hex(r->arena, c->order.escrow, &c->escrow)) || c->escrow.len != ESCROW_BLOB_SIZE)
        return reading_other(r, "case", "is not what an order leaves");
    struct result parsed = certificate_parse(der, r->arena, &c->encryption);
    if (failed(parsed)) return diag_log(r->diag, parsed.code, "%s", certificate);
    if (!text_equal(certificate_serial_text(c->encryption, r->arena), c->order.certificate) ||
        !public_key_as_sm2(&c->encryption->key))
        return reading_other(r, "encryption.cer", "is not the certificate of the case");
    return OK;
}

/* All shares are there, of one custodial key, the one that the case is wrapped for. */
static struct result check_shares(const struct reading *r)
{
    struct ceremony *c = r->c;
    const char *key = arena_format(r->arena, "custodial-%s", c->order.version);
    struct bytes point;
    ENSURE(key, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < c->custodian_count; i++) {
        const struct custodian_share *share = &c->shares[i];
        const char *name = arena_format(r->arena, "custodial-share-%d.usbkey", c->numbers[i]);
        ENSURE(name, ERROR_OUT_OF_ROOM);
        if (!share->key) return reading_other(r, name, "is not there");
        if (!text_equal(share->key, key)) return reading_other(r, name, "is of another version than the case");
        if (!text_equal(share->whole, c->shares[0].whole)) return reading_other(r, name, "is of another key");
        for (size_t k = 0; k < i; k++)
            if (text_equal(share->card, c->shares[k].card)) return reading_other(r, name, "has another's USBKey");
    }
    if (failed(text_from_hex(r->arena, c->shares[0].whole, &point)) || point.len != SM2_POINT_SIZE ||
        failed(sm2_public_init(&c->custodial, point.ptr)))
        return reading_other(r, "custodial-share", "names no key");
    return OK;
}

struct result ceremony_read_recovery(const struct reading *r)
{
    struct recovery_part f = { 0 };
    TRY(config_read(r->path, "recovery", recovery_options, COUNT(recovery_options), r->arena, r->diag, &f));
    r->c->key_folder = f.custodians;
    TRY(read_case(r, f.order));
    TRY(reading_opened_by(r, f.opened_by));
    TRY(reading_shares(r, "custodial"));
    return check_shares(r);
}
