#include "service/authority.h"

#include <pthread.h>
#include <stdlib.h>

enum { ARENA_MAX = 256 * 1024 };

/* What was told at one time; the certificates point into the arena. */
struct told {
    struct arena *arena;
    struct certificate *root, *issuing, *operators;
    int64_t journal_size;
};

struct authorities {
    pthread_rwlock_t lock;
    struct told told; /* arena NULL: nothing yet */
};

struct authorities *authorities_new(void)
{
    struct authorities *authorities = calloc(1, sizeof *authorities);
    if (!authorities) abort();
    pthread_rwlock_init(&authorities->lock, NULL);
    return authorities;
}

void authorities_free(struct authorities *authorities)
{
    if (!authorities) return;
    arena_free(authorities->told.arena);
    pthread_rwlock_destroy(&authorities->lock);
    free(authorities);
}

static struct result parse(struct bytes der, struct arena *arena, struct certificate **ret_certificate)
{
    struct bytes copy = arena_bytes(arena, der);
    ENSURE(copy.ptr, ERROR_OUT_OF_ROOM);
    return certificate_parse(copy, arena, ret_certificate);
}

static struct result parse_all(const struct signer_state *state, struct told *told)
{
    TRY(parse(state->root_certificate, told->arena, &told->root));
    TRY(parse(state->issuing_certificate, told->arena, &told->issuing));
    return parse(state->operators_certificate, told->arena, &told->operators);
}

struct result authorities_set(struct authorities *authorities, const struct signer_state *state)
{
    struct told told = { .arena = arena_new(ARENA_MAX), .journal_size = state->size };
    struct result r = parse_all(state, &told);
    if (failed(r)) {
        arena_free(told.arena);
        return r;
    }
    pthread_rwlock_wrlock(&authorities->lock);
    struct told before = authorities->told;
    authorities->told = told;
    pthread_rwlock_unlock(&authorities->lock);
    arena_free(before.arena);
    return OK;
}

int64_t authorities_journal_size(struct authorities *authorities)
{
    pthread_rwlock_rdlock(&authorities->lock);
    int64_t size = authorities->told.journal_size;
    pthread_rwlock_unlock(&authorities->lock);
    return size;
}

struct result authorities_check_proof(struct authorities *authorities, const struct proof *proof,
                                      struct arena *arena, struct diag *diag, struct proven *ret_proven)
{
    pthread_rwlock_rdlock(&authorities->lock);
    const struct certificate *root = authorities->told.root;
    struct result r = root ? proof_check(proof, root, arena, diag, ret_proven) : FAIL(ERROR_LOGIN_NOT_READY);
    pthread_rwlock_unlock(&authorities->lock);
    return r;
}

struct result authorities_check(struct authorities *authorities, const struct certificate *leaf,
                                enum certificate_purpose purpose, int64_t time_s)
{
    pthread_rwlock_rdlock(&authorities->lock);
    const struct told *told = &authorities->told;
    const struct certificate *between[] = { told->issuing, told->operators }, *anchors[] = { told->root };
    struct chain chain = { leaf, between, COUNT(between), anchors, COUNT(anchors), time_s, purpose };
    struct result r = told->arena ? chain_check(&chain, NULL) : FAIL(ERROR_LOGIN_NOT_READY);
    pthread_rwlock_unlock(&authorities->lock);
    return r;
}
