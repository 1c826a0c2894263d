#include "service/reissue.h"

#include "service/application.h"

enum { ROUND_ARENA = 1024 * 1024 };

struct reissuing {
    const struct act *act;
    const struct certificate_row *about;
    struct application_row row;
    bool begun;
};

static struct result begin(struct tx *tx, void *context)
{
    struct reissuing *r = context;
    r->begun = false;
    struct result begun = application_begin_for(tx, r->act, KIND_REISSUE, &r->about->holder, &r->row);
    TRY(begun);
    /* The current one is another, which will be looked at by itself. */
    ENSURE(text_equal(r->row.about, r->about->serial), ERROR_APPLICATION_CERTIFICATE_NONE);
    r->begun = true;
    return desk_tell(tx, r->act, &r->row, "reissue-begun");
}

struct result reissue_work(struct service *service, size_t *ret_count)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ROUND_ARENA);
    struct diag diag = { 0 };
    struct act act = service_act(service, arena, &diag);
    struct key_row key = { .at_s = act.now_s, .limit_count = REISSUE_BATCH };
    struct result last = OK;
    void *found;
    size_t count;
    *ret_count = 0;
    TRY(store_list(service->store, STATEMENT_CERTIFICATE_LIST_OUTDATED, RECORD(key_row_shape, &key), arena,
                   &certificate_row_shape, REISSUE_BATCH, &found, &count));
    for (size_t i = 0; i < count; i++) {
        struct reissuing r = { .act = &act, .about = (const struct certificate_row *)found + i };
        struct result one = store_write(service->store, begin, &r);
        if (r.begun && !failed(one)) {
            desk_publish(&act, r.row.number, EVENT_SUBMIT);
            (*ret_count)++;
        }
        /* Something else has begun meanwhile, or ended the certificate; the others are tried all the same. */
        bool later = one.code == ERROR_APPLICATION_OPEN || one.code == ERROR_APPLICATION_CERTIFICATE_NONE ||
                     one.code == ERROR_APPLICATION_ACCOUNT;
        if (failed(one) && !later) last = one;
    }
    return last;
}
