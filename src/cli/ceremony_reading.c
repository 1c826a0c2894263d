#include "cli/ceremony_reading.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "pki/card_keys.h"
#include "pki/statement.h"

struct result reading_wrong(const struct reading *r, const char *field, const char *why)
{
    return diag_log(r->diag, ERROR_CONFIG, "%s: %s: %s", r->path, field, why);
}

struct result reading_other(const struct reading *r, const char *field, const char *why)
{
    return diag_log(r->diag, ERROR_CEREMONY_INPUT, "%s: %s", field, why);
}

struct result reading_file(const struct reading *r, const char *path, struct bytes *ret_content)
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

struct result reading_input(const struct reading *r, const char *field, const char *path, struct bytes *ret_content)
{
    TRY(reading_file(r, path, ret_content));
    r->c->inputs[r->c->input_count++] = (struct ceremony_input){ field, *ret_content };
    return OK;
}

/* ---- custodians ---- */

/* "NAME", or "NAME | CARD". */
static struct result read_custodian(const struct reading *r, const char *field, const char *text,
                                    struct custodian *into)
{
    const char *bar = strchr(text, '|'), *card = bar ? bar + 1 : NULL;
    size_t len = bar ? (size_t)(bar - text) : strlen(text);
    while (len && text[len - 1] == ' ') len--;
    if (len == 0 || len > CUSTODIAN_NAME_MAX || memchr(text, ',', len))
        return reading_wrong(r, field, "has no name that does");
    into->name = arena_text(r->arena, bytes_of(text, len));
    ENSURE(into->name, ERROR_OUT_OF_ROOM);
    if (!card) return OK;
    while (*card == ' ') card++;
    bool good = *card != '\0' && strlen(card) <= CARD_SERIAL_MAX && !strpbrk(card, " |");
    into->card = card;
    return good ? OK : reading_wrong(r, field, "is not written as name | serial number of the USBKey");
}

/* The same person, or the same USBKey, twice would be one custodian. */
static struct result check_alone(const struct reading *r, const char *field, size_t which)
{
    const struct custodian *all = r->c->custodians, *own = &all[which];
    for (size_t k = 0; k < which; k++) {
        if (text_equal(all[k].name, own->name)) return reading_wrong(r, field, "is named twice");
        if (all[k].card && own->card && text_equal(all[k].card, own->card))
            return reading_wrong(r, field, "has a USBKey that another one has");
    }
    return OK;
}

static struct result read_maker(const struct reading *r, const struct reading_custodian_fields *f)
{
    struct certificate *maker;
    struct bytes der;
    bool needed = false;
    for (size_t i = 0; i < r->c->custodian_count; i++) needed = needed || r->c->custodians[i].card;
    if (needed != (f->maker_certificate != NULL))
        return reading_wrong(r, "maker_certificate", "is named where custodians have USBKeys, and only there");
    if (!needed) return OK;
    TRY(reading_input(r, "maker_certificate", f->maker_certificate, &der));
    struct result parsed = certificate_parse(der, r->arena, &maker);
    if (failed(parsed)) return diag_log(r->diag, parsed.code, "%s", f->maker_certificate);
    r->c->maker = (struct custodian_maker){ maker, f->maker_transport_key };
    return OK;
}

struct result reading_custodians(const struct reading *r, const struct reading_custodian_fields *f)
{
    struct ceremony *c = r->c;
    char field[32];
    for (size_t i = 0; i < CEREMONY_CUSTODIANS_MAX; i++) {
        if (!f->names[i]) continue;
        snprintf(field, sizeof field, "custodian_%zu", i + 1);
        if (c->custodian_count != i) return reading_wrong(r, field, "the one before it is missing");
        TRY(read_custodian(r, field, f->names[i], &c->custodians[i]));
        TRY(check_alone(r, field, i));
        c->numbers[c->custodian_count++] = (uint8_t)(i + 1);
    }
    c->threshold = (size_t)f->threshold;
    bool good = c->custodian_count == 0 ? c->threshold == 0
                                        : c->threshold >= SHAMIR_THRESHOLD_MIN && c->threshold <= c->custodian_count;
    return good ? read_maker(r, f) : reading_wrong(r, "threshold", "is not from 2 to the number of custodians");
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
    TRY(reading_input(r, file, path, &content));
    const char *text = arena_text(r->arena, content);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    if (failed(statement_read(&custodian_share_shape, text, r->arena, share)) ||
        failed(text_number(share->number, CEREMONY_CUSTODIANS_MAX, &number)) || number != c->numbers[which])
        return reading_other(r, file, "is no share of this custodian");
    c->custodians[which] = (struct custodian){ share->custodian, share->card };
    return OK;
}

struct result reading_shares(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->c->custodian_count; i++) TRY(read_share(r, name, i));
    return OK;
}

struct result reading_opened_by(const struct reading *r, const char *text)
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
        if (!good) return reading_wrong(r, "opened_by", "is not a list of custodians' numbers that rise: 1,3");
        c->numbers[c->custodian_count++] = (uint8_t)number;
        p += digits + (p[digits] == ',');
    }
    return c->custodian_count >= SHAMIR_THRESHOLD_MIN
               ? OK : reading_wrong(r, "opened_by", "names fewer than two custodians");
}
