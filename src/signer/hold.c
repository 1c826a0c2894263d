/* SIGNER_HOLD, SIGNER_HOLD_FOR and SIGNER_RELEASE (R-REVOKE-3, R-OPS-9): on hold at the word of the holder, or of who
 * runs the holder's organization; released by a reviewer's alone. SIGNER_RECEIVE (R-SHIP-3): what was in transit is not
 * any more, at the holder's word. */
#include "signer/evidence.h"
#include "signer/handlers.h"
#include "signer/serials.h"

enum { LIST_ROOM = 1025, STATEMENT_DAYS = 7, HOLD_AGAIN_S = DAY_S };

/* The serials of a list for which the change is there. */
struct choosing {
    struct call *call;
    const char *field, *holder;
    const char *organization; /* whose they must be, too; NULL: anybody's */
    enum standing_change change;
    struct writer list;
};

/* The organization is the one that a reviewer approved, whatever the peer's directory says by now. */
static struct result check_organization(const struct choosing *c, const char *serial, uint64_t record)
{
    struct approve_statement approval;
    TRY(serials_approval(c->call, record, &approval));
    if (text_equal(approval.organization, c->organization)) return OK;
    return refuse(c->call, ERROR_SERIAL_OTHER, "organization", "%s", serial);
}

static struct result choose(void *context, const char *serial)
{
    struct choosing *c = context;
    struct index_value value;
    TRY(serials_check(c->call, c->field, serial, c->holder, &value));
    if (c->organization) TRY(check_organization(c, serial, value.record));
    if (standing_after(value.note, c->change, NULL)) write_format(&c->list, "%s%s", c->list.len ? "," : "", serial);
    return OK;
}

/* NULL in RET_SERIALS when none stands so. */
static struct result choose_all(struct choosing *c, const char *list, const char **ret_serials)
{
    *ret_serials = NULL;
    c->list = writer_of(arena_take(c->call->arena, LIST_ROOM), LIST_ROOM);
    ENSURE(c->list.ptr, ERROR_OUT_OF_ROOM);
    TRY(serials_each(c->call, c->field, list, choose, c));
    ENSURE(!c->list.full, ERROR_TOO_LARGE);
    if (c->list.len == 0) return OK;
    *ret_serials = arena_text(c->call->arena, bytes_of(c->list.ptr, c->list.len));
    ENSURE(*ret_serials, ERROR_OUT_OF_ROOM);
    return OK;
}

/* ---- hold ---- */

static struct result recall_held(struct call *call, const struct index_value *last, int64_t *ret_held_s)
{
    struct journal_held own;
    struct journal_held_for other;
    if (last->note == JOURNAL_HELD_FOR) {
        TRY(signer_recall(call->signer, last->record, JOURNAL_HELD_FOR, &journal_held_for_shape, call->arena, &other));
        *ret_held_s = other.held_s;
        return OK;
    }
    TRY(signer_recall(call->signer, last->record, JOURNAL_HELD, &journal_held_shape, call->arena, &own));
    *ret_held_s = own.held_s;
    return OK;
}

/* Who fears for a key may have lost it, and cannot sign: so a hold needs no proof but the peer's word that the holder
 * asked, or who runs the holder's organization. What a peer that lies can do with it is limited: a certificate is not
 * put on hold again on the day of its last hold, so that a release stands, and holds in all are so many an hour. */
static struct result check_limits(struct call *call, const char *serials)
{
    for (const char *p = serials; *p != '\0';) {
        size_t len = strcspn(p, ",");
        struct index_value last;
        int64_t held_s;
        struct bytes serial = bytes_of(p, len);
        p += len + (p[len] == ',');
        if (!index_find(call->signer->index, INDEX_HOLD, serial, &last)) continue;
        TRY(recall_held(call, &last, &held_s));
        if (call->now_s - held_s < HOLD_AGAIN_S)
            return refuse(call, ERROR_HOLD_LIMIT, "serials", "%.*s: held at %lld", (int)len, (const char *)serial.ptr,
                          (long long)held_s);
    }
    if (!hourly_allow(&call->signer->holds, call->now_s))
        return refuse(call, ERROR_HOLD_LIMIT, "serials", "%lld in this hour", (long long)call->signer->holds.count);
    return OK;
}

struct result handle_hold(struct call *call, const void *ask, void *answer)
{
    const struct signer_hold *a = ask;
    struct signer_held *held = answer;
    struct choosing c = { .call = call, .field = "serials", .holder = a->holder, .change = STANDING_HOLD };
    if (!a->holder || !a->serials) return refuse(call, ERROR_STATEMENT, "serials", "holder or serials are missing");
    TRY(choose_all(&c, a->serials, &held->serials));
    if (!held->serials) return refuse(call, ERROR_HELD_ALREADY, "serials", "%s", a->serials);
    TRY(check_limits(call, held->serials));
    held->held_s = call->now_s;
    const struct journal_held r = { a->request, a->holder, held->serials, held->held_s, BYTES(call->content) };
    return signer_record(call->signer, JOURNAL_HELD, call->now_s, &journal_held_shape, &r, call->arena, &held->index);
}

