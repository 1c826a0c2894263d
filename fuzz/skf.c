/* The driver, called with any arguments, over a card that answers anything: it stays within the buffers it is given,
 * and what it gives out fits. An input is a byte that says which card, then calls, each a byte with its arguments
 * behind it (in the compiler's order); the card's answers stand where they are needed: length (u16, big-endian),
 * bytes. */
#include <assert.h>
#include <stdlib.h>

#include "token/skf/skf_internal.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum card_kind { FAKE, FAKE_FROM_THE_START, REAL, KINDS };
enum { CALLS_MAX = 24, BLOCKS_MAX = 16, HANDLES = 8, REMOVED = 0xFFFF };

static struct reader in;
static enum card_kind kind;
/* For REAL: a card with an application, and without protected channels, which take their time. */
static struct world *world;
static uint8_t image[CARD_IMAGE_MAX];
static size_t image_len;

/* ---- the card ---- */

static void list(struct writer *names)
{
    write_text(names, "key");
    write_u8(names, 0);
}

static uint32_t connect(const char *name, void **ret_link)
{
    if (strcmp(name, "key") != 0) return SAR_DEVICE_REMOVED;
    *ret_link = &world;
    return SAR_OK;
}

static void disconnect(void *link)
{
    (void)link;
}

/* What makes a card of the 2012 commands known. */
static bool greet(struct bytes command, uint8_t *into, size_t *ret_len)
{
    struct writer w = writer_of(into, 512);
    if (command.ptr[0] == 0xB0 && command.ptr[1] == 0x12) write_u16(&w, 0x6D00);
    else if (command.ptr[1] == 0x04) {
        memset(into, 'x', 288);
        w.len = 288;
        write_u16(&w, 0x9000);
    } else return false;
    *ret_len = w.len;
    return true;
}

static uint32_t exchange(void *link, struct bytes command, uint8_t *ret_answer, size_t room, size_t *ret_len)
{
    (void)link;
    assert(command.len >= 4 && command.len <= CARD_COMMAND_MAX && room >= CARD_ANSWER_MAX);
    if (kind == REAL) {
        *ret_len = card_exchange(world->card, command, ret_answer);
        return SAR_OK;
    }
    if (kind == FAKE && greet(command, ret_answer, ret_len)) return SAR_OK;
    if (in.left < 2) in = reader_of(bytes_of("\0\2\x90\0", 4)); /* the end of the input: done, without data */
    size_t len = read_u16(&in);
    if (len == REMOVED) return SAR_DEVICE_REMOVED;
    struct bytes answer = read_bytes(&in, len < in.left ? len : in.left);
    if (answer.len > room) answer.len = room;
    memcpy(ret_answer, answer.ptr, answer.len);
    *ret_len = answer.len;
    return SAR_OK;
}

static uint32_t lock(void *link, uint32_t timeout_ms)
{
    (void)link;
    return timeout_ms % 2 ? SAR_OK : SAR_TIMEOUTERR;
}

static uint32_t unlock(void *link)
{
    (void)link;
    return SAR_OK;
}

/* Under this name no setting is asked. */
static const struct skf_transport transport = { "local", list, connect, disconnect, exchange, lock, unlock };
const struct skf_transport *const skf_transports[] = { &transport, NULL };

/* ---- arguments: blocks of exactly their size, so that a sanitizer sees a step too far ---- */

static void *blocks[BLOCKS_MAX];
static size_t block_count;
static void *handles[HANDLES];

static void *block(size_t len)
{
    assert(block_count < BLOCKS_MAX);
    void *b = calloc(1, len ? len : 1);
    assert(b);
    return blocks[block_count++] = b;
}

/* LEN bytes of the input, zeros behind its end. */
static void *filled(size_t len)
{
    void *b = block(len);
    struct bytes given = read_bytes(&in, len < in.left ? len : in.left);
    if (given.len) memcpy(b, given.ptr, given.len);
    return b;
}

static char *text(void)
{
    size_t len = read_u8(&in);
    if (len == 0xFF) return NULL;
    char *t = filled(len + 1);
    t[len] = '\0';
    return t;
}

static BYTE *data(ULONG *ret_len)
{
    size_t len = read_u8(&in);
    if (len == 0xFF) len = read_u16(&in) % 16384;
    *ret_len = (ULONG)len;
    return filled(len);
}

static BYTE *room(ULONG *ret_room)
{
    *ret_room = read_u16(&in) % 12000;
    return *ret_room ? block(*ret_room) : NULL;
}

static void *handle(void)
{
    return handles[read_u8(&in) % HANDLES];
}

/* A place for a new one; what was there is given back. */
static void **fresh(void)
{
    void **place = &handles[read_u8(&in) % HANDLES];
    SKF_CloseHandle(*place);
    SKF_CloseContainer(*place);
    SKF_CloseApplication(*place);
    SKF_DisConnectDev(*place);
    *place = NULL;
    return place;
}

