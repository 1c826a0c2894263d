#include <stdio.h>
#include <time.h>

#include "pki/chain.h"
#include "pki/der.h"
#include "token/skf/skf_internal.h"
#include "token/skf/skf_settings.h"

enum { MAKERS_ROOM = 64 * 1024 };

/* How many there are; 0 for a file that cannot be read or holds anything else. */
static size_t read_makers(const char *path, struct arena *arena, const struct certificate *ret_makers[CHAIN_POOL_MAX])
{
    uint8_t *room = arena_take(arena, MAKERS_ROOM);
    FILE *file = room ? fopen(path, "rb") : NULL;
    if (!file) return 0;
    struct reader r = reader_of(bytes_of(room, fread(room, 1, MAKERS_ROOM, file)));
    fclose(file);
    size_t count = 0;
    while (r.left > 0) {
        struct bytes der;
        struct certificate *maker;
        if (count == CHAIN_POOL_MAX || failed(der_read_whole(&r, DER_SEQUENCE, &der))) return 0;
        if (failed(certificate_parse(der, arena, &maker))) return 0;
        ret_makers[count++] = maker;
    }
    return count;
}

ULONG skf_check_maker(const struct certificate *card, struct arena *arena)
{
    char path[SKF_SETTING_MAX];
    const struct certificate *makers[CHAIN_POOL_MAX];
    if (!skf_setting_makers(path)) return SAR_OK;
    SKF_ENSURE(card, SAR_FAIL);
    struct chain chain = { .leaf = card, .anchors = makers, .time_s = (int64_t)time(NULL), .purpose = PURPOSE_CARD };
    chain.anchor_count = read_makers(path, arena, makers);
    return chain.anchor_count && !failed(chain_check(&chain, NULL)) ? SAR_OK : SAR_FAIL;
}
