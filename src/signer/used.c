#include "signer/used.h"

#include "base/text.h"

enum { KEY_MAX = 1 + ID_TEXT_LEN };

static struct bytes key_of(enum used_for purpose, const char *nonce, uint8_t room[KEY_MAX])
{
    struct writer w = writer_of(room, KEY_MAX);
    write_u8(&w, (uint8_t)purpose);
    write_text(&w, nonce);
    return bytes_of(room, w.len);
}

bool used_has(const struct index *index, enum used_for purpose, const char *nonce)
{
    uint8_t room[KEY_MAX];
    return index_has(index, INDEX_USED, key_of(purpose, nonce, room));
}

bool used_find(const struct index *index, enum used_for purpose, const char *nonce, uint64_t *ret_record)
{
    uint8_t room[KEY_MAX];
    struct index_value value;
    if (!index_find(index, INDEX_USED, key_of(purpose, nonce, room), &value)) return false;
    *ret_record = value.record;
    return true;
}

void used_put(struct index *index, enum used_for purpose, const char *nonce, uint64_t record)
{
    uint8_t room[KEY_MAX];
    index_put(index, INDEX_USED, key_of(purpose, nonce, room), (struct index_value){ .record = record });
}