/* With as many bytes of ciphertext behind it as it says, or so many that they are not read. */
static ECCCIPHERBLOB *cipher(void)
{
    ULONG len = read_u16(&in);
    size_t there = len <= SM2_PLAINTEXT_MAX ? len : 0;
    ECCCIPHERBLOB *c = filled(sizeof *c + there);
    c->CipherLen = len;
    return c;
}

static BLOCKCIPHERPARAM parameters(void)
{
    return *(BLOCKCIPHERPARAM *)filled(sizeof(BLOCKCIPHERPARAM));
}

/* What was said to have been written was; a caller that sees success may read it all. */
static void given(ULONG sar, const BYTE *buffer, ULONG before, ULONG after)
{
    assert(sar != SAR_OK || !buffer || after <= before);
}

/* ---- the calls ---- */

static void call_device(uint8_t which)
{
    ULONG n = 0, m = 0;
    switch (which % 10) {
    case 0: SKF_ConnectDev(text(), fresh()); break;
    case 1: SKF_DisConnectDev(handle()); break;
    case 2: SKF_GetDevState(text(), &n); break;
    case 3: SKF_SetLabel(handle(), text()); break;
    case 4: SKF_GetDevInfo(handle(), block(sizeof(DEVINFO))); break;
    case 5: SKF_LockDev(handle(), read_u8(&in)); break;
    case 6: SKF_UnlockDev(handle()); break;
    case 7: {
        ULONG len;
        BYTE *command = data(&len), *answer = room(&n);
        m = n;
        given(SKF_Transmit(handle(), command, len, answer, &m), answer, n, m);
        break;
    }
    case 8: {
        BYTE *random = room(&n);
        SKF_GenRandom(handle(), random, n);
        break;
    }
    default: {
        BYTE *names = room(&n);
        m = n;
        given(SKF_EnumDev(true, (LPSTR)names, &m), names, n, m);
    }
    }
}

static void call_access(uint8_t which)
{
    ULONG n = 0, max = 0, left = 0;
    BOOL first = 0;
    BYTE *key;
    switch (which % 9) {
    case 0: key = data(&n); SKF_ChangeDevAuthKey(handle(), key, n); break;
    case 1: key = data(&n); SKF_DevAuth(handle(), key, n); break;
    case 2: SKF_ChangePIN(handle(), read_u8(&in), text(), text(), &left); break;
    case 3: SKF_GetPINInfo(handle(), read_u8(&in), &max, &left, &first); break;
    case 4: SKF_VerifyPIN(handle(), read_u8(&in), text(), &left); break;
    case 5: SKF_UnblockPIN(handle(), text(), text(), &left); break;
    case 6: SKF_ClearSecureState(handle()); break;
    case 7:
        SKF_CreateApplication(handle(), text(), text(), read_u8(&in), text(), read_u8(&in), read_u8(&in), fresh());
        break;
    default: SKF_OpenApplication(handle(), text(), fresh()); break;
    }
}

static void call_file(uint8_t which)
{
    ULONG n = 0, m = 0;
    BYTE *b;
    switch (which % 10) {
    case 0: b = room(&n); m = n; given(SKF_EnumApplication(handle(), (LPSTR)b, &m), b, n, m); break;
    case 1: SKF_DeleteApplication(handle(), text()); break;
    case 2: SKF_CloseApplication(handle()); break;
    case 3: SKF_CreateFile(handle(), text(), read_u16(&in), read_u8(&in), read_u8(&in)); break;
    case 4: SKF_DeleteFile(handle(), text()); break;
    case 5: b = room(&n); m = n; given(SKF_EnumFiles(handle(), (LPSTR)b, &m), b, n, m); break;
    case 6: SKF_GetFileInfo(handle(), text(), block(sizeof(FILEATTRIBUTE))); break;
    case 7: {
        ULONG offset = read_u32(&in), size = read_u32(&in);
        b = room(&n);
        m = n;
        given(SKF_ReadFile(handle(), text(), offset, size, b, &m), b, n, m);
        break;
    }
    case 8: b = data(&n); SKF_WriteFile(handle(), text(), read_u32(&in), b, n); break;
    default: b = room(&n); m = n; given(SKF_EnumContainer(handle(), (LPSTR)b, &m), b, n, m); break;
    }
}

