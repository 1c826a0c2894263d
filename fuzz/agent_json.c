/* The agent's JSON reader: what it takes is plain text within the buffer, and reads the same when written again. */
#include <assert.h>
#include <stdlib.h>

#include "token/agent/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct json_object *object, size_t room)
{
    char *text = malloc(room + 1);
    assert(text);
    struct writer w = writer_of(text, room);
    json_open(&w, NULL, '{');
    for (size_t i = 0; i < object->count; i++) json_text(&w, object->fields[i].name, object->fields[i].value);
    json_close(&w, '}');
    assert(!w.full);
    struct json_object again;
    assert(!failed(json_read(text, w.len, NULL, &again)));
    assert(again.count == object->count);
    for (size_t i = 0; i < again.count; i++) {
        assert(strcmp(again.fields[i].name, object->fields[i].name) == 0);
        assert(strcmp(again.fields[i].value, object->fields[i].value) == 0);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    assert(text);
    if (size) memcpy(text, data, size);
    struct json_object object;
    if (!failed(json_read(text, size, NULL, &object))) {
        for (size_t i = 0; i < object.count; i++) {
            const struct json_field *f = &object.fields[i];
            assert(f->name > text && f->value + f->len <= text + size);
            assert(strlen(f->value) == f->len && text_lines(bytes_of(f->value, f->len)));
        }
        check_again(&object, 6 * size + 64);
    }
    free(text);
    return 0;
}
