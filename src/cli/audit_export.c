/* `hufu audit export`: what people signed, as it lies in the database, with the certificates it rests on. */
#include <jansson.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/audit_evidence.h"
#include "cli/audit_file.h"
#include "cli/database.h"
#include "pki/certificate.h"
#include "store/rows.h"

enum { ARENA_MAX = 1024 * 1024, PAGE_ARENA_MAX = 16 * 1024 * 1024, PAGE = 200 };

struct exporting {
    const struct audit_range *range;
    struct store *store;
    struct arena *page;
    struct bytes issuing, operators; /* certificates of the CAs */
};

/* One line, before it is written. */
struct written {
    const char *statement, *client; /* client: absent of acts */
    struct bytes signature, certificate, issuer, ocsp;
};

static json_t *base64(struct arena *arena, struct bytes b)
{
    const char *text = text_base64(arena, b);
    return text ? json_string(text) : NULL;
}

static struct result write_line(const struct exporting *e, const struct written *w)
{
    json_t *all CLEANUP(json_free_p) =
        json_pack("{s:s, s:s, s:o, s:o, s:o}", "format", AUDIT_EVIDENCE_FORMAT, "statement", w->statement, "signature",
                  base64(e->page, w->signature), "certificate", base64(e->page, w->certificate), "issuer",
                  base64(e->page, w->issuer));
    ENSURE(all, ERROR_OUT_OF_ROOM);
    if (w->ocsp.ptr) json_object_set_new(all, "ocsp", base64(e->page, w->ocsp));
    if (w->client) json_object_set_new(all, "client", json_string(w->client));
    ENSURE(json_dumpf(all, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0 && putchar('\n') == '\n', ERROR_IO);
    return OK;
}

static bool wanted(const struct exporting *e, const char *serial)
{
    return !e->range->serial || text_equal(e->range->serial, serial);
}

/* The certificate of SERIAL, an operator's or a holder's, and whose it is. */
static struct result find_certificate(const struct exporting *e, const char *serial, struct bytes *ret_certificate,
                                      struct bytes *ret_issuer)
{
    struct key_row key = { .key = serial };
    struct operator_row operator;
    struct certificate_row holder;
    struct result r = store_one(e->store, STATEMENT_OPERATOR_GET, RECORD(key_row_shape, &key), e->page,
                                &operator_row_shape, &operator);
    if (r.code == ERROR_NOT_FOUND) {
        TRY(store_one(e->store, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), e->page,
                      &certificate_row_shape, &holder));
        *ret_certificate = holder.der;
        *ret_issuer = e->issuing;
        return OK;
    }
    TRY(r);
    *ret_certificate = operator.certificate;
    *ret_issuer = e->operators;
    return OK;
}

/* ---- logins ---- */

static struct result write_login(const struct exporting *e, const struct login_evidence_row *row)
{
    struct written w = { .statement = row->statement, .signature = row->signature, .ocsp = row->ocsp,
                         .client = row->client };
    TRY(find_certificate(e, row->serial, &w.certificate, &w.issuer));
    return write_line(e, &w);
}

static struct result write_logins(const struct exporting *e)
{
    struct key_row after = { .at_s = e->range->from_s - 1, .limit_count = PAGE };
    memset(after.id.b, 0xff, sizeof after.id.b);
    for (size_t count = PAGE; count == PAGE;) {
        void *rows;
        arena_reset(e->page);
        TRY(store_list(e->store, STATEMENT_LOGIN_EVIDENCE_LIST, RECORD(key_row_shape, &after), e->page,
                       &login_evidence_row_shape, PAGE, &rows, &count));
        const struct login_evidence_row *list = rows;
        for (size_t i = 0; i < count; i++) {
            if (list[i].at_s >= e->range->until_s) return OK;
            if (wanted(e, list[i].serial)) TRY(write_login(e, &list[i]));
        }
        if (count == 0) break;
        after.at_s = list[count - 1].at_s;
        after.id = list[count - 1].id;
    }
    return OK;
}

/* ---- signed acts ---- */

static struct result write_act(const struct exporting *e, const struct decision_row *row)
{
    struct written w = { .statement = row->statement, .signature = row->signature };
    TRY(find_certificate(e, row->operator_serial, &w.certificate, &w.issuer));
    return write_line(e, &w);
}

static struct result write_acts(const struct exporting *e)
{
    char last[ID_TEXT_LEN + 1] = "~"; /* behind all of the second before */
    struct key_row after = { .at_s = e->range->from_s - 1, .key = last, .limit_count = PAGE };
    for (size_t count = PAGE; count == PAGE;) {
        void *rows;
        arena_reset(e->page);
        TRY(store_list(e->store, STATEMENT_DECISION_AFTER, RECORD(key_row_shape, &after), e->page,
                       &decision_row_shape, PAGE, &rows, &count));
        const struct decision_row *list = rows;
        for (size_t i = 0; i < count; i++) {
            if (list[i].made_s >= e->range->until_s) return OK;
            if (wanted(e, list[i].operator_serial)) TRY(write_act(e, &list[i]));
        }
        if (count == 0) break;
        snprintf(last, sizeof last, "%s", list[count - 1].nonce);
        after.at_s = list[count - 1].made_s;
    }
    return OK;
}

/* ---- the whole ---- */

static struct result read_authority(const struct installation *installation, const char *name, struct arena *arena,
                                    struct diag *diag, struct bytes *ret_der)
{
    const char *path = arena_format(arena, "%s/ca/%s.cer", installation->folder, name);
    ENSURE(path, ERROR_OUT_OF_ROOM);
    return audit_file_read(path, CERTIFICATE_SIZE_MAX, arena, diag, ret_der);
}

struct result audit_evidence_export(const struct installation *installation, const struct audit_range *range,
                                    struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct arena *page CLEANUP(arena_free_p) = arena_new(PAGE_ARENA_MAX);
    struct exporting e = { .range = range, .page = page };
    TRY(read_authority(installation, "issuing", arena, diag, &e.issuing));
    TRY(read_authority(installation, "operators", arena, diag, &e.operators));
    TRY(database_open(installation, arena, diag, &e.store));
    struct result r = write_logins(&e);
    if (!failed(r)) r = write_acts(&e);
    if (!failed(r) && fflush(stdout) != 0) r = FAIL(ERROR_IO);
    if (failed(r)) store_failure(e.store, diag);
    store_close(e.store);
    return r;
}