static void call_container(uint8_t which)
{
    ULONG n = 0, m = 0;
    BYTE *b;
    switch (which % 10) {
    case 0: SKF_CreateContainer(handle(), text(), fresh()); break;
    case 1: SKF_OpenContainer(handle(), text(), fresh()); break;
    case 2: SKF_DeleteContainer(handle(), text()); break;
    case 3: SKF_CloseContainer(handle()); break;
    case 4: SKF_GetContainerType(handle(), &n); break;
    case 5: b = data(&n); SKF_ImportCertificate(handle(), read_u8(&in) & 1, b, n); break;
    case 6: b = room(&n); m = n; given(SKF_ExportCertificate(handle(), read_u8(&in) & 1, b, &m), b, n, m); break;
    case 7: SKF_GenECCKeyPair(handle(), SGD_SM2_1, block(sizeof(ECCPUBLICKEYBLOB))); break;
    case 8: b = room(&n); m = n; given(SKF_ExportPublicKey(handle(), read_u8(&in) & 1, b, &m), b, n, m); break;
    default: {
        /* Its ciphertext is a session key: the driver reads none that is longer. */
        ENVELOPEDKEYBLOB *blob = filled(sizeof *blob + 16);
        SKF_ImportECCKeyPair(handle(), blob);
    }
    }
}

static void call_ecc(uint8_t which)
{
    ULONG n = 0, m = 0, k = 0;
    BYTE *a, *b;
    const size_t point = sizeof(ECCPUBLICKEYBLOB), signature = sizeof(ECCSIGNATUREBLOB);
    switch (which % 12) {
    case 0: a = data(&n); SKF_ECCSignData(handle(), a, n, block(signature)); break;
    case 1: a = data(&n); SKF_ECCVerify(handle(), filled(point), a, n, filled(signature)); break;
    case 2:
        SKF_ECCExportSessionKey(handle(), SGD_SM4_CBC, filled(point), block(sizeof(ECCCIPHERBLOB) + 16), fresh());
        break;
    case 3: a = data(&n); SKF_ExtECCEncrypt(handle(), filled(point), a, n, block(sizeof(ECCCIPHERBLOB) + n)); break;
    case 4: b = room(&n); m = n;
        given(SKF_ExtECCDecrypt(handle(), filled(sizeof(ECCPRIVATEKEYBLOB)), cipher(), b, &m), b, n, m);
        break;
    case 5: a = data(&n); SKF_ExtECCSign(handle(), filled(sizeof(ECCPRIVATEKEYBLOB)), a, n, block(signature)); break;
    case 6: a = data(&n); SKF_ExtECCVerify(handle(), filled(point), a, n, filled(signature)); break;
    case 7: a = data(&n); SKF_GenerateAgreementDataWithECC(handle(), SGD_SM4_CBC, block(point), a, n, fresh()); break;
    case 8: a = data(&n); b = data(&k);
        SKF_GenerateAgreementDataAndKeyWithECC(handle(), SGD_SM4_CBC, filled(point), filled(point), block(point), a, n,
                                               b, k, fresh());
        break;
    case 9: a = data(&n); SKF_GenerateKeyWithECC(handle(), filled(point), filled(point), a, n, fresh()); break;
    case 10: {
        ECCCIPHERBLOB *c = cipher();
        n = (ULONG)sizeof *c + (c->CipherLen <= SM2_PLAINTEXT_MAX ? c->CipherLen : 0);
        SKF_ImportSessionKey(handle(), SGD_SM4_CBC, (BYTE *)c, n, fresh());
        break;
    }
    default: b = room(&n); m = n; given(SKF_ECCDecrypt(handle(), cipher(), b, &m), b, n, m); break;
    }
}

static void call_cipher(uint8_t which)
{
    static ULONG DEVAPI (*const whole[])(HANDLE, BYTE *, ULONG, BYTE *, ULONG *) = {
        SKF_Encrypt, SKF_EncryptUpdate, SKF_Decrypt, SKF_DecryptUpdate, SKF_Digest, SKF_Mac,
    };
    static ULONG DEVAPI (*const ends[])(HANDLE, BYTE *, ULONG *) = {
        SKF_EncryptFinal, SKF_DecryptFinal, SKF_DigestFinal, SKF_MacFinal,
    };
    ULONG n = 0, m = 0, k = 0;
    BYTE *a, *b;
    switch (which % 9) {
    case 0: SKF_SetSymmKey(handle(), filled(16), SGD_SM4_ECB << (read_u8(&in) & 3), fresh()); break;
    case 1: SKF_EncryptInit(handle(), parameters()); break;
    case 2: SKF_DecryptInit(handle(), parameters()); break;
    case 3:
        a = data(&k);
        SKF_DigestInit(handle(), SGD_SM3, k & 1 ? filled(sizeof(ECCPUBLICKEYBLOB)) : NULL, a, k, fresh());
        break;
    case 4: SKF_MacInit(handle(), filled(sizeof(BLOCKCIPHERPARAM)), fresh()); break;
    case 5: a = data(&n); k = read_u8(&in); (k & 1 ? SKF_DigestUpdate : SKF_MacUpdate)(handle(), a, n); break;
    case 6: {
        a = data(&k);
        b = room(&n);
        m = n;
        given(whole[read_u8(&in) % COUNT(whole)](handle(), a, k, b, &m), b, n, m);
        break;
    }
    case 7: b = room(&n); m = n; given(ends[read_u8(&in) % COUNT(ends)](handle(), b, &m), b, n, m); break;
    default: SKF_CloseHandle(handle()); break;
    }
}

