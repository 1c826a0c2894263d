/* SIGNER_ENDS: what runs out of what the signer has (pki/validity.h), for the console. */
#include <stdlib.h>

#include "pki/crl.h"
#include "pki/published.h"
#include "pki/validity.h"
#include "signer/file.h"
#include "signer/handlers.h"

enum { LIST_MAX = 256 * 1024 };

struct looking {
    struct call *call;
    struct writer w;
};

static void add(struct looking *l, enum validity_kind kind, const char *name, int64_t end_s)
{
    const struct validity v = { kind, name, end_s };
    if (validity_state(&v, l->call->now_s) != VALIDITY_GOOD) validity_write(&v, &l->w);
}

static void look_at_authority(struct looking *l)
{
    const struct authority *a = &l->call->signer->authority;
    const struct {
        const char *name;
        const struct certificate *certificate;
    } all[] = { { "root.cer", a->root }, { "issuing.cer", a->issuing }, { "operators.cer", a->operators } };
    for (size_t i = 0; i < COUNT(all); i++)
        if (all[i].certificate) add(l, VALIDITY_CA, all[i].name, all[i].certificate->not_after_s);
}

/* The root's is brought from where its key is; the others are made anew by themselves. */
static void look_at_list(struct looking *l)
{
    const char *folder = l->call->signer->settings.publish;
    char path[PUBLISHED_PATH_MAX];
    struct crl crl;
    size_t len = 0;
    uint8_t *room = folder ? malloc(LIST_MAX) : NULL;
    published_crl_path("root", -1, path);
    if (room && !failed(file_read(folder, path, room, LIST_MAX, &len)) &&
        !failed(crl_parse(bytes_of(room, len), &crl)))
        add(l, VALIDITY_LIST, "root.crl", crl.next_update_s);
    free(room);
}

/* Whoever has a later certificate too is not in need of one. */
static void look_at_operators(struct looking *l)
{
    const struct operators *all = l->call->signer->operators;
    for (size_t i = 0; i < operators_count(all); i++) {
        const struct operator *o = operators_at(all, i);
        bool last = true;
        for (size_t k = 0; k < operators_count(all) && last; k++) {
            const struct operator *other = operators_at(all, k);
            last = !text_equal(other->name, o->name) || other->not_after_s <= o->not_after_s;
        }
        if (last) add(l, VALIDITY_OPERATOR, o->name, o->not_after_s);
    }
}

static void look_at_responder(struct looking *l)
{
    const struct signer *s = l->call->signer;
    struct journal_responder last;
    struct certificate *c;
    if (s->responder_record == 0) return;
    struct result r = signer_recall(s, s->responder_record, JOURNAL_RESPONDER, &journal_responder_shape, l->call->arena,
                                    &last);
    if (!failed(r) && !failed(certificate_parse(last.certificate, l->call->arena, &c)))
        add(l, VALIDITY_RESPONDER, NULL, c->not_after_s);
}

struct result handle_ends(struct call *call, const void *ask, void *answer)
{
    struct looking l = { call, writer_of(arena_take(call->arena, SIGNER_ENDS_MAX), SIGNER_ENDS_MAX) };
    struct signer_ends *ends = answer;
    ENSURE(l.w.ptr, ERROR_OUT_OF_ROOM);
    look_at_authority(&l);
    look_at_list(&l);
    look_at_responder(&l);
    look_at_operators(&l);
    return writer_end(&l.w, &ends->lines);
}
