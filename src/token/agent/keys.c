#include "token/agent/keys.h"

#include <stdlib.h>

#include "crypto/sm3.h"

static bool read_name(struct reader *r, char into[HELPER_TEXT_MAX + 1])
{
    struct bytes b = read_block(r, HELPER_TEXT_MAX);
    if (r->bad || !text_plain(b)) return false;
    if (b.len) memcpy(into, b.ptr, b.len);
    into[b.len] = 0;
    return true;
}

/* Two keys of one library with the same serial number (or none) are told apart by their device names. */
static void name_key(struct key *key, const struct key *others, size_t count)
{
    bool twin = !key->serial[0];
    for (size_t i = 0; i < count; i++)
        if (strcmp(others[i].serial, key->serial) == 0) twin = true;
    struct sm3 sm3;
    uint8_t hash[SM3_SIZE];
    sm3_init(&sm3);
    sm3_update(&sm3, bytes_of(key->library->path, strlen(key->library->path) + 1));
    sm3_update(&sm3, bytes_of(key->serial, strlen(key->serial) + 1));
    if (twin) sm3_update(&sm3, bytes_text(key->device));
    sm3_final(&sm3, hash);
    struct id id;
    memcpy(id.b, hash, sizeof id.b);
    id_text(&id, key->id);
}

size_t keys_read_list(struct reader *answer, struct library *library, struct key *keys)
{
    size_t count = 0;
    while (answer->left && count < HELPER_DEVICES_MAX) {
        struct key *key = &keys[count];
        *key = (struct key){ .library = library };
        if (!read_name(answer, key->device) || !read_name(answer, key->serial)) break;
        if (!read_name(answer, key->label) || !read_name(answer, key->manufacturer)) break;
        name_key(key, keys, count++);
    }
    return count;
}

static size_t list_one(struct library *library, struct key *keys)
{
    struct library_call call;
    library_begin(library, HELPER_LIST, &call);
    struct result r = library_ask(&call, LIBRARY_LIST_MS, NULL);
    size_t count = failed(r) ? 0 : keys_read_list(&call.in, library, keys);
    library_end(&call);
    return count;
}

struct lister {
    struct library *library;
    pthread_t thread;
    bool started;
    size_t count;
    struct key keys[HELPER_DEVICES_MAX];
};

static void *list_on_thread(void *argument)
{
    struct lister *lister = argument;
    lister->count = list_one(lister->library, lister->keys);
    return NULL;
}

static size_t list_all(struct libraries *libraries, struct key *ret_keys)
{
    struct lister *listers = calloc(LIBRARIES_MAX, sizeof *listers);
    if (!listers) abort();
    for (size_t i = 0; i < libraries->count; i++) {
        listers[i].library = &libraries->of[i];
        listers[i].started = pthread_create(&listers[i].thread, NULL, list_on_thread, &listers[i]) == 0;
    }
    size_t count = 0;
    for (size_t i = 0; i < libraries->count; i++) {
        if (listers[i].started) pthread_join(listers[i].thread, NULL);
        memcpy(ret_keys + count, listers[i].keys, listers[i].count * sizeof ret_keys[0]);
        count += listers[i].count;
    }
    free(listers);
    return count;
}

void keys_init(struct keys *keys, struct libraries *libraries)
{
    *keys = (struct keys){ .libraries = libraries };
    pthread_mutex_init(&keys->lock, NULL);
}

size_t keys_list(struct keys *keys, struct key *ret_keys)
{
    size_t count = list_all(keys->libraries, ret_keys);
    pthread_mutex_lock(&keys->lock);
    memcpy(keys->of, ret_keys, count * sizeof ret_keys[0]);
    keys->count = count;
    pthread_mutex_unlock(&keys->lock);
    return count;
}

static bool find_known(struct keys *keys, const char *id, struct key *ret_key)
{
    bool found = false;
    pthread_mutex_lock(&keys->lock);
    for (size_t i = 0; !found && i < keys->count; i++) {
        found = strcmp(keys->of[i].id, id) == 0;
        if (found) *ret_key = keys->of[i];
    }
    pthread_mutex_unlock(&keys->lock);
    return found;
}

struct result keys_find(struct keys *keys, const char *id, struct key *ret_key)
{
    if (find_known(keys, id, ret_key)) return OK;
    struct key *fresh = calloc(KEYS_MAX, sizeof *fresh);
    if (!fresh) abort();
    keys_list(keys, fresh);
    free(fresh);
    ENSURE(find_known(keys, id, ret_key), ERROR_AGENT_NO_KEY);
    return OK;
}

void keys_forget(struct keys *keys)
{
    pthread_mutex_lock(&keys->lock);
    keys->count = 0;
    pthread_mutex_unlock(&keys->lock);
}

void keys_begin(const struct key *key, enum helper_op op, struct library_call *ret_call)
{
    library_begin(key->library, op, ret_call);
    write_block(&ret_call->out, bytes_text(key->device));
    write_block(&ret_call->out, bytes_text(key->serial));
}

struct result keys_read_state(struct reader *answer, int tries, struct arena *arena, struct key_state *ret)
{
    struct key_state state = { .state = (enum helper_state)read_u8(answer), .tries = tries };
    struct bytes signing = read_block(answer, CERTIFICATE_SIZE_MAX);
    struct bytes encryption = read_block(answer, CERTIFICATE_SIZE_MAX);
    ENSURE(!failed(reader_end(answer)) && state.state <= HELPER_STATE_LOCKED, ERROR_AGENT_LIBRARY_CRASHED);
    if (signing.len) state.signing = arena_bytes(arena, signing);
    if (encryption.len) state.encryption = arena_bytes(arena, encryption);
    ENSURE((!signing.len || state.signing.ptr) && (!encryption.len || state.encryption.ptr), ERROR_OUT_OF_ROOM);
    *ret = state;
    return OK;
}

struct result keys_state(const struct key *key, struct arena *arena, struct diag *diag, struct key_state *ret_state)
{
    struct library_call call;
    keys_begin(key, HELPER_STATE, &call);
    struct result r = library_ask(&call, LIBRARY_LIST_MS, diag);
    if (!failed(r)) r = keys_read_state(&call.in, call.tries, arena, ret_state);
    library_end(&call);
    return r;
}
