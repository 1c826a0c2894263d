/* Revocation lists: of each partition, and in full. */
#include <stdlib.h>

#include "base/fault.h"
#include "base/log.h"
#include "signer/publish_internal.h"

/* After the end of its validity a certificate stands on a list for so long yet (RFC 5280 §3.3: on one list more); and
 * so much later a list without certificates is not made any more. */
enum { AFTER_END_S = 31 * DAY_S, FILE_OF_PARTITION_MAX = 128 * 1024, NUMBERS_A_SECOND = 1000 };

static const char ca[] = "issuing";

size_t publish_partitions(const struct publisher *p)
{
    return (roll_count(p->signer->roll) + ROLL_PARTITION - 1) / ROLL_PARTITION;
}

static struct list *list_of(struct publisher *p, int64_t partition)
{
    return partition == PUBLISH_FULL ? &p->full : &p->lists[partition];
}

/* ---- what stands on it ---- */

struct content {
    struct crl_entry *entries;
    size_t count;
    bool over; /* all its certificates ended long ago */
};

static void content_done(struct content *content)
{
    free(content->entries);
}

static struct content content_of(const struct publisher *p, int64_t partition, int64_t now_s)
{
    const struct roll *roll = p->signer->roll;
    bool full = partition == PUBLISH_FULL;
    size_t from = full ? 0 : (size_t)partition * ROLL_PARTITION, to = roll_count(roll);
    if (!full && to - from > ROLL_PARTITION) to = from + ROLL_PARTITION;
    struct content content = { .over = !full && to == from + ROLL_PARTITION };
    size_t room = 0;
    for (size_t i = from; i < to; i++) room += roll_at(roll, i)->standing != STANDING_VALID;
    content.entries = calloc(room + 1, sizeof *content.entries);
    if (!content.entries) abort();
    for (size_t i = from; i < to; i++) {
        const struct certified *c = roll_at(roll, i);
        if (c->not_after_s + AFTER_END_S < now_s) continue;
        content.over = false;
        if (c->standing == STANDING_VALID) continue;
        content.entries[content.count++] = (struct crl_entry){ BYTES(c->serial), c->since_s, c->reason };
    }
    qsort(content.entries, content.count, sizeof *content.entries, crl_entry_order);
    return content;
}

/* ---- what is published ---- */

static int64_t renew_s(const struct publisher *p, int64_t partition, int64_t this_update_s)
{
    return this_update_s + (partition == PUBLISH_FULL ? DAY_S : p->signer->settings.crl_days * DAY_S / 2);
}

static bool says(const struct crl *crl, const struct content *content)
{
    struct reader r = reader_of(crl->entries);
    if (crl->count != content->count) return false;
    for (size_t i = 0; i < content->count; i++) {
        const struct crl_entry *wanted = &content->entries[i];
        struct crl_entry entry = { 0 };
        crl_next(&r, &entry);
        if (!bytes_equal(entry.serial, wanted->serial) || entry.revoked_s != wanted->revoked_s ||
            entry.reason != wanted->reason)
            return false;
    }
    return true;
}

static uint64_t number_of(const struct crl *crl)
{
    uint64_t number = 0;
    for (size_t i = 0; i < crl->number.len; i++) number = number << 8 | crl->number.ptr[i];
    return crl->number.len <= 8 ? number : 0;
}

/* Looks at what is there, for its number and whether it will do. What the CA did not sign is not there. */
static struct list seen(struct publisher *p, int64_t partition, const struct content *content)
{
    char path[PUBLISHED_PATH_MAX];
    uint8_t *file = NULL;
    size_t len = 0, max = partition == PUBLISH_FULL ? CRL_SIZE_MAX : FILE_OF_PARTITION_MAX;
    struct crl crl;
    struct list list = { .known = true };
    published_crl_path(ca, partition, path);
    if (failed(publish_read(p, path, max, &file, &len))) return list;
    struct result r = crl_parse(bytes_of(file, len), &crl);
    if (!failed(r)) r = crl_check(&crl, p->signer->authority.issuing, crl.this_update_s);
    if (!failed(r)) {
        list.number = number_of(&crl);
        /* The full list is made daily, whatever changed; it says how things stood then. */
        bool good = partition == PUBLISH_FULL || says(&crl, content);
        list.made_s = crl.this_update_s;
        list.renew_s = good ? renew_s(p, partition, crl.this_update_s) : 0;
    }
    free(file);
    return list;
}

/* ---- making it ---- */

/* What is found of a list need not be the last that was made of it: the folder may be lost, or an old one have come
 * back. But whoever made it ended before this process began, and in no second are as many made as it has numbers: those
 * of the next second are free. */
static bool may_be_taken(const struct publisher *p, int64_t partition, int64_t now_s)
{
    const bool before = partition == PUBLISH_FULL ? p->full_before : (size_t)partition < p->partitions_before;
    return before && now_s <= p->opened_s;
}

/* Numbers rise with every list and, since they are also a time, when the folder or a part of the past is lost. */
static uint64_t next_number(const struct list *list, int64_t now_s)
{
    uint64_t by_time = (uint64_t)now_s * NUMBERS_A_SECOND;
    return list->number >= by_time ? list->number + 1 : by_time;
}

static struct result make(struct publisher *p, int64_t partition, const struct content *content, int64_t now_s)
{
    struct signer *s = p->signer;
    struct arena *arena CLEANUP(arena_free_p) = arena_new(2 * crl_size_max(content->count) + PUBLISH_ARENA_MAX);
    struct list *list = list_of(p, partition);
    struct crl_fields fields = { .issuer = s->authority.issuing, .issuer_key = s->keys.issuing_ca,
                                 .this_update_s = now_s, .next_update_s = now_s + s->settings.crl_days * DAY_S,
                                 .number = next_number(list, now_s), .entries = content->entries,
                                 .count = content->count };
    char path[PUBLISHED_PATH_MAX];
    struct diag diag = { 0 };
    struct bytes der;
    if (partition != PUBLISH_FULL) TRY(published_crl_url(s->settings.crl_url, partition, arena, &fields.url));
    struct result r = crl_issue(&fields, &s->drbg, arena, &diag, &der);
    if (r.code == ERROR_LINT) log_failure("crl", r, &diag);
    TRY(r);
    FAULT("signer:list-signed");
    published_crl_path(ca, partition, path);
    TRY(publish_write(p, path, der));
    *list = (struct list){ .known = true, .number = fields.number, .made_s = now_s,
                            .renew_s = renew_s(p, partition, now_s) };
    return OK;
}

static struct result look(struct publisher *p, int64_t partition, bool anew)
{
    const int64_t now_s = publish_now(p);
    struct list *list = list_of(p, partition);
    if (!anew && list->known && now_s < list->renew_s) return OK;
    struct content content CLEANUP(content_done) = content_of(p, partition, now_s);
    if (!list->known) {
        *list = seen(p, partition, &content);
        anew = false; /* what was changed before a restart may be published already */
    }
    if (content.over || (!anew && now_s < list->renew_s)) return OK;
    ENSURE(!may_be_taken(p, partition, now_s), ERROR_BUSY);
    return make(p, partition, &content, now_s);
}

struct result publish_list(struct publisher *p, int64_t partition)
{
    return look(p, partition, true);
}

struct result publish_list_look(struct publisher *p, int64_t partition)
{
    return look(p, partition, false);
}