struct result handle_hold_again(struct call *call, uint64_t record, void *answer)
{
    struct signer_held *held = answer;
    struct journal_held r;
    TRY(signer_recall(call->signer, record, JOURNAL_HELD, &journal_held_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    *held = (struct signer_held){ (int64_t)record, r.held_s, r.serials };
    return OK;
}

struct result handle_hold_for(struct call *call, const void *ask, void *answer)
{
    const struct signer_hold_for *a = ask;
    struct signer_held *held = answer;
    struct choosing c = { .call = call, .field = "serials", .holder = a->holder, .organization = a->organization,
                          .change = STANDING_HOLD };
    struct id account;
    if (!a->holder || !a->serials || !a->organization)
        return refuse(call, ERROR_STATEMENT, "serials", "holder, serials or organization are missing");
    if (!a->asked_by || failed(id_parse(a->asked_by, &account)))
        return refuse(call, ERROR_STATEMENT, "asked_by", "nobody asks for it");
    TRY(choose_all(&c, a->serials, &held->serials));
    if (!held->serials) return refuse(call, ERROR_HELD_ALREADY, "serials", "%s", a->serials);
    TRY(check_limits(call, held->serials));
    held->held_s = call->now_s;
    const struct journal_held_for r = { a->request, a->holder, held->serials, a->organization, a->asked_by,
                                        held->held_s, BYTES(call->content) };
    return signer_record(call->signer, JOURNAL_HELD_FOR, call->now_s, &journal_held_for_shape, &r, call->arena,
                         &held->index);
}

struct result handle_hold_for_again(struct call *call, uint64_t record, void *answer)
{
    struct signer_held *held = answer;
    struct journal_held_for r;
    TRY(signer_recall(call->signer, record, JOURNAL_HELD_FOR, &journal_held_for_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    *held = (struct signer_held){ (int64_t)record, r.held_s, r.serials };
    return OK;
}

/* ---- release ---- */

struct result handle_release(struct call *call, const void *ask, void *answer)
{
    static const struct evidence_wants wants = { &release_statement_shape, ROLE_REVIEWER, STATEMENT_DAYS * DAY_S };
    const struct signer_release *a = ask;
    struct signer_released *released = answer;
    const struct signed_text text = { "statement1", a->statement1, a->signature1 };
    struct release_statement s;
    struct signatory by;
    TRY(evidence_check(call, &wants, &text, &s, &by));
    call->application = s.application;
    TRY(evidence_unused(call, text.field, s.nonce, USED_RELEASE));
    struct choosing c = { .call = call, .field = text.field, .holder = s.holder, .change = STANDING_RELEASE };
    TRY(choose_all(&c, s.certificates, &released->serials));
    if (!released->serials) return refuse(call, ERROR_NOT_HELD, text.field, "%s", s.certificates);
    released->released_s = call->now_s;
    const struct journal_released r = { a->request, released->serials, s.application, released->released_s,
                                        a->statement1, a->signature1, BYTES(call->content) };
    return signer_record(call->signer, JOURNAL_RELEASED, call->now_s, &journal_released_shape, &r, call->arena,
                         &released->index);
}

struct result handle_release_again(struct call *call, uint64_t record, void *answer)
{
    struct signer_released *released = answer;
    struct journal_released r;
    TRY(signer_recall(call->signer, record, JOURNAL_RELEASED, &journal_released_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    *released = (struct signer_released){ (int64_t)record, r.released_s, r.serials };
    return OK;
}

/* ---- receipt ---- */

/* The word of the peer, again: it knows the holder by the code that it sent. It opens nothing to somebody who has not
 * got the USBKey, and what is on hold or revoked beside stays so. */
struct result handle_receive(struct call *call, const void *ask, void *answer)
{
    const struct signer_receive *a = ask;
    struct signer_received *received = answer;
    struct choosing c = { .call = call, .field = "serials", .holder = a->holder, .change = STANDING_RECEIVE };
    if (!a->holder || !a->serials) return refuse(call, ERROR_STATEMENT, "serials", "holder or serials are missing");
    TRY(choose_all(&c, a->serials, &received->serials));
    if (!received->serials) return refuse(call, ERROR_NOT_IN_TRANSIT, "serials", "%s", a->serials);
    received->received_s = call->now_s;
    const struct journal_received r = { a->request, a->holder, received->serials, received->received_s,
                                        BYTES(call->content) };
    return signer_record(call->signer, JOURNAL_RECEIVED, call->now_s, &journal_received_shape, &r, call->arena,
                         &received->index);
}

struct result handle_receive_again(struct call *call, uint64_t record, void *answer)
{
    struct signer_received *received = answer;
    struct journal_received r;
    TRY(signer_recall(call->signer, record, JOURNAL_RECEIVED, &journal_received_shape, call->arena, &r));
    TRY(same_content(call, r.content));
    *received = (struct signer_received){ (int64_t)record, r.received_s, r.serials };
    return OK;
}
