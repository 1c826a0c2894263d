/* What the agent reads from its own programs and from files: answers of helpers, the window's question, the list of
 * origins, statements. The first byte says which. */
#include <assert.h>
#include <stdlib.h>

#include "token/agent/keys.h"
#include "token/agent/origin_list.h"
#include "token/agent/window_api.h"
#include "token/agent/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_keys(struct bytes b)
{
    static struct key keys[HELPER_DEVICES_MAX];
    struct library library = { .path = "/library.so" };
    struct reader r = reader_of(b);
    size_t count = keys_read_list(&r, &library, keys);
    assert(count <= HELPER_DEVICES_MAX);
    for (size_t i = 0; i < count; i++) {
        assert(strlen(keys[i].id) == KEY_ID_LEN);
        assert(text_plain(bytes_text(keys[i].serial)));
    }
}

static void read_state(struct bytes b, struct arena *arena)
{
    struct key_state state;
    struct reader r = reader_of(b);
    if (!failed(keys_read_state(&r, 6, arena, &state))) assert(state.state <= HELPER_STATE_LOCKED);
}

static void read_question(struct bytes b)
{
    uint8_t *buffer = malloc(b.len ? b.len : 1);
    struct window_question q;
    assert(buffer);
    if (b.len) memcpy(buffer, b.ptr, b.len);
    if (!failed(window_question_read(buffer, b.len, &q)))
        for (size_t i = 0; i < q.count; i++) assert(strlen(q.lines[i].label) + strlen(q.lines[i].value) <= b.len);
    free(buffer);
}

static void read_list(struct bytes b)
{
    static const uint8_t seed[DRBG_ENTROPY_MIN] = { 5 };
    static uint8_t out[2 * ORIGIN_LIST_MAX];
    static struct drbg drbg;
    static struct sm2_private key;
    struct origins origins = { 0 };
    if (!drbg.count) {
        drbg_init(&drbg, BYTES(seed), (struct bytes){ 0 }, (struct bytes){ 0 });
        assert(!failed(sm2_private_generate(&key, &drbg)));
    }
    struct writer w = writer_of(out, sizeof out);
    struct result r = origin_list_sign(b, &key, &drbg, NULL, &w);
    if (!failed(r)) assert(!failed(origin_list_read(bytes_of(out, w.len), &key.public, NULL, &origins)));
    (void)origin_list_read(b, &key.public, NULL, &origins).code;
}

static void read_words(struct bytes b, struct arena *arena)
{
    struct words words;
    char *text = arena_text(arena, b);
    if (!text || failed(words_read(text, arena, &words))) return;
    assert(words.count <= WORDS_LINES_MAX);
    for (size_t i = 0; i < words.count; i++) assert(text_plain(bytes_text(words.lines[i].value)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct arena *arena CLEANUP(arena_free_p) = arena_new(1 << 20);
    struct bytes b = bytes_of(data + 1, size - 1);
    switch (data[0]) {
    case '0': read_keys(b); break;
    case '1': read_state(b, arena); break;
    case '2': read_question(b); break;
    case '3': read_list(b); break;
    case '4': read_words(b, arena); break;
    default: break;
    }
    return 0;
}
