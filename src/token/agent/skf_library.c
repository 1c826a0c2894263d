#include "token/agent/skf_library.h"

#include <string.h>

#include "crypto/sm2.h"

/* ---- functions ---- */

struct wanted {
    const char *name;
    size_t offset;
    enum { STANDARD, OPTIONAL, HUFU } kind;
};

#define SKF(name, kind) { "SKF_" #name, offsetof(struct skf_functions, name), kind }
#define OUR(name) { "HUFU_" #name, offsetof(struct skf_functions, name), HUFU }
#define LATER(name) { "HUFU_" #name, offsetof(struct skf_functions, name), OPTIONAL }
static const struct wanted wanted[] = {
    SKF(EnumDev, STANDARD), SKF(ConnectDev, STANDARD), SKF(DisConnectDev, STANDARD), SKF(GetDevInfo, STANDARD),
    SKF(LockDev, OPTIONAL), SKF(UnlockDev, OPTIONAL), SKF(EnumApplication, STANDARD), SKF(OpenApplication, STANDARD),
    SKF(CloseApplication, STANDARD), SKF(GetPINInfo, STANDARD), SKF(VerifyPIN, STANDARD), SKF(ChangePIN, STANDARD),
    SKF(ClearSecureState, STANDARD), SKF(EnumContainer, STANDARD), SKF(OpenContainer, STANDARD),
    SKF(CloseContainer, STANDARD), SKF(ExportCertificate, STANDARD), SKF(ExportPublicKey, STANDARD),
    SKF(ECCSignData, STANDARD),
    OUR(GetFlags), OUR(GetCardCertificate), OUR(SignMessage), OUR(ProductionChallenge), OUR(OpenProduction),
    OUR(Prove), OUR(WriteProduction), OUR(CloseProduction), OUR(UnlockChallenge), OUR(UnlockAnswer),
    LATER(OpenDownload), LATER(ProveDownload), LATER(WriteDownload), LATER(WriteRecovered),
};

struct result skf_library_load(const char *path, struct skf_library *ret_library)
{
    struct skf_library library = { .ours = true };
    void *handle = skf_library_open(path);
    ENSURE(handle, ERROR_AGENT_LIBRARY_FAILED);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        void (*found)(void) = skf_library_find(handle, wanted[i].name);
        ENSURE(found || wanted[i].kind != STANDARD, ERROR_AGENT_LIBRARY_FAILED);
        if (!found && wanted[i].kind == HUFU) library.ours = false;
        /* All function pointers have one size and form on the platforms that have SKF libraries. */
        memcpy((char *)&library.f + wanted[i].offset, &found, sizeof found);
    }
    *ret_library = library;
    return OK;
}

/* ---- layout ---- */

const struct skf_offsets skf_offsets[SKF_LAYOUTS] = {
    [SKF_PACKED_4] = { 294, 198, 4, 132 },
    [SKF_NATURAL_4] = { 296, 200, 4, 132 },
    [SKF_PACKED_8] = { 326, 198, 8, 136 },
    [SKF_NATURAL_8] = { 328, 200, 8, 136 },
};

static uint64_t number_at(const uint8_t *info, size_t offset, size_t size)
{
    uint64_t v = 0;
    for (size_t i = size; i-- > 0;) v = v << 8 | info[offset + i];
    return v;
}

/* Whether the numbers of DEVINFO make sense when read in this layout: capabilities are of the families that GM/T 0006
 * numbers, some hash is there, and there is no more free space than space. */
static bool makes_sense(enum skf_layout layout, const uint8_t *info)
{
    const struct skf_offsets *o = &skf_offsets[layout];
    uint64_t n[6];
    for (size_t i = 0; i < COUNT(n); i++) n[i] = number_at(info, o->info_numbers + i * o->ulong_size, o->ulong_size);
    bool symmetric = n[0] != 0 && n[0] <= 0x1FFF;
    bool asymmetric = (n[1] & ~(uint64_t)0x30F00) == 0 && (n[1] & 0x30000) != 0;
    bool hash = n[2] != 0 && n[2] <= 0xFF;
    bool authentication = n[3] <= 0x1FFF;
    bool space = n[5] <= n[4] && n[4] <= UINT32_MAX;
    return symmetric && asymmetric && hash && authentication && space;
}

struct result skf_layout_find(const uint8_t *first, const uint8_t *second, enum skf_layout *ret_layout)
{
    size_t written = SKF_INFO_ROOM;
    while (written > 0 && first[written - 1] == 0xA5 && second[written - 1] == 0x5A) written--;
    size_t fits = 0;
    enum skf_layout fit = SKF_LAYOUTS, sized = SKF_LAYOUTS;
    for (enum skf_layout l = 0; l < SKF_LAYOUTS; l++) {
        if (skf_offsets[l].info_size == written) sized = l;
        if (!makes_sense(l, first)) continue;
        fits++;
        fit = l;
    }
    /* The size decides, unless the numbers say otherwise; alone they decide where the size is none of the four: drafts
     * of the standard lack the last two numbers, and some libraries leave Reserved alone. */
    bool by_size = sized != SKF_LAYOUTS && (fits == 0 || makes_sense(sized, first));
    ENSURE(by_size || fits == 1, ERROR_AGENT_LIBRARY_LAYOUT);
    *ret_layout = by_size ? sized : fit;
    return OK;
}

struct result skf_key_read(enum skf_layout layout, const uint8_t *blob, uint8_t ret_point[SM2_POINT_SIZE])
{
    const uint8_t *x = blob + skf_offsets[layout].ulong_size, *y = x + 64;
    for (size_t i = 0; i < 32; i++) ENSURE(x[i] == 0 && y[i] == 0, ERROR_AGENT_LIBRARY_LAYOUT);
    memcpy(ret_point, x + 32, 32);
    memcpy(ret_point + 32, y + 32, 32);
    return OK;
}
