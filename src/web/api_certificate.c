/* Certificates, for their holders and for operators (R-REVOKE-1, R-REVOKE-3). */
#include "service/certify.h"
#include "service/hold.h"
#include "service/proof.h"

#include "web/api_desk.h"

struct result api_certificate_list(struct call *call)
{
    struct act act = app_act(call);
    struct certificate_row *rows;
    size_t count;
    TRY(certify_list(&act, &rows, &count));
    return desk_answer_certificates(call, rows, count);
}

static struct result answer_certificate(struct call *call, const struct certificate_row *row)
{
    struct api_certificate answer = desk_show_certificate(call, row);
    return answer_record(call, &api_certificate_shape, &answer);
}

struct result api_certificate_get(struct call *call)
{
    struct act act = app_act(call);
    struct certificate_row row;
    TRY(certify_get(&act, call_text(call, "serial"), &row));
    return answer_certificate(call, &row);
}

struct result api_revocation_draft(struct call *call)
{
    const struct api_revocation_new *asked = call->body;
    struct act act = app_act(call);
    const char *statement;
    TRY(certify_revocation_draft(&act, call_text(call, "serial"), asked->reason, &statement));
    return desk_answer_draft(call, statement);
}

struct result api_revocation_make(struct call *call)
{
    const struct api_signed *asked = call->body;
    struct act act = app_act(call);
    struct certificate_row row;
    TRY(certify_revoke(&act, call_text(call, "serial"), asked->statement, asked->signature, &row));
    return answer_certificate(call, &row);
}

struct result api_certificate_hold(struct call *call)
{
    struct act act = app_act(call);
    struct certificate_row row;
    TRY(hold_place(&act, call_text(call, "serial"), &row));
    return answer_certificate(call, &row);
}

/* Hashes as lines of hex, which the array of texts is written from. */
static struct result path_lines(struct arena *arena, struct bytes path, const char **ret_lines)
{
    enum { LINE = 2 * TREE_HASH_SIZE + 1, ROOM = LINE * (TREE_DEPTH_MAX + 1) };
    struct writer w = writer_of(arena_take(arena, ROOM), ROOM);
    ENSURE(w.ptr, ERROR_OUT_OF_ROOM);
    for (size_t at = 0; at + TREE_HASH_SIZE <= path.len; at += TREE_HASH_SIZE) {
        const char *hex = text_hex(arena, bytes_of(path.ptr + at, TREE_HASH_SIZE));
        ENSURE(hex, ERROR_OUT_OF_ROOM);
        write_format(&w, "%s%s", at ? "\n" : "", hex);
    }
    *ret_lines = arena_text(arena, bytes_of(w.ptr, w.len));
    ENSURE(*ret_lines && !w.full, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result api_certificate_proof(struct call *call)
{
    struct act act = app_act(call);
    struct certificate_proof p;
    TRY(certificate_proof(&act, call_text(call, "serial"), &p));
    struct api_certificate_proof answer = {
        .format = "HUFU-PROOF-v1", .serial = p.serial, .record = (int64_t)p.proof.leaf, .size = (int64_t)p.proof.size,
        .recorded_s = p.proven.record.time_s, .head_s = p.proven.head.time_s,
        .leaf = text_hex(call->arena, BYTES(p.proven.leaf.b)),
        .root = text_hex(call->arena, BYTES(p.proven.head.root.b)), .head = arena_text(call->arena, p.proof.head),
        .data = p.proof.data, .head_certificate = p.proof.head_certificate,
    };
    ENSURE(answer.leaf && answer.root && answer.head, ERROR_OUT_OF_ROOM);
    TRY(path_lines(call->arena, p.proof.path, &answer.path));
    return answer_record(call, &api_certificate_proof_shape, &answer);
}

struct result api_release_draft(struct call *call)
{
    struct act act = app_act(call);
    const char *statement;
    TRY(hold_release_draft(&act, call_text(call, "serial"), &statement));
    return desk_answer_draft(call, statement);
}

struct result api_release_make(struct call *call)
{
    const struct api_signed *asked = call->body;
    struct act act = app_act(call);
    struct certificate_row row;
    TRY(hold_release(&act, call_text(call, "serial"), asked->statement, asked->signature, &row));
    return answer_certificate(call, &row);
}
