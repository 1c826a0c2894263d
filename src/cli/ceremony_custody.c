/* Ceremonies about encryption keys (R-PKI-2): custodians, an order, and what they open for it. */
#include "cli/ceremony_perform.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "cli/operator_card.h"
#include "ipc/signer_api.h"
#include "merkle/inspect.h"
#include "pki/pkcs8.h"
#include "pki/statement.h"

enum { TWO = 2, TIME_TEXT = 24, PEM_LINE = 64, PEM_MAX = 1024 };

/* ---- two people sign ---- */

struct desk {
    struct installation installation;
    struct place place;
    struct operator_card by[TWO];
};

static void leave(struct desk *d)
{
    for (size_t i = 0; i < TWO; i++) operator_card_end(&d->by[i]);
    place_done(&d->place);
    installation_done(&d->installation);
}

/* Both are logged in before anything is made. */
static struct result enter(struct performing *p, struct desk *d)
{
    TRY(installation_open(p->options->folder, p->diag, &d->installation));
    TRY(place_open(d->installation.folder, p->diag, &d->place));
    client_begin();
    for (size_t i = 0; i < TWO; i++) {
        const struct secret *pin = &p->secrets.all[p->ceremony.custodian_count + i];
        TRY(operator_card_begin(&d->place, p->ceremony.operators[i], pin, p->arena, p->diag, &d->by[i]));
    }
    return OK;
}

/* What makes a statement one person's: a number that is used once, who signs, and when. */
struct own_lines {
    char nonce[ID_TEXT_LEN + 1], time[TIME_TEXT];
    const char *serial;
};

static void fill(const struct operator_card *by, struct own_lines *ret_own)
{
    const struct clock clock = { .now = clock_system };
    const struct id id = random_id();
    id_text(&id, ret_own->nonce);
    snprintf(ret_own->time, sizeof ret_own->time, "%lld", (long long)clock_now(&clock));
    ret_own->serial = by->serial;
}

/* Asks PATH with both statements, and what else BODY has. */
static struct result send(struct performing *p, struct desk *d, const char *path, const char *const texts[TWO],
                          json_t *body, json_t **ret_answer)
{
    const char *signature = NULL;
    struct result r = OK;
    for (size_t i = 0; i < TWO && !failed(r); i++) {
        char text_name[] = "statement1", signature_name[] = "signature1";
        text_name[sizeof text_name - 2] = signature_name[sizeof signature_name - 2] = (char)('1' + i);
        r = operator_card_sign(&d->by[i], texts[i], p->arena, p->diag, &signature);
        if (failed(r)) break;
        ceremony_record_step(&p->record, "signed by %s, certificate %s, USBKey %s; SM3 of the statement %s",
                             d->by[i].name, d->by[i].serial, d->by[i].card,
                             ceremony_sm3(bytes_text(texts[i]), p->arena));
        if (json_object_set_new(body, text_name, json_string(texts[i])) != 0 ||
            json_object_set_new(body, signature_name, json_string(signature)) != 0)
            abort();
    }
    if (failed(r)) {
        json_decref(body);
        return r;
    }
    return client_call(d->by[0].console, "POST", path, body, p->diag, ret_answer);
}

/* FIELD of ANSWER, base64, which has LEN bytes unless that is 0. */
static struct result take(struct performing *p, const json_t *answer, const char *field, size_t len,
                          struct bytes *ret_bytes)
{
    bool good = !failed(text_from_base64(p->arena, client_text(answer, field), ret_bytes)) && ret_bytes->len > 0 &&
                (len == 0 || ret_bytes->len == len);
    return good ? OK : diag_log(p->diag, ERROR_CLIENT_ANSWER, "%s", field);
}

/* ---- custodians ---- */

