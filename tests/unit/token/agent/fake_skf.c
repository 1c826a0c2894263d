/* An SKF library of another maker, for tests: one token with one key pair, in one of the four layouts that makers have
 * (ULONG of 4 or 8 bytes, structures packed or not). It includes none of our headers for the interface.
 *
 * Its token lies in the folder that HUFU_FAKE_SKF names: "key" (32 bytes), "certificate" (DER), "pin" (tries left,
 * whether it is the default, the PIN), and "mode", which makes it misbehave: crash, hang, noise, wrong-signature, no-info. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "crypto/sm2.h"

typedef FAKE_ULONG ULONG;
typedef int BOOL;
typedef unsigned char BYTE;

#if FAKE_PACKED
#pragma pack(push, 1)
#endif
typedef struct {
    BYTE version[2];
    char manufacturer[64], issuer[64], label[32], serial[32];
    BYTE hardware[2], firmware[2];
    ULONG symmetric, asymmetric, hash, authentication, total, space, ecc_max, max;
    BYTE reserved[64];
} DEVINFO;
typedef struct {
    ULONG bits;
    BYTE x[64], y[64];
} ECCPUBLICKEYBLOB;
typedef struct {
    BYTE r[64], s[64];
} ECCSIGNATUREBLOB;
#if FAKE_PACKED
#pragma pack(pop)
#endif

enum { OK_ = 0, FAIL_ = 0x0A000001, PIN_WRONG = 0x0A000024, PIN_LOCKED = 0x0A000025, SMALL = 0x0A000020,
       NOT_LOGGED_IN = 0x0A00002D, NOT_THERE = 0x0A00001C };

static char token; /* what all handles point to */
static int logged_in;

/* The file's content; its length, 0 where there is none. */
static size_t load(const char *name, void *into, size_t room)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", getenv("HUFU_FAKE_SKF"), name);
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    size_t n = fread(into, 1, room, f);
    fclose(f);
    return n;
}

static int mode_is(const char *mode)
{
    char now[32] = { 0 };
    load("mode", now, sizeof now - 1);
    return strcmp(now, mode) == 0;
}

static void misbehave(void)
{
    if (mode_is("crash")) raise(SIGSEGV);
    if (mode_is("exit")) exit(0);
    while (mode_is("hang")) sleep(1);
    if (mode_is("noise")) {
        for (int i = 0; i < 1000; i++) puts("a library that talks on standard output");
        fflush(stdout);
    }
}

struct pin {
    int tries, preset;
    char text[32];
};

static struct pin load_pin(void)
{
    struct pin pin = { 6, 0, "" };
    char text[64] = { 0 };
    load("pin", text, sizeof text - 1);
    sscanf(text, "%d %d %31s", &pin.tries, &pin.preset, pin.text);
    return pin;
}

static void save_pin(const struct pin *pin)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/pin", getenv("HUFU_FAKE_SKF"));
    FILE *f = fopen(path, "wb");
    if (!f) abort();
    fprintf(f, "%d %d %s", pin->tries, pin->preset, pin->text);
    fclose(f);
}

static ULONG check_pin(const char *text, struct pin *pin, ULONG *left)
{
    *pin = load_pin();
    if (pin->tries == 0) return PIN_LOCKED;
    int right = strcmp(text, pin->text) == 0;
    pin->tries = right ? 6 : pin->tries - 1;
    save_pin(pin);
    *left = (ULONG)pin->tries;
    return right ? OK_ : PIN_WRONG;
}

static ULONG put(const void *what, size_t len, void *into, ULONG *size)
{
    ULONG room = *size;
    *size = (ULONG)len;
    if (!into) return OK_;
    if (room < len) return SMALL;
    memcpy(into, what, len);
    return OK_;
}

#define EXPORT __attribute__((visibility("default"))) ULONG

EXPORT SKF_EnumDev(BOOL present, char *names, ULONG *size);
EXPORT SKF_EnumDev(BOOL present, char *names, ULONG *size)
{
    misbehave();
    return put("Fake Token 0\0", 14, names, size);
}

EXPORT SKF_ConnectDev(char *name, void **device);
EXPORT SKF_ConnectDev(char *name, void **device)
{
    if (strcmp(name, "Fake Token 0") != 0) return FAIL_;
    *device = &token;
    return OK_;
}

EXPORT SKF_DisConnectDev(void *device);
EXPORT SKF_DisConnectDev(void *device)
{
    logged_in = 0;
    return OK_;
}

EXPORT SKF_GetDevInfo(void *device, DEVINFO *info);
EXPORT SKF_GetDevInfo(void *device, DEVINFO *info)
{
    if (mode_is("no-info")) return OK_;
    /* The gap of the natural layout stays as it was: compilers do the same with assignments. */
    memset(info, 0, offsetof(DEVINFO, symmetric) - (FAKE_PACKED ? 0 : 2));
    info->version[0] = 1;
    memcpy(info->manufacturer, "\xB2\xE2\xCA\xD4", 4); /* 测试 in GBK */
    strncpy(info->label, "fake", sizeof info->label);
    snprintf(info->serial, sizeof info->serial, "FAKE%d%d", (int)sizeof(ULONG), FAKE_PACKED);
    info->symmetric = 0x401 | 0x402;
    info->asymmetric = 0x20200 | 0x20800;
    info->hash = 1;
    info->authentication = 0x401;
    info->total = 131072;
    info->space = 65536;
    info->ecc_max = 256;
    info->max = 4096;
    memset(info->reserved, 0, sizeof info->reserved);
    return OK_;
}

