#include "service/agreement.h"

struct seeding {
    struct arena *arena;
};

static struct result seed(struct tx *tx, void *context)
{
    const struct seeding *s = context;
    for (size_t i = 0; i < agreements_count; i++) {
        struct key_row key = { .key = agreements[i].version };
        struct agreement_row known;
        struct result r = tx_one(tx, STATEMENT_AGREEMENT_GET, RECORD(key_row_shape, &key), s->arena,
                                 &agreement_row_shape, &known);
        if (r.code == ERROR_NOT_FOUND)
            r = tx_run(tx, STATEMENT_AGREEMENT_INSERT, RECORD(agreement_row_shape, &agreements[i]), NULL);
        else if (!failed(r))
            ENSURE(text_equal(known.text, agreements[i].text), ERROR_STORE_CONFLICT);
        TRY(r);
    }
    return OK;
}

struct result agreement_seed(struct service *service)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(1024 * 1024);
    struct seeding seeding = { arena };
    return store_write(service->store, seed, &seeding);
}

struct result agreement_current(const struct act *act, struct agreement_row *ret_agreement)
{
    struct key_row key = { .at_s = act->now_s };
    return store_one(act->service->store, STATEMENT_AGREEMENT_CURRENT, RECORD(key_row_shape, &key), act->arena,
                     &agreement_row_shape, ret_agreement);
}