static struct result join_names(struct performing *p, const char **ret_names)
{
    char room[STATEMENT_VALUE_MAX + 1];
    struct writer w = writer_of(room, sizeof room);
    for (size_t i = 0; i < p->ceremony.custodian_count; i++) {
        if (i) write_u8(&w, ',');
        write_text(&w, p->ceremony.custodians[i].name);
    }
    *ret_names = w.full ? NULL : arena_text(p->arena, bytes_of(room, w.len));
    ENSURE(*ret_names, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result write_appointment(struct performing *p, const struct operator_card *by, struct bytes keys,
                                       const char **ret_text)
{
    char threshold[TIME_TEXT];
    struct own_lines own;
    const char *names;
    TRY(join_names(p, &names));
    fill(by, &own);
    snprintf(threshold, sizeof threshold, "%zu", p->ceremony.threshold);
    const struct custody_statement s = { .custodians = names, .keys = ceremony_sm3(keys, p->arena),
                                         .threshold = threshold, .version = p->ceremony.version, .nonce = own.nonce,
                                         .operator_serial = own.serial, .time = own.time };
    return statement_write(&custody_statement_shape, &s, p->arena, ret_text);
}

/* The appointment as the signer's journal has it. What the console answers comes by way of web, which could have put in
 * shares of a key of its own. */
struct appointed {
    const char *version;
    struct bytes keys;
    struct arena *arena;
    struct bytes custodial, shares;
};

static struct result find_appointment(void *context, uint64_t index, const struct ledger_record *record)
{
    struct appointed *a = context;
    struct journal_custody c;
    char version[TIME_TEXT];
    struct reader r = reader_of(record->body);
    (void)index;
    if (record->type != JOURNAL_CUSTODY || failed(shape_read(&journal_custody_shape, &r, a->arena, &c))) return OK;
    snprintf(version, sizeof version, "%lld", (long long)c.version);
    if (!text_equal(version, a->version) || !bytes_equal(c.keys, a->keys)) return OK;
    a->custodial = arena_bytes(a->arena, c.custodial);
    a->shares = arena_bytes(a->arena, c.shares);
    ENSURE(a->custodial.ptr && a->shares.ptr, ERROR_OUT_OF_ROOM);
    return OK;
}

static struct result read_journal(struct performing *p, const struct desk *d, struct appointed *a)
{
    const char *folder = arena_format(p->arena, "%s/signer/journal", d->installation.folder);
    ENSURE(folder, ERROR_OUT_OF_ROOM);
    return inspect_each(folder, p->diag, find_appointment, a);
}

static struct result keep_shares(struct performing *p, const struct appointed *a)
{
    const struct ceremony *c = &p->ceremony;
    struct sm2_public whole;
    struct ceremony_key_file file;
    const char *name = arena_format(p->arena, "custodial-%s", c->version);
    ENSURE(name, ERROR_OUT_OF_ROOM);
    if (a->custodial.len != SM2_POINT_SIZE || a->shares.len != c->custodian_count * ESCROW_SHARE_SIZE)
        return diag_log(p->diag, ERROR_CLIENT_ANSWER, "the signer's journal has no such appointment");
    TRY(sm2_public_init(&whole, a->custodial.ptr));
    ceremony_record_step(&p->record, "appointed: custodial key %s, threshold %zu of %zu; SM3 of its point %s",
                         c->version, c->threshold, c->custodian_count, ceremony_sm3(a->custodial, p->arena));
    for (size_t i = 0; i < c->custodian_count; i++) {
        const uint8_t *share = a->shares.ptr + i * ESCROW_SHARE_SIZE;
        TRY(ceremony_share_file(c, i, name, &whole, &p->own[i], share, p->arena, &file));
        TRY(ceremony_record_output(&p->record, file.name, bytes_of(file.content, file.len)));
    }
    return OK;
}

static struct result appoint(struct performing *p, struct desk *d)
{
    uint8_t points[CEREMONY_CUSTODIANS_MAX * SM2_POINT_SIZE];
    const char *texts[TWO];
    struct appointed appointed = { .version = p->ceremony.version, .arena = p->arena };
    TRY(enter(p, d));
    TRY(read_journal(p, d, &appointed)); /* while there is nothing yet that would need it */
    TRY(ceremony_make_keys(p));
    size_t count = p->ceremony.custodian_count;
    for (size_t i = 0; i < count; i++) memcpy(points + i * SM2_POINT_SIZE, p->own[i].public.point, SM2_POINT_SIZE);
    struct bytes keys = bytes_of(points, count * SM2_POINT_SIZE);
    for (size_t i = 0; i < TWO; i++) TRY(write_appointment(p, &d->by[i], keys, &texts[i]));
    const char *told = text_base64(p->arena, keys);
    ENSURE(told, ERROR_OUT_OF_ROOM);
    TRY(send(p, d, "/api/v1/console/custodians", texts, json_pack("{s:s}", "keys", told), NULL));
    appointed.keys = keys;
    TRY(read_journal(p, d, &appointed));
    return keep_shares(p, &appointed);
}

struct result ceremony_appoint(struct performing *p)
{
    struct desk d = { .place = { 0 } };
    struct result r = appoint(p, &d);
    leave(&d);
    return r;
}

/* ---- an order ---- */

static struct result write_order(struct performing *p, const struct operator_card *by, const char **ret_text)
{
    const struct ceremony_case *order = &p->ceremony.order;
    struct own_lines own;
    fill(by, &own);
    const struct judicial_statement s = { .case_number = order->case_number, .authority = order->authority,
                                          .holder_name = order->holder_name, .certificate = order->certificate,
                                          .nonce = own.nonce, .operator_serial = own.serial, .time = own.time };
    return statement_write(&judicial_statement_shape, &s, p->arena, ret_text);
}

static struct result keep_case(struct performing *p, const json_t *answer)
{
    struct ceremony_case order = p->ceremony.order;
    char version[TIME_TEXT];
    struct bytes escrow, certificate;
    struct certificate *c;
    const char *text;
    TRY(take(p, answer, "escrow", ESCROW_BLOB_SIZE, &escrow));
    TRY(take(p, answer, "certificate", 0, &certificate));
    TRY(certificate_parse(certificate, p->arena, &c));
    if (!text_equal(certificate_serial_text(c, p->arena), order.certificate) ||
        !bytes_equal(name_value(&c->subject, OID_COMMON_NAME), bytes_text(order.holder_name)))
        return diag_log(p->diag, ERROR_CLIENT_ANSWER, "it is another certificate");
    snprintf(version, sizeof version, "%lld", (long long)json_integer_value(json_object_get(answer, "version")));
    order.version = version;
    order.escrow = text_hex(p->arena, escrow);
    ENSURE(order.escrow, ERROR_OUT_OF_ROOM);
    TRY(statement_write(&ceremony_case_shape, &order, p->arena, &text));
    ceremony_record_step(&p->record, "was handed the key of certificate %s, wrapped for custodial key %s",
                         order.certificate, version);
    TRY(ceremony_record_output(&p->record, "case", bytes_text(text)));
    return ceremony_record_output(&p->record, "encryption.cer", certificate);
}

static struct result order(struct performing *p, struct desk *d)
{
    const char *texts[TWO];
    json_t *answer = NULL;
    TRY(enter(p, d));
    for (size_t i = 0; i < TWO; i++) TRY(write_order(p, &d->by[i], &texts[i]));
    TRY(send(p, d, "/api/v1/console/judicial-orders", texts, json_object(), &answer));
    struct result r = keep_case(p, answer);
    json_decref(answer);
    return r;
}

struct result ceremony_order(struct performing *p)
{
    struct desk d = { .place = { 0 } };
    struct result r = order(p, &d);
    leave(&d);
    return r;
}

/* ---- what the custodians open ---- */

static struct result write_pem(struct bytes der, struct arena *arena, struct writer *w)
{
    const char *base64 = text_base64(arena, der);
    ENSURE(base64, ERROR_OUT_OF_ROOM);
    write_text(w, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
    for (size_t at = 0, len = strlen(base64); at < len; at += PEM_LINE) {
        write_bytes(w, bytes_of(base64 + at, len - at < PEM_LINE ? len - at : PEM_LINE));
        write_u8(w, '\n');
    }
    write_text(w, "-----END ENCRYPTED PRIVATE KEY-----\n");
    return w->full ? FAIL(ERROR_TOO_LARGE) : OK;
}

static struct result hand_over(struct performing *p)
{
    const struct secret *passphrase = &p->secrets.all[p->ceremony.custodian_count];
    uint8_t der[PKCS8_SIZE_MAX], pem[PEM_MAX];
    struct writer w = writer_of(der, sizeof der), text = writer_of(pem, sizeof pem);
    TRY(pkcs8_seal(&p->recovered, bytes_of(passphrase->bytes, passphrase->len), &p->drbg, &w));
    TRY(write_pem(bytes_of(der, w.len), p->arena, &text));
    ceremony_record_step(&p->record, "wrote the private key under the authority's passphrase");
    return ceremony_record_output(&p->record, "recovered.pem", bytes_of(pem, text.len));
}

struct result ceremony_recover(struct performing *p)
{
    const struct ceremony *c = &p->ceremony;
    TRY(ceremony_key_open(c, &p->secrets, &c->custodial, p->arena, p->diag, &p->key));
    ceremony_record_opened(p);
    struct result r = escrow_unwrap(&p->key, c->escrow.ptr, public_key_as_sm2(&c->encryption->key), &p->recovered);
    sm2_private_done(&p->key);
    if (failed(r)) return diag_log(p->diag, r.code, "the case of certificate %s", c->order.certificate);
    ceremony_record_step(&p->record, "opened the key of certificate %s, %s, for case %s of %s; it fits the certificate",
                         c->order.certificate, c->order.holder_name, c->order.case_number, c->order.authority);
    return hand_over(p);
}