EXPORT SKF_EnumApplication(void *device, char *names, ULONG *size);
EXPORT SKF_EnumApplication(void *device, char *names, ULONG *size)
{
    return put("EMPTY\0APP\0", 11, names, size);
}

EXPORT SKF_OpenApplication(void *device, char *name, void **application);
EXPORT SKF_OpenApplication(void *device, char *name, void **application)
{
    static char empty;
    *application = strcmp(name, "APP") == 0 ? &token : &empty;
    return OK_;
}

EXPORT SKF_CloseApplication(void *application);
EXPORT SKF_CloseApplication(void *application)
{
    return OK_;
}

EXPORT SKF_GetPINInfo(void *application, ULONG type, ULONG *max, ULONG *left, BOOL *preset);
EXPORT SKF_GetPINInfo(void *application, ULONG type, ULONG *max, ULONG *left, BOOL *preset)
{
    struct pin pin = load_pin();
    *max = 6;
    *left = (ULONG)pin.tries;
    *preset = pin.preset;
    return OK_;
}

EXPORT SKF_VerifyPIN(void *application, ULONG type, char *text, ULONG *left);
EXPORT SKF_VerifyPIN(void *application, ULONG type, char *text, ULONG *left)
{
    struct pin pin;
    ULONG r = check_pin(text, &pin, left);
    logged_in = r == OK_;
    return r;
}

EXPORT SKF_ChangePIN(void *application, ULONG type, char *old, char *fresh, ULONG *left);
EXPORT SKF_ChangePIN(void *application, ULONG type, char *old, char *fresh, ULONG *left)
{
    struct pin pin;
    ULONG r = check_pin(old, &pin, left);
    if (r != OK_) return r;
    pin.preset = 0;
    snprintf(pin.text, sizeof pin.text, "%s", fresh);
    save_pin(&pin);
    return OK_;
}

EXPORT SKF_ClearSecureState(void *application);
EXPORT SKF_ClearSecureState(void *application)
{
    logged_in = 0;
    return OK_;
}

EXPORT SKF_EnumContainer(void *application, char *names, ULONG *size);
EXPORT SKF_EnumContainer(void *application, char *names, ULONG *size)
{
    return application == &token ? put("OLD\0C1\0", 8, names, size) : put("\0", 2, names, size);
}

EXPORT SKF_OpenContainer(void *application, char *name, void **container);
EXPORT SKF_OpenContainer(void *application, char *name, void **container)
{
    static char old;
    *container = strcmp(name, "C1") == 0 ? &token : &old;
    return OK_;
}

EXPORT SKF_CloseContainer(void *container);
EXPORT SKF_CloseContainer(void *container)
{
    return OK_;
}

EXPORT SKF_ExportCertificate(void *container, BOOL signing, BYTE *der, ULONG *size);
EXPORT SKF_ExportCertificate(void *container, BOOL signing, BYTE *der, ULONG *size)
{
    BYTE content[4096];
    size_t len = load("certificate", content, sizeof content);
    return signing && container == &token && len ? put(content, len, der, size) : NOT_THERE;
}

static void load_key(struct sm2_private *key)
{
    BYTE d[SM2_KEY_SIZE];
    if (load("key", d, sizeof d) != sizeof d || failed(sm2_private_init(key, d))) abort();
}

EXPORT SKF_ExportPublicKey(void *container, BOOL signing, BYTE *blob, ULONG *size);
EXPORT SKF_ExportPublicKey(void *container, BOOL signing, BYTE *blob, ULONG *size)
{
    struct sm2_private key;
    load_key(&key);
    ECCPUBLICKEYBLOB out = { .bits = 256 };
    memcpy(out.x + 32, key.public.point, 32);
    memcpy(out.y + 32, key.public.point + 32, 32);
    return put(&out, sizeof out, blob, size);
}

EXPORT SKF_ECCSignData(void *container, BYTE *digest, ULONG size, ECCSIGNATUREBLOB *signature);
EXPORT SKF_ECCSignData(void *container, BYTE *digest, ULONG size, ECCSIGNATUREBLOB *signature)
{
    struct sm2_private key;
    struct drbg drbg;
    BYTE seed[DRBG_ENTROPY_MIN], rs[SM2_SIGNATURE_SIZE];
    if (!logged_in) return NOT_LOGGED_IN;
    load_key(&key);
    random_fill(seed, sizeof seed);
    drbg_init(&drbg, BYTES(seed), (struct bytes){ 0 }, (struct bytes){ 0 });
    if (size != 32 || failed(sm2_sign_digest(&key, digest, &drbg, rs))) return FAIL_;
    if (mode_is("wrong-signature")) rs[0] ^= 1;
    memset(signature, 0, sizeof *signature);
    memcpy(signature->r + 32, rs, 32);
    memcpy(signature->s + 32, rs + 32, 32);
    return OK_;
}
