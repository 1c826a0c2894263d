/* The file of a ceremony: its fields, and what they name. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/text.h"
#include "cli/ceremony.h"
#include "pki/card_keys.h"
#include "pki/lint.h"
#include "pki/statement.h"

/* ---- fields ---- */

struct common {
    const char *kind, *title, *people, *folder;
};

struct root_fields {
    const char *country, *organization, *unit, *common_name, *not_before;
    const char *custodians[CEREMONY_CUSTODIANS_MAX];
    const char *maker_certificate, *maker_transport_key;
    int64_t years, threshold;
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
#define CUSTODIAN(n) \
    { "custodian_" #n, CONFIG_TEXT, offsetof(struct root_fields, custodians[n - 1]), NULL, false, 0, 0, \
      "name, or name | serial number of the USBKey" }
#define REVOKED(n) \
    { "revoked_" #n, CONFIG_TEXT, offsetof(struct crl_part, revoked[n - 1]), NULL, false, 0, 0, "serial | day | why" }

static const struct config_option common_options[] = {
    TEXT(common, kind, true, "root, certificate or crl: the section with the rest"),
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
    { "threshold", CONFIG_NUMBER, offsetof(struct root_fields, threshold), "0", false, 0, CEREMONY_CUSTODIANS_MAX,
      "how many custodians open the key" },
    PATH(root_fields, maker_certificate, false, "of the custodians' USBKeys"),
    PATH(root_fields, maker_transport_key, false, "of the same maker, for blank USBKeys"),
    CUSTODIAN(1), CUSTODIAN(2), CUSTODIAN(3), CUSTODIAN(4), CUSTODIAN(5), CUSTODIAN(6), CUSTODIAN(7), CUSTODIAN(8),
    CUSTODIAN(9), CUSTODIAN(10), CUSTODIAN(11), CUSTODIAN(12), CUSTODIAN(13), CUSTODIAN(14), CUSTODIAN(15),
    CUSTODIAN(16),
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

/* ---- reading ---- */

struct reading {
    const char *path;
    struct arena *arena;
    struct diag *diag;
    struct ceremony *c;
};

static struct result wrong(const struct reading *r, const char *field, const char *why)
{
    return diag_log(r->diag, ERROR_CONFIG, "%s: %s: %s", r->path, field, why);
}

static struct result not_the_one(const struct reading *r, const char *field, const char *why)
{
    return diag_log(r->diag, ERROR_CEREMONY_INPUT, "%s: %s", field, why);
}

static struct result read_file(const struct reading *r, const char *path, struct bytes *ret_content)
{
    uint8_t *into = arena_take(r->arena, CEREMONY_FILE_MAX + 1);
    ENSURE(into, ERROR_OUT_OF_ROOM);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, into, CEREMONY_FILE_MAX + 1);
    if (fd >= 0) close(fd);
    if (n < 0) return diag_log(r->diag, ERROR_IO, "%s cannot be read", path);
    if (n > CEREMONY_FILE_MAX) return diag_log(r->diag, ERROR_TOO_LARGE, "%s", path);
    *ret_content = bytes_of(into, (size_t)n);
    return OK;
}

/* FIELD names the file at PATH, which goes into the ceremony. */
static struct result take_input(const struct reading *r, const char *field, const char *path, struct bytes *ret_content)
{
    TRY(read_file(r, path, ret_content));
    r->c->inputs[r->c->input_count++] = (struct ceremony_input){ field, *ret_content };
    return OK;
}

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
    return good && !failed(civil_from_shanghai(&civil, ret_time_s)) ? OK : wrong(r, field, "is not a day YYYY-MM-DD");
}

/* Of what is signed now. */
static struct result read_day_near(const struct reading *r, const char *field, const char *text, int64_t *ret_time_s)
{
    const struct clock clock = { .now = clock_system };
    TRY(read_day(r, field, text, ret_time_s));
    return llabs(*ret_time_s - clock_now(&clock)) <= (int64_t)CEREMONY_AWAY_DAYS_MAX * DAY_S
               ? OK : wrong(r, field, "is more than a year from today");
}

/* "1,3": each once, ascending. */
static struct result read_opened_by(const struct reading *r, const char *text)
{
    struct ceremony *c = r->c;
    if (!text) return OK;
    for (const char *p = text; *p != '\0';) {
        size_t digits = strcspn(p, ",");
        uint64_t number = 0;
        const char *one = arena_text(r->arena, bytes_of(p, digits));
        ENSURE(one, ERROR_OUT_OF_ROOM);
        bool good = !failed(text_number(one, CEREMONY_CUSTODIANS_MAX, &number)) && number > 0 &&
                    c->custodian_count < CEREMONY_CUSTODIANS_MAX &&
                    (c->custodian_count == 0 || number > c->numbers[c->custodian_count - 1]);
        if (!good) return wrong(r, "opened_by", "is not a list of custodians' numbers that rise: 1,3");
        c->numbers[c->custodian_count++] = (uint8_t)number;
        p += digits + (p[digits] == ',');
    }
    return c->custodian_count >= SHAMIR_THRESHOLD_MIN ? OK : wrong(r, "opened_by", "names fewer than two custodians");
}

static struct result read_root_folder(const struct reading *r, const char *folder)
{
    struct ceremony *c = r->c;
    struct bytes der;
    const char *path = arena_format(r->arena, "%s/root.cer", folder);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    TRY(take_input(r, "root.cer", path, &der));
    struct result parsed = certificate_parse(der, r->arena, &c->root);
    if (!failed(parsed)) parsed = certificate_check_signature(c->root, &c->root->key);
    if (failed(parsed)) return diag_log(r->diag, parsed.code, "%s", path);
    if (!c->root->ca || !name_equal(&c->root->issuer, &c->root->subject))
        return not_the_one(r, "root.cer", "is no root");
    c->key_folder = folder;
    return OK;
}

/* ---- the kinds ---- */

/* "NAME", or "NAME | CARD". */
static struct result read_custodian(const struct reading *r, const char *field, const char *text, struct custodian *into)
{
    const char *bar = strchr(text, '|'), *card = bar ? bar + 1 : NULL;
    size_t len = bar ? (size_t)(bar - text) : strlen(text);
    while (len && text[len - 1] == ' ') len--;
    if (len == 0 || len > CUSTODIAN_NAME_MAX || memchr(text, ',', len)) return wrong(r, field, "has no name that does");
    into->name = arena_text(r->arena, bytes_of(text, len));
    ENSURE(into->name, ERROR_OUT_OF_ROOM);
    if (!card) return OK;
    while (*card == ' ') card++;
    bool good = *card != '\0' && strlen(card) <= CARD_SERIAL_MAX && !strpbrk(card, " |");
    into->card = card;
    return good ? OK : wrong(r, field, "is not written as name | serial number of the USBKey");
}

/* The same person, or the same USBKey, twice would be one custodian. */
static struct result check_alone(const struct reading *r, const char *field, size_t which)
{
    const struct custodian *all = r->c->custodians, *own = &all[which];
    for (size_t k = 0; k < which; k++) {
        if (text_equal(all[k].name, own->name)) return wrong(r, field, "is named twice");
        if (all[k].card && own->card && text_equal(all[k].card, own->card))
            return wrong(r, field, "has a USBKey that another one has");
    }
    return OK;
}

static struct result read_maker(const struct reading *r, const struct root_fields *f)
{
    struct certificate *maker;
    struct bytes der;
    bool needed = false;
    for (size_t i = 0; i < r->c->custodian_count; i++) needed = needed || r->c->custodians[i].card;
    if (needed != (f->maker_certificate != NULL))
        return wrong(r, "maker_certificate", "is named where custodians have USBKeys, and only there");
    if (!needed) return OK;
    TRY(take_input(r, "maker_certificate", f->maker_certificate, &der));
    struct result parsed = certificate_parse(der, r->arena, &maker);
    if (failed(parsed)) return diag_log(r->diag, parsed.code, "%s", f->maker_certificate);
    r->c->maker = (struct custodian_maker){ maker, f->maker_transport_key };
    return OK;
}

static struct result read_custodians(const struct reading *r, const struct root_fields *f)
{
    struct ceremony *c = r->c;
    char field[32];
    for (size_t i = 0; i < CEREMONY_CUSTODIANS_MAX; i++) {
        if (!f->custodians[i]) continue;
        snprintf(field, sizeof field, "custodian_%zu", i + 1);
        if (c->custodian_count != i) return wrong(r, field, "the one before it is missing");
        TRY(read_custodian(r, field, f->custodians[i], &c->custodians[i]));
        TRY(check_alone(r, field, i));
        c->numbers[c->custodian_count++] = (uint8_t)(i + 1);
    }
    c->threshold = (size_t)f->threshold;
    bool good = c->custodian_count == 0 ? c->threshold == 0
                                        : c->threshold >= SHAMIR_THRESHOLD_MIN && c->threshold <= c->custodian_count;
    return good ? read_maker(r, f) : wrong(r, "threshold", "is not from 2 to the number of custodians");
}

/* A share that is sealed to a USBKey has a file that says so; one under a passphrase is read when it is opened. */
static struct result read_share(const struct reading *r, const char *name, size_t which)
{
    struct ceremony *c = r->c;
    struct bytes content;
    uint64_t number;
    const char *file = arena_format(r->arena, "%s-share-%d.usbkey", name, c->numbers[which]);
    const char *path = file ? arena_format(r->arena, "%s/%s", c->key_folder, file) : NULL;
    struct custodian_share *share = &c->shares[which];
    ENSURE(path, ERROR_OUT_OF_ROOM);
    if (access(path, F_OK) != 0) return OK;
    TRY(take_input(r, file, path, &content));
    const char *text = arena_text(r->arena, content);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    if (failed(statement_read(&custodian_share_shape, text, r->arena, share)) ||
        failed(text_number(share->number, CEREMONY_CUSTODIANS_MAX, &number)) || number != c->numbers[which])
        return not_the_one(r, file, "is no share of this custodian");
    c->custodians[which] = (struct custodian){ share->custodian, share->card };
    return OK;
}

static struct result read_shares(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->c->custodian_count; i++) TRY(read_share(r, name, i));
    return OK;
}

