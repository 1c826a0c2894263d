#include "token/skf/skf_local.h"
#include "token/skf/skf_transport.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/text.h"

struct slot {
    char name[SKF_DEVICE_NAME_MAX];
    struct card *card;   /* NULL: empty */
    const void *owner;   /* link that has the lock */
    uint32_t generation; /* counts who was plugged in here */
};

struct link {
    struct slot *slot;
    uint32_t generation;
};

/* A library's table of devices belongs to the process, like the devices themselves. */
static struct slot slots[SKF_LOCAL_MAX];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static struct slot *find(const char *name)
{
    for (size_t i = 0; i < COUNT(slots); i++)
        if (slots[i].card && text_equal(slots[i].name, name)) return &slots[i];
    return NULL;
}

bool skf_local_plug(const char *name, struct card *card)
{
    pthread_mutex_lock(&guard);
    struct slot *s = find(name);
    for (size_t i = 0; i < COUNT(slots) && !s && card; i++)
        if (!slots[i].card) s = &slots[i];
    if (s) {
        *s = (struct slot){ .card = card, .generation = s->generation + 1 };
        struct writer w = writer_of(s->name, sizeof s->name - 1);
        write_text(&w, name);
    }
    pthread_mutex_unlock(&guard);
    return s != NULL;
}

static void local_list(struct writer *names)
{
    pthread_mutex_lock(&guard);
    for (size_t i = 0; i < COUNT(slots); i++) {
        if (!slots[i].card) continue;
        write_text(names, slots[i].name);
        write_u8(names, 0);
    }
    pthread_mutex_unlock(&guard);
}

static uint32_t local_connect(const char *name, void **ret_link)
{
    pthread_mutex_lock(&guard);
    struct slot *s = find(name);
    struct link *link = s ? calloc(1, sizeof *link) : NULL;
    if (link) *link = (struct link){ s, s->generation };
    pthread_mutex_unlock(&guard);
    if (!s) return SAR_DEVICE_REMOVED;
    if (!link) return SAR_MEMORYERR;
    *ret_link = link;
    return SAR_OK;
}

static bool present(const struct link *link)
{
    return link->slot->card && link->slot->generation == link->generation;
}

static void local_close(void *context)
{
    struct link *link = context;
    pthread_mutex_lock(&guard);
    if (link->slot->owner == link) link->slot->owner = NULL;
    pthread_mutex_unlock(&guard);
    free(link);
}

static uint32_t local_exchange(void *context, struct bytes command, uint8_t *ret_answer, size_t room, size_t *ret_len)
{
    struct link *link = context;
    if (room < CARD_ANSWER_MAX) return SAR_FAIL;
    pthread_mutex_lock(&guard);
    uint32_t sar = present(link) ? SAR_OK : SAR_DEVICE_REMOVED;
    if (sar == SAR_OK && link->slot->owner && link->slot->owner != link) sar = SAR_TIMEOUTERR;
    if (sar == SAR_OK) *ret_len = card_exchange(link->slot->card, command, ret_answer);
    pthread_mutex_unlock(&guard);
    return sar;
}

static uint32_t local_lock(void *context, uint32_t timeout_ms)
{
    struct link *link = context;
    (void)timeout_ms; /* whoever could give it back is this very process */
    pthread_mutex_lock(&guard);
    bool taken = link->slot->owner && link->slot->owner != link;
    uint32_t sar = !present(link) ? SAR_DEVICE_REMOVED : taken ? SAR_TIMEOUTERR : SAR_OK;
    if (sar == SAR_OK) link->slot->owner = link;
    pthread_mutex_unlock(&guard);
    return sar;
}

static uint32_t local_unlock(void *context)
{
    struct link *link = context;
    pthread_mutex_lock(&guard);
    uint32_t sar = link->slot->owner == link ? SAR_OK : SAR_FAIL;
    if (sar == SAR_OK) link->slot->owner = NULL;
    pthread_mutex_unlock(&guard);
    return sar;
}

const struct skf_transport skf_transport_local = { "local",     local_list, local_connect, local_close,
                                                   local_exchange, local_lock, local_unlock };
