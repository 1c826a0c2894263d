/* A program of somebody else: it knows nothing of this project but what GM/T 0016 says (types, structures, numbers and
 * functions are written out below, none of our headers is included) and drives a key from enumeration to a verified
 * signature over a login statement.
 *
 *   skf-program LIBRARY KEYNAME DEVKEY LOGIN      DEVKEY: 16 bytes in hex, the issuer's key of this very token
 *
 * The library is loaded by name, as such programs do. What it prints are its steps; it ends with 0 only if the signature
 * holds, also by its own means: e = SM3(Z ‖ M) comes from SKF_DigestInit with key and identity, and SKF_ECCVerify and a
 * second connection must both agree. The device key is used with a cipher of the token itself (SKF_SetSymmKey). */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint32_t U;
typedef void *H;

#pragma pack(push, 1)
struct devinfo {
    uint8_t version[2];
    char manufacturer[64], issuer[64], label[32], serial[32];
    uint8_t hw[2], firmware[2];
    U sym, asym, hash, dev_auth, total, free, max_ecc, max_buffer;
    uint8_t reserved[64];
};
struct public_key {
    U bits;
    uint8_t x[64], y[64];
};
struct signature {
    uint8_t r[64], s[64];
};
struct block_param {
    uint8_t iv[32];
    U iv_len, padding, feed;
};
#pragma pack(pop)

enum { SM3 = 1, SM4_ECB = 0x401, SM2_SIGN = 0x20200, USER = 1 };
enum { OK = 0, PIN_INCORRECT = 0x0A000024, NOT_LOGGED_IN = 0x0A00002D, CONTAINER_TYPE_ECC = 2 };

static void *library;

/* The function NAME of the library; the program ends when it is not there. */
static void (*function(const char *name))(void)
{
    void *found = dlsym(library, name);
    void (*result)(void);
    if (!found) {
        fprintf(stderr, "%s: not in the library\n", name);
        exit(1);
    }
    memcpy(&result, &found, sizeof result);
    return result;
}

#define CALL(name, types, ...) ((U(*) types)function(name))(__VA_ARGS__)

static void expect(const char *what, U got, U want)
{
    printf("%-28s %08x\n", what, (unsigned)got);
    if (got == want) return;
    fprintf(stderr, "%s: %08x was expected\n", what, (unsigned)want);
    exit(1);
}

static void connect_to(char *name, H *device)
{
    expect("SKF_ConnectDev", CALL("SKF_ConnectDev", (char *, H *), name, device), OK);
}

/* The key NAME must be among those that are plugged in. */
static void enumerate(const char *name)
{
    U len = 0;
    expect("SKF_EnumDev (length)", CALL("SKF_EnumDev", (int, char *, U *), 1, NULL, &len), OK);
    char *list = calloc(1, len ? len : 1);
    expect("SKF_EnumDev", CALL("SKF_EnumDev", (int, char *, U *), 1, list, &len), OK);
    for (const char *at = list; *at; at += strlen(at) + 1)
        if (strncmp(at, name, strlen(name)) == 0) {
            free(list);
            return;
        }
    fprintf(stderr, "%s: not plugged in\n", name);
    exit(1);
}

/* DevAuth: 8 random bytes of the token and 8 zeros, encrypted under the device key. */
static void authenticate(H device, uint8_t key[16])
{
    uint8_t block[16] = { 0 }, sealed[16];
    struct block_param none;
    H handle;
    U len = sizeof sealed;
    memset(&none, 0, sizeof none);
    expect("SKF_SetSymmKey", CALL("SKF_SetSymmKey", (H, uint8_t *, U, H *), device, key, SM4_ECB, &handle), OK);
    expect("SKF_EncryptInit", CALL("SKF_EncryptInit", (H, struct block_param), handle, none), OK);
    expect("SKF_GenRandom", CALL("SKF_GenRandom", (H, uint8_t *, U), device, block, 8), OK);
    expect("SKF_Encrypt", CALL("SKF_Encrypt", (H, uint8_t *, U, uint8_t *, U *), handle, block, 16, sealed, &len), OK);
    expect("SKF_CloseHandle", CALL("SKF_CloseHandle", (H), handle), OK);
    expect("SKF_DevAuth", CALL("SKF_DevAuth", (H, uint8_t *, U), device, sealed, 16), OK);
}

static void log_in(H app, char *pin, char *wrong)
{
    U left = 99, max = 0, remain = 0;
    int initial[2] = { 0 };
    expect("SKF_VerifyPIN (wrong)", CALL("SKF_VerifyPIN", (H, U, char *, U *), app, USER, wrong, &left), PIN_INCORRECT);
    if (left != 5) exit(1);
    expect("SKF_GetPINInfo", CALL("SKF_GetPINInfo", (H, U, U *, U *, int *), app, USER, &max, &remain, initial), OK);
    if (max != 6 || remain != 5) exit(1);
    expect("SKF_VerifyPIN", CALL("SKF_VerifyPIN", (H, U, char *, U *), app, USER, pin, &left), OK);
}