static void call_hufu(uint8_t which)
{
    ULONG n = 0, m = 0, k = 0, l = 0;
    BYTE *a, *b, *c;
    switch (which % 19) {
    case 0: HUFU_GetFlags(handle(), block(sizeof(HUFUFLAGS))); break;
    case 1: b = room(&n); m = n; given(HUFU_GetCardCertificate(handle(), b, &m), b, n, m); break;
    case 2: HUFU_GetAttestation(handle(), block(HUFU_SIGNATURE_LEN)); break;
    case 3: a = data(&n); HUFU_SignMessage(handle(), a, n, block(HUFU_SIGNATURE_LEN)); break;
    case 4: HUFU_SetCurrentContainer(handle()); break;
    case 5: HUFU_ForbidDigests(handle()); break;
    case 6: HUFU_ProductionChallenge(handle(), block(HUFU_CHALLENGE_LEN)); break;
    case 7:
        HUFU_OpenProduction(handle(), filled(HUFU_DEVICE_ANSWER_LEN), filled(HUFU_ADMIN_SEALED_LEN),
                            block(HUFU_POINT_LEN), block(HUFU_SIGNATURE_LEN));
        break;
    case 8: a = data(&n); HUFU_Prove(handle(), a, n, block(HUFU_SIGNATURE_LEN)); break;
    case 9: a = data(&n); b = data(&k); c = data(&l); HUFU_WriteProduction(handle(), a, n, b, k, c, l); break;
    case 10: HUFU_CloseProduction(handle()); break;
    case 11: HUFU_UnlockChallenge(handle(), block(HUFU_UNLOCK_CHALLENGE_LEN)); break;
    case 12: a = data(&n); HUFU_UnlockAnswer(handle(), a, n); break;
    case 13:
        HUFU_OpenDownload(handle(), read_u8(&in) & 3, (LPSTR)block(HUFU_CONTAINER_MAX + 1), block(HUFU_POINT_LEN),
                          block(HUFU_SIGNATURE_LEN));
        break;
    case 14:
        a = data(&n);
        HUFU_ProveDownload(handle(), a, n, block(HUFU_SIGNATURE_LEN), block(HUFU_SIGNATURE_LEN));
        break;
    case 15: a = data(&n); b = data(&k); c = data(&l); HUFU_WriteDownload(handle(), a, n, b, k, c, l); break;
    case 18: HUFU_GenEncryptionKeyPair(handle(), block(HUFU_POINT_LEN), block(HUFU_SIGNATURE_LEN)); break;
    case 16: SKF_GenRemoteUnblockRequest(handle(), block(HUFU_UNLOCK_CHALLENGE_LEN), HUFU_UNLOCK_CHALLENGE_LEN); break;
    default: a = data(&n); SKF_RemoteUnblockPIN(handle(), a, n, (ULONG *)block(sizeof(ULONG))); break;
    }
}

/* ---- one input ---- */

static void begin(void)
{
    if (!world) {
        uint8_t point[SM2_POINT_SIZE];
        struct bytes encoded;
        world = world_new();
        world_container(world, point);
        world->card->state.own_certificate.len = 0;
        assert(!failed(card_state_encode(&world->card->state, image, sizeof image, &encoded)));
        image_len = encoded.len;
    }
    if (kind == REAL) {
        memcpy(world->image, image, image_len);
        world->image_len = image_len;
        world_power(world);
    }
    char name[] = "key", app[] = WORLD_APP;
    SKF_ConnectDev(name, &handles[0]);
    if (kind == FAKE_FROM_THE_START) return;
    SKF_OpenApplication(handles[0], app, &handles[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static void (*const groups[])(uint8_t which) = { call_device, call_access, call_file,  call_container,
                                                     call_ecc,    call_cipher, call_hufu };
    in = reader_of(bytes_of(bytes, size));
    kind = read_u8(&in) % KINDS;
    memset(handles, 0, sizeof handles);
    begin();
    for (int i = 0; i < CALLS_MAX && in.left && !in.bad; i++) {
        uint8_t which = read_u8(&in);
        groups[which % COUNT(groups)](which / COUNT(groups));
        while (block_count) free(blocks[--block_count]);
    }
    in = (struct reader){ 0 };
    for (size_t i = 0; i < HANDLES; i++) SKF_DisConnectDev(handles[i]);
    return 0;
}
