/* The file of a ceremony: its fields, and what they name. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/ceremony_reading.h"
#include "pki/lint.h"

/* ---- fields ---- */

struct common {
    const char *kind, *title, *people, *folder;
};

struct root_fields {
    const char *country, *organization, *unit, *common_name, *not_before;
    struct reading_custodian_fields custodians;
    int64_t years;
};

struct certificate_part {
    const char *profile, *root, *opened_by, *request, *request_sm3;
    const char *country, *organization, *unit, *common_name, *not_before;
    const char *crl_url, *ocsp_url, *ca_url;
    int64_t years;
};

struct crl_part {
    const char *root, *opened_by, *previous, *this_update;
    const char *revoked[CEREMONY_REVOKED_MAX];
    int64_t number, days;
};

#define TEXT(type, field, required, words) \
    { #field, CONFIG_TEXT, offsetof(struct type, field), NULL, required, 0, 0, words }
#define PATH(type, field, required, words) \
    { #field, CONFIG_PATH, offsetof(struct type, field), NULL, required, 0, 0, words }
#define NUMBER(type, field, min, max, words) \
    { #field, CONFIG_NUMBER, offsetof(struct type, field), NULL, true, min, max, words }
#define REVOKED(n) \
    { "revoked_" #n, CONFIG_TEXT, offsetof(struct crl_part, revoked[n - 1]), NULL, false, 0, 0, "serial | day | why" }

static const struct config_option common_options[] = {
    TEXT(common, kind, true, "root, certificate, crl, custodians, order or recovery: the section with the rest"),
    TEXT(common, title, true, "of the ceremony, for the record"),
    TEXT(common, people, true, "who is there, and as what"),
    PATH(common, folder, true, "where all that comes of it goes; must not be there yet"),
};

static const struct config_option root_options[] = {
    { "country", CONFIG_TEXT, offsetof(struct root_fields, country), "CN", false, 2, 2, "of the root's name" },
    TEXT(root_fields, organization, true, "of the root's name"),
    TEXT(root_fields, unit, false, "of the root's name"),
    TEXT(root_fields, common_name, true, "of the root"),
    TEXT(root_fields, not_before, true, "YYYY-MM-DD: from the beginning of this day in China"),
    NUMBER(root_fields, years, 1, 30, "of validity"),
    READING_CUSTODIANS(root_fields, custodians),
};

static const struct config_option certificate_options[] = {
    TEXT(certificate_part, profile, true, "issuing-ca, operators-ca or tree-head"),
    PATH(certificate_part, root, true, "folder of the root's ceremony"),
    TEXT(certificate_part, opened_by, false, "numbers of the custodians who are there: 1,3"),
    PATH(certificate_part, request, true, "PKCS #10 of the key's owner, DER"),
    { "request_sm3", CONFIG_TEXT, offsetof(struct certificate_part, request_sm3), NULL, true, 64, 64, "its SM3, hex" },
    { "country", CONFIG_TEXT, offsetof(struct certificate_part, country), "CN", false, 2, 2, "of the subject" },
    TEXT(certificate_part, organization, true, "of the subject"),
    TEXT(certificate_part, unit, false, "of the subject"),
    TEXT(certificate_part, common_name, true, "of the subject"),
    TEXT(certificate_part, not_before, true, "YYYY-MM-DD"),
    NUMBER(certificate_part, years, 1, 30, "of validity"),
    TEXT(certificate_part, crl_url, false, "where the root's list is"),
    TEXT(certificate_part, ocsp_url, false, "where the root's status is asked"),
    TEXT(certificate_part, ca_url, false, "where the root's certificate is"),
};

static const struct config_option crl_options[] = {
    PATH(crl_part, root, true, "folder of the root's ceremony"),
    TEXT(crl_part, opened_by, false, "numbers of the custodians who are there: 1,3"),
    NUMBER(crl_part, number, 1, INT64_MAX, "of the list: more than the one before"),
    PATH(crl_part, previous, false, "the list before this one; from number 2 on"),
    TEXT(crl_part, this_update, true, "YYYY-MM-DD"),
    NUMBER(crl_part, days, 1, 1000, "until the next one"),
    REVOKED(1), REVOKED(2), REVOKED(3), REVOKED(4), REVOKED(5), REVOKED(6), REVOKED(7), REVOKED(8), REVOKED(9),
    REVOKED(10), REVOKED(11), REVOKED(12), REVOKED(13), REVOKED(14), REVOKED(15), REVOKED(16),
};

/* The beginning of "YYYY-MM-DD" in China. */
static struct result read_day(const struct reading *r, const char *field, const char *text, int64_t *ret_time_s)
{
    struct civil civil = { 0 };
    int *parts[] = { &civil.year, &civil.month, &civil.day };
    static const size_t at[] = { 0, 5, 8 }, len[] = { 4, 2, 2 };
    bool good = strlen(text) == 10 && text[4] == '-' && text[7] == '-';
    for (size_t i = 0; i < COUNT(parts) && good; i++)
        for (size_t k = 0; k < len[i] && good; k++) {
            char digit = text[at[i] + k];
            good = digit >= '0' && digit <= '9';
            *parts[i] = *parts[i] * 10 + (digit - '0');
        }
    return good && !failed(civil_from_shanghai(&civil, ret_time_s))
               ? OK : reading_wrong(r, field, "is not a day YYYY-MM-DD");
}

/* Of what is signed now. */
static struct result read_day_near(const struct reading *r, const char *field, const char *text, int64_t *ret_time_s)
{
    const struct clock clock = { .now = clock_system };
    TRY(read_day(r, field, text, ret_time_s));
    return llabs(*ret_time_s - clock_now(&clock)) <= (int64_t)CEREMONY_AWAY_DAYS_MAX * DAY_S
               ? OK : reading_wrong(r, field, "is more than a year from today");
}

static struct result read_root_folder(const struct reading *r, const char *folder)
{
    struct ceremony *c = r->c;
    struct bytes der;
    const char *path = arena_format(r->arena, "%s/root.cer", folder);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    TRY(reading_input(r, "root.cer", path, &der));
    struct result parsed = certificate_parse(der, r->arena, &c->root);
    if (!failed(parsed)) parsed = certificate_check_signature(c->root, &c->root->key);
    if (failed(parsed)) return diag_log(r->diag, parsed.code, "%s", path);
    if (!c->root->ca || !name_equal(&c->root->issuer, &c->root->subject))
        return reading_other(r, "root.cer", "is no root");
    c->key_folder = folder;
    return OK;
}

/* ---- the kinds ---- */

static struct result read_root(const struct reading *r)
{
    struct root_fields f = { 0 };
    struct ceremony *c = r->c;
    TRY(config_read(r->path, "root", root_options, COUNT(root_options), r->arena, r->diag, &f));
    TRY(reading_custodians(r, &f.custodians));
    c->profile = &profile_root_ca;
    c->fields.subject = (struct name_fields){ .country = f.country, .organization = f.organization, .unit = f.unit,
                                              .common_name = f.common_name };
    TRY(read_day_near(r, "not_before", f.not_before, &c->fields.not_before_s));
    c->fields.not_after_s = certificate_validity_end(c->fields.not_before_s, (int)f.years);
    return OK;
}

/* The reviewed file names the key by the hash of its request; that the request says the same name is a second guard
 * against one that was exchanged. */
static struct result read_request(const struct reading *r, const struct certificate_part *f)
{
    struct ceremony *c = r->c;
    uint8_t hash[SM3_SIZE], room[NAME_SIZE_MAX];
    struct bytes der, reviewed, name;
    struct writer w = writer_of(room, sizeof room);
    TRY(reading_input(r, "request", f->request, &der));
    if (failed(text_from_hex(r->arena, f->request_sm3, &reviewed)))
        return reading_wrong(r, "request_sm3", "is not SM3 in hex");
    sm3_hash(der, hash);
    if (!bytes_equal(reviewed, BYTES(hash))) return reading_other(r, "request", "its SM3 is not request_sm3");
    struct result parsed = request_parse(der, &c->request);
    if (failed(parsed)) return diag_log(r->diag, parsed.code, "%s", f->request);
    if (failed(name_write(&c->fields.subject, &w)) || failed(writer_end(&w, &name)))
        return reading_wrong(r, "common_name", "a name is too long or has characters that certificates do not take");
    if (!bytes_equal(name, c->request.subject.der)) return reading_other(r, "request", "it names another subject");
    c->fields.key = c->request.key;
    return OK;
}

static struct result read_certificate(const struct reading *r)
{
    static const struct profile *const profiles[] = { &profile_issuing_ca, &profile_operators_ca, &profile_tree_head };
    struct certificate_part f = { 0 };
    struct ceremony *c = r->c;
    TRY(config_read(r->path, "certificate", certificate_options, COUNT(certificate_options), r->arena, r->diag, &f));
    for (size_t i = 0; i < COUNT(profiles); i++)
        if (text_equal(profiles[i]->name, f.profile)) c->profile = profiles[i];
    if (!c->profile) return reading_wrong(r, "profile", "is none of issuing-ca, operators-ca, tree-head");
    TRY(read_root_folder(r, f.root));
    TRY(reading_opened_by(r, f.opened_by));
    TRY(reading_shares(r, "root"));
    c->fields = (struct certificate_fields){
        .subject = { .country = f.country, .organization = f.organization, .unit = f.unit,
                     .common_name = f.common_name },
        .crl_url = f.crl_url, .ocsp_url = f.ocsp_url, .ca_url = f.ca_url,
    };
    TRY(read_day_near(r, "not_before", f.not_before, &c->fields.not_before_s));
    c->fields.not_after_s = certificate_validity_end(c->fields.not_before_s, (int)f.years);
    return read_request(r, &f);
}

/* "SERIAL | YYYY-MM-DD | reason" */
static struct result read_revoked(const struct reading *r, const char *field, const char *text, struct crl_entry *e)
{
    const char *bar = strchr(text, '|'), *second = bar ? strchr(bar + 1, '|') : NULL;
    if (!second) return reading_wrong(r, field, "is not written as serial | YYYY-MM-DD | reason");
    const char *serial = text, *day = bar + 1, *reason = second + 1;
    size_t serial_len = (size_t)(bar - serial), day_len = (size_t)(second - day);
    while (serial_len && serial[serial_len - 1] == ' ') serial_len--;
    while (*day == ' ') day++, day_len--;
    while (day_len && day[day_len - 1] == ' ') day_len--;
    while (*reason == ' ') reason++;
    const char *hex = arena_text(r->arena, bytes_of(serial, serial_len));
    const char *when = arena_text(r->arena, bytes_of(day, day_len));
    ENSURE(hex && when, ERROR_OUT_OF_ROOM);
    if (failed(text_from_hex(r->arena, hex, &e->serial)) || e->serial.len == 0 ||
        e->serial.len > CERTIFICATE_SERIAL_MAX || e->serial.ptr[0] == 0)
        return reading_wrong(r, field, "the serial number is not hex as hufu ca show prints it");
    if (failed(crl_reason_find(reason, &e->reason)) || e->reason == CRL_REMOVE_FROM_CRL)
        return reading_wrong(r, field, "is no reason of RFC 5280");
    return read_day(r, field, when, &e->revoked_s);
}

/* What stood on the list before still stands there: a root's certificates are not given back. */
static struct result read_previous(const struct reading *r, const struct crl_part *f)
{
    struct crl_fields *crl = &r->c->crl;
    struct bytes der;
    struct crl before;
    if ((f->previous == NULL) != (f->number == 1)) return reading_wrong(r, "previous", "is named from number 2 on");
    if (!f->previous) return OK;
    TRY(reading_input(r, "previous", f->previous, &der));
    struct result checked = crl_parse(der, &before);
    if (!failed(checked)) checked = crl_check(&before, r->c->root, before.this_update_s);
    if (failed(checked)) return diag_log(r->diag, checked.code, "%s", f->previous);
    uint64_t number = 0;
    for (size_t i = 0; i < before.number.len; i++) number = number << 8 | before.number.ptr[i];
    if (number >= crl->number) return reading_other(r, "previous", "its number is not below this one's");
    if (before.this_update_s >= crl->this_update_s) return reading_other(r, "previous", "it is not older");
    struct reader entries = reader_of(before.entries);
    for (size_t i = 0; i < before.count; i++) {
        struct crl_entry e;
        bool kept = false;
        crl_next(&entries, &e);
        for (size_t k = 0; k < crl->count; k++)
            kept = kept || (bytes_equal(e.serial, crl->entries[k].serial) && e.revoked_s == crl->entries[k].revoked_s);
        if (!kept) return reading_other(r, "previous", "what it revoked is not revoked any more, or at another time");
    }
    return OK;
}

static struct result read_crl(const struct reading *r)
{
    struct crl_part f = { 0 };
    struct ceremony *c = r->c;
    char field[32];
    TRY(config_read(r->path, "crl", crl_options, COUNT(crl_options), r->arena, r->diag, &f));
    TRY(read_root_folder(r, f.root));
    TRY(reading_opened_by(r, f.opened_by));
    TRY(reading_shares(r, "root"));
    c->crl = (struct crl_fields){ .issuer = c->root, .number = (uint64_t)f.number, .entries = c->revoked };
    TRY(read_day_near(r, "this_update", f.this_update, &c->crl.this_update_s));
    c->crl.next_update_s = c->crl.this_update_s + f.days * DAY_S;
    for (size_t i = 0; i < CEREMONY_REVOKED_MAX; i++) {
        if (!f.revoked[i]) continue;
        snprintf(field, sizeof field, "revoked_%zu", i + 1);
        TRY(read_revoked(r, field, f.revoked[i], &c->revoked[c->crl.count++]));
    }
    qsort(c->revoked, c->crl.count, sizeof c->revoked[0], crl_entry_order);
    for (size_t i = 1; i < c->crl.count; i++)
        if (crl_entry_order(&c->revoked[i - 1], &c->revoked[i]) == 0)
            return reading_wrong(r, "revoked", "a serial number stands twice");
    return read_previous(r, &f);
}

/* ---- the whole ---- */

struct result ceremony_read(const char *path, struct arena *arena, struct diag *diag, struct ceremony *ret_ceremony)
{
    static const struct {
        const char *name;
        struct result (*read)(const struct reading *r);
    } kinds[] = { [CEREMONY_ROOT] = { "root", read_root },
                  [CEREMONY_CERTIFICATE] = { "certificate", read_certificate },
                  [CEREMONY_CRL] = { "crl", read_crl },
                  [CEREMONY_CUSTODIANS] = { "custodians", ceremony_read_custodians },
                  [CEREMONY_ORDER] = { "order", ceremony_read_order },
                  [CEREMONY_RECOVERY] = { "recovery", ceremony_read_recovery } };
    struct reading r = { path, arena, diag, ret_ceremony };
    struct common common = { 0 };
    memset(ret_ceremony, 0, sizeof *ret_ceremony);
    TRY(config_read(path, "ceremony", common_options, COUNT(common_options), arena, diag, &common));
    TRY(reading_file(&r, path, &ret_ceremony->script));
    ret_ceremony->title = common.title;
    ret_ceremony->people = common.people;
    ret_ceremony->folder = common.folder;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!text_equal(common.kind, kinds[i].name)) continue;
        const char *const sections[] = { "ceremony", kinds[i].name, NULL };
        TRY(config_check_sections(path, sections, arena, diag));
        ret_ceremony->kind = (enum ceremony_kind)i;
        ret_ceremony->kind_name = kinds[i].name;
        return kinds[i].read(&r);
    }
    return reading_wrong(&r, "kind", "is none of root, certificate, crl, custodians, order, recovery");
}

struct result ceremony_check(const struct ceremony *c, const struct sm2_public *key, struct drbg *drbg,
                             struct arena *arena, struct diag *diag)
{
    size_t room = c->kind == CEREMONY_CRL ? crl_size_max(c->crl.count) : ISSUE_SIZE_MAX;
    struct writer w = writer_of(arena_take(arena, room), room);
    struct bytes tbs;
    ENSURE(w.ptr, ERROR_OUT_OF_ROOM);
    if (c->kind == CEREMONY_CRL) {
        crl_build(&c->crl, &w);
        ENSURE(!failed(writer_end(&w, &tbs)), ERROR_LINT);
        return crl_lint(&c->crl, tbs, diag);
    }
    uint8_t serial[ISSUE_SERIAL_SIZE];
    struct certificate_fields fields = c->fields;
    if (key) fields.key = public_key_sm2(key);
    const struct issuance issuance = { .profile = c->profile, .fields = &fields, .issuer = c->root };
    TRY(drbg_fill(drbg, serial, sizeof serial));
    serial[0] = 0x40; /* as long as the one that is drawn */
    TRY(tbs_build(&issuance, serial, diag, &w));
    ENSURE(!failed(writer_end(&w, &tbs)), ERROR_PROFILE_FIELD);
    return lint_check(&issuance, tbs, arena, diag);
}