static struct result read_root(const struct reading *r)
{
    struct root_fields f = { 0 };
    struct ceremony *c = r->c;
    TRY(config_read(r->path, "root", root_options, COUNT(root_options), r->arena, r->diag, &f));
    TRY(read_custodians(r, &f));
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
    TRY(take_input(r, "request", f->request, &der));
    if (failed(text_from_hex(r->arena, f->request_sm3, &reviewed))) return wrong(r, "request_sm3", "is not SM3 in hex");
    sm3_hash(der, hash);
    if (!bytes_equal(reviewed, BYTES(hash))) return not_the_one(r, "request", "its SM3 is not request_sm3");
    struct result parsed = request_parse(der, &c->request);
    if (failed(parsed)) return diag_log(r->diag, parsed.code, "%s", f->request);
    if (failed(name_write(&c->fields.subject, &w)) || failed(writer_end(&w, &name)))
        return wrong(r, "common_name", "a name is too long or has characters that certificates do not take");
    if (!bytes_equal(name, c->request.subject.der)) return not_the_one(r, "request", "it names another subject");
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
    if (!c->profile) return wrong(r, "profile", "is none of issuing-ca, operators-ca, tree-head");
    TRY(read_root_folder(r, f.root));
    TRY(read_opened_by(r, f.opened_by));
    TRY(read_shares(r, "root"));
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
    if (!second) return wrong(r, field, "is not written as serial | YYYY-MM-DD | reason");
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
        return wrong(r, field, "the serial number is not hex as hufu ca show prints it");
    if (failed(crl_reason_find(reason, &e->reason)) || e->reason == CRL_REMOVE_FROM_CRL)
        return wrong(r, field, "is no reason of RFC 5280");
    return read_day(r, field, when, &e->revoked_s);
}

