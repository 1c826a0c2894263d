/* The administrator opens organization and account; the holder applies and pays. */
#include <stdio.h>

#include "cli/demo_walk.h"

/* ---- administrator ---- */

struct result walk_organization(struct walk *walk)
{
    const struct demo_person *p = &walk->person;
    struct client *console = walk->staff->operators[WALK_ADMINISTRATOR].console;
    TRY(walk_ask(walk, console, "POST", "/api/v1/console/organizations",
                 json_pack("{s:s, s:s, s:s}", "name", p->organization, "credit_code", p->credit_code, "address",
                           p->address)));
    walk->organization = walk_got(walk, "id");
    walk_tell(walk, "%s  %s", p->organization, p->credit_code);
    return OK;
}

struct result walk_account(struct walk *walk)
{
    const struct demo_person *p = &walk->person;
    const char *text;
    demo_sink_mark(walk->place->folder, "sms", &walk->sms);
    demo_sink_mark(walk->place->folder, "email", &walk->email);
    struct client *console = walk->staff->operators[WALK_ADMINISTRATOR].console;
    TRY(walk_ask(walk, console, "POST", "/api/v1/console/accounts",
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "organization", walk->organization, "name", p->name,
                           "document_type", "id-card", "document_number", p->document_number, "mobile", p->mobile,
                           "email", p->email)));
    walk->account = walk_got(walk, "id");
    TRY(demo_sink_wait(&walk->sms, p->mobile, NULL, walk->arena, &walk->diag, &text));
    TRY(demo_sink_wait(&walk->email, p->email, NULL, walk->arena, &walk->diag, &text));
    walk_tell(walk, "%s  %.3s****%s", p->name, p->mobile, p->mobile + 7);
    return OK;
}

/* ---- holder ---- */

struct result walk_sms_code(struct walk *walk)
{
    const char *text;
    demo_sink_mark(walk->place->folder, "sms", &walk->sms);
    TRY(walk_ask(walk, walk->portal, "POST", "/api/v1/sms-codes", json_pack("{s:s}", "mobile", walk->person.mobile)));
    TRY(demo_sink_wait(&walk->sms, walk->person.mobile, NULL, walk->arena, &walk->diag, &text));
    walk->code = demo_sink_code(text, walk->arena);
    if (!walk->code) return diag_detail(&walk->diag, ERROR_DEMO_SILENCE, "%s", walk->sms.path);
    walk_tell(walk, "sink/sms.jsonl");
    return OK;
}

struct result walk_sms_login(struct walk *walk)
{
    TRY(walk_ask(walk, walk->portal, "POST", "/api/v1/sessions",
                 json_pack("{s:s, s:s}", "mobile", walk->person.mobile, "code", walk->code)));
    walk_tell(walk, "%s", client_origin(walk->portal));
    return OK;
}

struct result walk_application(struct walk *walk)
{
    TRY(walk_ask(walk, walk->portal, "POST", "/api/v1/applications", json_pack("{s:s}", "service", "apply")));
    walk->number = walk_got(walk, "number");
    walk_tell(walk, "%s", walk->number);
    return OK;
}

struct result walk_agreement(struct walk *walk)
{
    TRY(walk_ask(walk, walk->portal, "GET", "/api/v1/agreement", NULL));
    const char *version = walk_got(walk, "version");
    TRY(walk_ask(walk, walk->portal, "PUT", walk_path(walk, "applications", "agreement"),
                 json_pack("{s:s}", "version", version)));
    walk_tell(walk, walk->english ? "version %s" : "版本 %s", version);
    return OK;
}

struct result walk_details(struct walk *walk)
{
    const struct demo_person *p = &walk->person;
    json_t *details = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "organization_name",
                                p->organization, "credit_code", p->credit_code, "organization_address", p->address,
                                "holder_name", p->name, "document_type", "id-card", "document_number",
                                p->document_number, "mobile", p->mobile, "email", p->email, "invoice_title",
                                p->organization, "tax_number", p->credit_code, "invoice_email", p->email);
    return walk_ask(walk, walk->portal, "PUT", walk_path(walk, "applications", "details"), details);
}

struct result walk_medium(struct walk *walk)
{
    const struct demo_person *p = &walk->person;
    return walk_ask(walk, walk->portal, "PUT", walk_path(walk, "applications", "medium"),
                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "medium", "usbkey", "recipient", p->name,
                              "recipient_mobile", p->mobile, "province", "北京市", "address", p->address, "postcode",
                              "100032"));
}

struct result walk_form(struct walk *walk)
{
    const char *path = walk_path(walk, "applications", "form");
    TRY(walk_ask(walk, walk->portal, "POST", path, NULL));
    json_int_t revision = json_integer_value(json_object_get(walk->answer, "revision"));
    TRY(client_download(walk->portal, path, &walk->diag, &walk->form));
    walk->form = arena_bytes(walk->arena, walk->form);
    ENSURE(walk->form.ptr, ERROR_OUT_OF_ROOM);
    walk_tell(walk, walk->english ? "PDF, %zu kB, revision %lld" : "PDF，%zu kB，第 %lld 版", walk->form.len / 1000,
              (long long)revision);
    return OK;
}

static struct result upload(struct walk *walk, const char *kind, struct bytes scan)
{
    const char *tail = arena_format(walk->arena, "attachments/%s", kind);
    return client_upload(walk->portal, walk_path(walk, "applications", tail ? tail : ""), scan, &walk->diag, NULL);
}

/* The form is handed in as it was printed: whether somebody signed and stamped it only a person can see. */
struct result walk_scans(struct walk *walk)
{
    struct bytes license;
    TRY(demo_scan_license(walk->arena, &license));
    TRY(upload(walk, "form", walk->form));
    TRY(upload(walk, "license", license));
    TRY(upload(walk, "identity", demo_scan_identity()));
    walk_tell(walk, "PDF, PNG, JPEG");
    return OK;
}

struct result walk_submission(struct walk *walk)
{
    return walk_ask(walk, walk->portal, "POST", walk_path(walk, "applications", "submission"), NULL);
}

struct result walk_payment(struct walk *walk)
{
    TRY(walk_ask(walk, walk->portal, "POST", walk_path(walk, "applications", "payment"),
                 json_pack("{s:s}", "method", "wechat")));
    json_int_t fen = json_integer_value(json_object_get(walk->answer, "amount_fen"));
    walk->code_url = walk_got(walk, "code_url");
    walk_tell(walk, "¥ %lld.%02lld  %s", (long long)(fen / 100), (long long)(fen % 100), walk_got(walk, "order"));
    return OK;
}

/* What the phone does that reads the QR code. */
static struct result phone(struct walk *walk)
{
    const char *paysim = place_address(walk->place, "paysim");
    struct client *phone CLEANUP(client_free_p) = client_new(paysim);
    if (!text_starts(walk->code_url, paysim))
        return diag_detail(&walk->diag, ERROR_CLIENT_ANSWER, "code_url %s", walk->code_url);
    return walk_ask(walk, phone, "POST", walk->code_url + strlen(paysim), NULL);
}

struct result walk_pay(struct walk *walk)
{
    const char *path = walk_path(walk, "applications", "payment");
    long waited_ms = 0;
    TRY(phone(walk));
    do {
        TRY(walk_ask(walk, walk->portal, "GET", path, NULL));
        if (strcmp(client_text(walk->answer, "state"), "paid") == 0) return OK;
    } while (demo_wait(&waited_ms));
    return diag_detail(&walk->diag, ERROR_DEMO_SILENCE, "%s", path);
}
