/* Handles are numbers of places in a table, with a count of who had the place before: a stale one is noticed. The table
 * belongs to the process, as the interface wants it. */
#include "token/skf/skf_internal.h"

#include <stdlib.h>

enum { PLACES = 1024, PLACE_BITS = 10 };

static struct skf_entry table[PLACES];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

/* Place 0 would make NULL of the first handle. */
static void *handle_of(uint32_t place)
{
    return (void *)(uintptr_t)((uintptr_t)(table[place].generation << PLACE_BITS | place) + 1);
}

static struct skf_entry *entry_of(const void *handle)
{
    uintptr_t number = (uintptr_t)handle - 1;
    if (!handle || number > UINT32_MAX) return NULL;
    struct skf_entry *e = &table[number % PLACES];
    return e->kind != SKF_FREE && (uint32_t)number >> PLACE_BITS == (e->generation & UINT32_MAX >> PLACE_BITS)
               ? e : NULL;
}

/* With the guard held. True when it was the last one. */
static bool leave(struct skf_device *device)
{
    return --device->users == 0;
}

static void destroy(struct skf_device *device)
{
    device->transport->close(device->link);
    pthread_mutex_destroy(&device->mutex);
    secret_wipe(device, sizeof *device);
    free(device);
}

ULONG skf_acquire_any(void *handle, unsigned mask, struct skf_use *ret_use)
{
    pthread_mutex_lock(&guard);
    struct skf_entry *e = entry_of(handle);
    if (!e || !(mask & 1u << e->kind)) {
        pthread_mutex_unlock(&guard);
        return SAR_INVALIDHANDLEERR;
    }
    struct skf_device *device = e->device;
    device->users++;
    pthread_mutex_unlock(&guard);
    pthread_mutex_lock(&device->mutex);
    /* While this call waited, another one may have closed the handle. */
    pthread_mutex_lock(&guard);
    bool still = entry_of(handle) == e;
    pthread_mutex_unlock(&guard);
    *ret_use = (struct skf_use){ device, e, (uint32_t)(e - table) };
    if (still) return SAR_OK;
    skf_release(ret_use);
    *ret_use = (struct skf_use){ 0 };
    return SAR_INVALIDHANDLEERR;
}

ULONG skf_acquire(void *handle, enum skf_kind kind, struct skf_use *ret_use)
{
    return skf_acquire_any(handle, 1u << kind, ret_use);
}

void skf_release(struct skf_use *use)
{
    if (!use->device) return;
    secret_wipe(use->device->answer, sizeof use->device->answer);
    pthread_mutex_unlock(&use->device->mutex);
    pthread_mutex_lock(&guard);
    bool last = leave(use->device);
    pthread_mutex_unlock(&guard);
    if (last) destroy(use->device);
    use->device = NULL;
}

ULONG skf_handle_new(const struct skf_entry *entry, void **ret_handle)
{
    ULONG sar = SAR_MEMORYERR;
    pthread_mutex_lock(&guard);
    for (uint32_t place = 0; place < PLACES && sar != SAR_OK; place++) {
        if (table[place].kind != SKF_FREE) continue;
        uint32_t generation = table[place].generation + 1;
        table[place] = *entry;
        table[place].generation = generation & UINT32_MAX >> PLACE_BITS;
        if (entry->kind == SKF_DEVICE) table[place].parent = place;
        entry->device->users++;
        *ret_handle = handle_of(place);
        sar = SAR_OK;
    }
    pthread_mutex_unlock(&guard);
    return sar;
}

/* With the guard held; the device has other users. */
static void clear(uint32_t place)
{
    uint32_t generation = table[place].generation;
    (void)leave(table[place].device);
    secret_wipe(&table[place], sizeof table[place]);
    table[place].generation = generation;
}

/* Of an application: its containers. Of a device: everything. */
static bool belongs(const struct skf_entry *e, const struct skf_use *use, enum skf_kind closed)
{
    if (e->kind == SKF_FREE || e->device != use->device) return false;
    return closed == SKF_DEVICE || (e->kind == SKF_CONTAINER && e->parent == use->place);
}

void skf_handle_free(struct skf_use *use)
{
    pthread_mutex_lock(&guard);
    enum skf_kind closed = use->entry->kind;
    if (closed == SKF_DEVICE || closed == SKF_APPLICATION)
        for (uint32_t place = 0; place < PLACES; place++)
            if (place != use->place && belongs(&table[place], use, closed)) clear(place);
    clear(use->place);
    pthread_mutex_unlock(&guard);
}

bool skf_last_opened(const struct skf_use *use)
{
    bool last = true;
    pthread_mutex_lock(&guard);
    for (uint32_t place = 0; place < PLACES; place++) {
        const struct skf_entry *e = &table[place];
        if (place != use->place && e->kind == use->entry->kind && e->device == use->device &&
            e->id == use->entry->id && e->application == use->entry->application)
            last = false;
    }
    pthread_mutex_unlock(&guard);
    return last;
}

void skf_each_opened(struct skf_device *device, void (*fn)(struct skf_device *device, struct skf_entry *entry))
{
    static const enum skf_kind kinds[] = { SKF_APPLICATION, SKF_CONTAINER };
    uint16_t places[PLACES], count = 0;
    pthread_mutex_lock(&guard);
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (uint16_t place = 0; place < PLACES; place++)
            if (table[place].kind == kinds[k] && table[place].device == device) places[count++] = place;
    pthread_mutex_unlock(&guard);
    /* They stay what they are: the device is locked. */
    for (uint16_t i = 0; i < count; i++) fn(device, &table[places[i]]);
}