/* What stood on the list before still stands there: a root's certificates are not given back. */
static struct result read_previous(const struct reading *r, const struct crl_part *f)
{
    struct crl_fields *crl = &r->c->crl;
    struct bytes der;
    struct crl before;
    if ((f->previous == NULL) != (f->number == 1)) return wrong(r, "previous", "is named from number 2 on");
    if (!f->previous) return OK;
    TRY(take_input(r, "previous", f->previous, &der));
    struct result checked = crl_parse(der, &before);
    if (!failed(checked)) checked = crl_check(&before, r->c->root, before.this_update_s);
    if (failed(checked)) return diag_log(r->diag, checked.code, "%s", f->previous);
    uint64_t number = 0;
    for (size_t i = 0; i < before.number.len; i++) number = number << 8 | before.number.ptr[i];
    if (number >= crl->number) return not_the_one(r, "previous", "its number is not below this one's");
    if (before.this_update_s >= crl->this_update_s) return not_the_one(r, "previous", "it is not older");
    struct reader entries = reader_of(before.entries);
    for (size_t i = 0; i < before.count; i++) {
        struct crl_entry e;
        bool kept = false;
        crl_next(&entries, &e);
        for (size_t k = 0; k < crl->count; k++)
            kept = kept || (bytes_equal(e.serial, crl->entries[k].serial) && e.revoked_s == crl->entries[k].revoked_s);
        if (!kept) return not_the_one(r, "previous", "what it revoked is not revoked any more, or at another time");
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
    TRY(read_opened_by(r, f.opened_by));
    TRY(read_shares(r, "root"));
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
            return wrong(r, "revoked", "a serial number stands twice");
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
                  [CEREMONY_CRL] = { "crl", read_crl } };
    struct reading r = { path, arena, diag, ret_ceremony };
    struct common common = { 0 };
    memset(ret_ceremony, 0, sizeof *ret_ceremony);
    TRY(config_read(path, "ceremony", common_options, COUNT(common_options), arena, diag, &common));
    TRY(read_file(&r, path, &ret_ceremony->script));
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
    return wrong(&r, "kind", "is none of root, certificate, crl");
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