static void digest(H device, struct public_key *key, const char *text, uint8_t into[32])
{
    uint8_t id[] = "1234567812345678";
    H hash;
    U len = 32;
    expect("SKF_DigestInit",
           CALL("SKF_DigestInit", (H, U, struct public_key *, uint8_t *, U, H *), device, SM3, key, id, 16, &hash), OK);
    expect("SKF_DigestUpdate", CALL("SKF_DigestUpdate", (H, const char *, U), hash, text, (U)strlen(text)), OK);
    expect("SKF_DigestFinal", CALL("SKF_DigestFinal", (H, uint8_t *, U *), hash, into, &len), OK);
    if (len != 32) exit(1);
    expect("SKF_CloseHandle", CALL("SKF_CloseHandle", (H), hash), OK);
}

/* Signs TEXT in a container of its own, and checks that nobody signs without the PIN. */
static void sign(H device, H app, const char *text, struct public_key *key, struct signature *signature)
{
    char name[] = "login";
    uint8_t e[32];
    H container;
    U type = 0, len = sizeof *key;
    expect("SKF_CreateContainer", CALL("SKF_CreateContainer", (H, char *, H *), app, name, &container), OK);
    expect("SKF_GenECCKeyPair",
           CALL("SKF_GenECCKeyPair", (H, U, struct public_key *), container, SM2_SIGN, key), OK);
    expect("SKF_GetContainerType", CALL("SKF_GetContainerType", (H, U *), container, &type), OK);
    if (type != CONTAINER_TYPE_ECC) exit(1);
    struct public_key again;
    expect("SKF_ExportPublicKey",
           CALL("SKF_ExportPublicKey", (H, int, void *, U *), container, 1, &again, &len), OK);
    if (memcmp(&again, key, sizeof again) != 0) exit(1);
    digest(device, key, text, e);
    expect("SKF_ECCSignData",
           CALL("SKF_ECCSignData", (H, uint8_t *, U, struct signature *), container, e, 32, signature), OK);
    expect("SKF_ClearSecureState", CALL("SKF_ClearSecureState", (H), app), OK);
    struct signature none;
    expect("SKF_ECCSignData (no PIN)",
           CALL("SKF_ECCSignData", (H, uint8_t *, U, struct signature *), container, e, 32, &none), NOT_LOGGED_IN);
}

static void verify(H device, const char *text, struct public_key *key, struct signature *signature)
{
    uint8_t e[32];
    digest(device, key, text, e);
    expect("SKF_ECCVerify", CALL("SKF_ECCVerify", (H, struct public_key *, uint8_t *, U, struct signature *), device,
                                 key, e, 32, signature), OK);
    e[0] ^= 1;
    U sar = CALL("SKF_ECCVerify", (H, struct public_key *, uint8_t *, U, struct signature *), device, key, e, 32,
                 signature);
    if (sar == OK) exit(1);
}

static int key_of(const char *hex, uint8_t key[16])
{
    unsigned byte;
    for (int i = 0; i < 16; i++) {
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1) return 0;
        key[i] = (uint8_t)byte;
    }
    return 1;
}

static void print_hex(const char *what, const uint8_t *a, const uint8_t *b)
{
    printf("%s ", what);
    for (int i = 32; i < 64; i++) printf("%02x", a[i]);
    for (int i = 32; i < 64; i++) printf("%02x", b[i]);
    printf("\n");
}

int main(int argc, char **argv)
{
    char app_name[] = "OUTSIDE", admin[] = "731946", pin[] = "824619", wrong[] = "197340";
    uint8_t device_key[16];
    struct devinfo info;
    struct public_key key;
    struct signature signature;
    H device = NULL, second = NULL, app = NULL;
    if (argc != 5 || !key_of(argv[3], device_key)) {
        fprintf(stderr, "usage: skf-program LIBRARY KEYNAME DEVKEY TEXT\n");
        return 2;
    }
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    enumerate(argv[2]);
    connect_to(argv[2], &device);
    expect("SKF_GetDevInfo", CALL("SKF_GetDevInfo", (H, struct devinfo *), device, &info), OK);
    printf("serial %.32s, made by %.64s\n", info.serial, info.manufacturer);
    expect("SKF_LockDev", CALL("SKF_LockDev", (H, U), device, 5000), OK);
    authenticate(device, device_key);
    expect("SKF_CreateApplication",
           CALL("SKF_CreateApplication", (H, char *, char *, U, char *, U, U, H *), device, app_name, admin, 6, pin, 6,
                0x10, &app), OK);
    log_in(app, pin, wrong);
    sign(device, app, argv[4], &key, &signature);
    expect("SKF_UnlockDev", CALL("SKF_UnlockDev", (H), device), OK);
    connect_to(argv[2], &second);
    verify(device, argv[4], &key, &signature);
    verify(second, argv[4], &key, &signature);
    print_hex("public", key.x, key.y);
    print_hex("signature", signature.r, signature.s);
    expect("SKF_DeleteApplication", CALL("SKF_DeleteApplication", (H, char *), device, app_name), OK);
    expect("SKF_DisConnectDev", CALL("SKF_DisConnectDev", (H), second), OK);
    expect("SKF_DisConnectDev", CALL("SKF_DisConnectDev", (H), device), OK);
    printf("verified\n");
    return 0;
}
