/* libhufu-skf as makers with another ABI would have built it: SHIM_ULONG is their ULONG, SHIM_PACKED whether they pack
 * structures. Each function hands on to the real library (HUFU_SHIM_LIBRARY), after turning its arguments into that one's
 * layout. None of our headers is included. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef SHIM_ULONG U;
typedef uint32_t R; /* the real one's */
typedef void *H;

#if SHIM_PACKED
#pragma pack(push, 1)
#endif
struct info {
    uint8_t version[2];
    char manufacturer[64], issuer[64], label[32], serial[32];
    uint8_t versions[4];
    U numbers[8];
    uint8_t reserved[64];
};
struct public_key {
    U bits;
    uint8_t xy[128];
};
struct private_key {
    U bits;
    uint8_t d[64];
};
struct cipher {
    uint8_t xy[128], hash[32];
    U len;
    uint8_t data[1];
};
struct envelope {
    U version, algorithm, bits;
    uint8_t key[64];
    struct public_key public;
    struct cipher cipher;
};
struct parameters {
    uint8_t iv[32];
    U iv_len, padding, feed;
};
struct attribute {
    char name[32];
    U numbers[3];
};
#if SHIM_PACKED
#pragma pack(pop)
#endif

#pragma pack(push, 1)
struct real_info {
    uint8_t version[2];
    char manufacturer[64], issuer[64], label[32], serial[32];
    uint8_t versions[4];
    R numbers[8];
    uint8_t reserved[64];
};
struct real_public {
    R bits;
    uint8_t xy[128];
};
struct real_private {
    R bits;
    uint8_t d[64];
};
struct real_cipher {
    uint8_t xy[128], hash[32];
    R len;
    uint8_t data[4096];
};
struct real_envelope {
    R version, algorithm, bits;
    uint8_t key[64];
    struct real_public public;
    uint8_t xy[128], hash[32];
    R len;
    uint8_t data[16];
};
struct real_parameters {
    uint8_t iv[32];
    R iv_len, padding, feed;
};
struct real_attribute {
    char name[32];
    R numbers[3];
};
#pragma pack(pop)

static void (*real(const char *name))(void)
{
    static void *library;
    void *found;
    void (*function)(void);
    if (!library) library = dlopen(getenv("HUFU_SHIM_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
    found = library ? dlsym(library, name) : NULL;
    if (!found) abort();
    memcpy(&function, &found, sizeof function);
    return function;
}

#define REAL(name, types, ...) ((R(*) types)real("SKF_" #name))(__VA_ARGS__)

/* A number that goes in and comes out. */
struct number {
    R value, *pointer;
};
static struct number in(const U *given)
{
    struct number n = { given ? (R)*given : 0, NULL };
    return n;
}
static R *at(struct number *n, const U *given)
{
    return given ? &n->value : NULL;
}
static U out(U *given, const struct number *n, R sar)
{
    if (given) *given = n->value;
    return sar;
}

static struct real_public public_of(const struct public_key *k)
{
    struct real_public r = { (R)k->bits, { 0 } };
    memcpy(r.xy, k->xy, sizeof r.xy);
    return r;
}
static void public_to(const struct real_public *r, struct public_key *k)
{
    k->bits = r->bits;
    memcpy(k->xy, r->xy, sizeof k->xy);
}
static void cipher_of(const struct cipher *c, struct real_cipher *r)
{
    memcpy(r->xy, c->xy, sizeof r->xy);
    memcpy(r->hash, c->hash, sizeof r->hash);
    r->len = (R)c->len;
    memcpy(r->data, (const uint8_t *)c + offsetof(struct cipher, data), c->len);
}
static void cipher_to(const struct real_cipher *r, struct cipher *c)
{
    memcpy(c->xy, r->xy, sizeof c->xy);
    memcpy(c->hash, r->hash, sizeof c->hash);
    c->len = r->len;
    memcpy((uint8_t *)c + offsetof(struct cipher, data), r->data, r->len);
}
static struct real_parameters parameters_of(const struct parameters *p)
{
    struct real_parameters r = { { 0 }, (R)p->iv_len, (R)p->padding, (R)p->feed };
    memcpy(r.iv, p->iv, sizeof r.iv);
    return r;
}

/* ---- functions with nothing but handles and values ---- */
U SKF_CancelWaitForDevEvent(void) { return REAL(CancelWaitForDevEvent, (void)); }
U SKF_ConnectDev(char *name, H *device) { return REAL(ConnectDev, (char *, H *), name, device); }
U SKF_DisConnectDev(H d) { return REAL(DisConnectDev, (H), d); }
U SKF_SetLabel(H d, char *label) { return REAL(SetLabel, (H, char *), d, label); }
U SKF_LockDev(H d, U ms) { return REAL(LockDev, (H, R), d, (R)ms); }
U SKF_UnlockDev(H d) { return REAL(UnlockDev, (H), d); }
U SKF_ChangeDevAuthKey(H d, void *key, U len) { return REAL(ChangeDevAuthKey, (H, void *, R), d, key, (R)len); }
U SKF_DevAuth(H d, void *data, U len) { return REAL(DevAuth, (H, void *, R), d, data, (R)len); }
U SKF_ClearSecureState(H a) { return REAL(ClearSecureState, (H), a); }
U SKF_DeleteApplication(H d, char *name) { return REAL(DeleteApplication, (H, char *), d, name); }
U SKF_OpenApplication(H d, char *name, H *a) { return REAL(OpenApplication, (H, char *, H *), d, name, a); }
U SKF_CloseApplication(H a) { return REAL(CloseApplication, (H), a); }
U SKF_DeleteFile(H a, char *name) { return REAL(DeleteFile, (H, char *), a, name); }
U SKF_CreateContainer(H a, char *name, H *c) { return REAL(CreateContainer, (H, char *, H *), a, name, c); }
U SKF_DeleteContainer(H a, char *name) { return REAL(DeleteContainer, (H, char *), a, name); }
U SKF_OpenContainer(H a, char *name, H *c) { return REAL(OpenContainer, (H, char *, H *), a, name, c); }
U SKF_CloseContainer(H c) { return REAL(CloseContainer, (H), c); }
U SKF_GenRandom(H d, void *into, U len) { return REAL(GenRandom, (H, void *, R), d, into, (R)len); }
U SKF_CloseHandle(H h) { return REAL(CloseHandle, (H), h); }
U SKF_CreateFile(H a, char *name, U size, U read, U write)
{
    return REAL(CreateFile, (H, char *, R, R, R), a, name, (R)size, (R)read, (R)write);
}
U SKF_WriteFile(H a, char *name, U offset, void *data, U len)
{
    return REAL(WriteFile, (H, char *, R, void *, R), a, name, (R)offset, data, (R)len);
}
U SKF_CreateApplication(H d, char *name, char *admin, uint32_t tries, char *user, uint32_t user_tries, uint32_t rights, H *a)
{
    return REAL(CreateApplication, (H, char *, char *, R, char *, R, R, H *), d, name, admin, tries, user, user_tries,
                rights, a);
}
U SKF_ImportCertificate(H c, int sign, void *der, U len)
{
    return REAL(ImportCertificate, (H, int, void *, R), c, sign, der, (R)len);
}
U SKF_ECCSignData(H c, void *digest, U len, void *signature)
{
    return REAL(ECCSignData, (H, void *, R, void *), c, digest, (R)len, signature);
}
U SKF_SetSymmKey(H d, void *key, U algorithm, H *h)
{
    return REAL(SetSymmKey, (H, void *, R, H *), d, key, (R)algorithm, h);
}
U SKF_DigestUpdate(H h, void *data, U len) { return REAL(DigestUpdate, (H, void *, R), h, data, (R)len); }
U SKF_MacUpdate(H h, void *data, U len) { return REAL(MacUpdate, (H, void *, R), h, data, (R)len); }
U SKF_GenExtRSAKey(H d, U bits, void *blob) { return REAL(GenExtRSAKey, (H, R, void *), d, (R)bits, blob); }
U SKF_GenRSAKeyPair(H c, U bits, void *blob) { return REAL(GenRSAKeyPair, (H, R, void *), c, (R)bits, blob); }

/* ---- numbers that come out ---- */
#define NUMBER(n, given) struct number n = in(given)
U SKF_EnumDev(int present, char *names, U *size)
{
    NUMBER(n, size);
    return out(size, &n, REAL(EnumDev, (int, char *, R *), present, names, at(&n, size)));
}
U SKF_WaitForDevEvent(char *name, U *len, U *event)
{
    NUMBER(n, len);
    NUMBER(e, event);
    R sar = REAL(WaitForDevEvent, (char *, R *, R *), name, at(&n, len), at(&e, event));
    out(event, &e, sar);
    return out(len, &n, sar);
}
U SKF_GetDevState(char *name, U *state)
{
    NUMBER(n, state);
    return out(state, &n, REAL(GetDevState, (char *, R *), name, at(&n, state)));
}
U SKF_Transmit(H d, void *command, U len, void *answer, U *answer_len)
{
    NUMBER(n, answer_len);
    return out(answer_len, &n, REAL(Transmit, (H, void *, R, void *, R *), d, command, (R)len, answer, at(&n, answer_len)));
}
U SKF_ChangePIN(H a, U type, char *old, char *fresh, U *left)
{
    NUMBER(n, left);
    return out(left, &n, REAL(ChangePIN, (H, R, char *, char *, R *), a, (R)type, old, fresh, at(&n, left)));
}
U SKF_GetPINInfo(H a, U type, U *max, U *left, long *initial)
{
    NUMBER(m, max);
    NUMBER(l, left);
    int32_t i = 0;
    R sar = REAL(GetPINInfo, (H, R, R *, R *, int32_t *), a, (R)type, at(&m, max), at(&l, left), initial ? &i : NULL);
    if (initial) *initial = i;
    out(max, &m, sar);
    return out(left, &l, sar);
}
U SKF_VerifyPIN(H a, U type, char *pin, U *left)
{
    NUMBER(n, left);
    return out(left, &n, REAL(VerifyPIN, (H, R, char *, R *), a, (R)type, pin, at(&n, left)));
}
U SKF_UnblockPIN(H a, char *admin, char *fresh, U *left)
{
    NUMBER(n, left);
    return out(left, &n, REAL(UnblockPIN, (H, char *, char *, R *), a, admin, fresh, at(&n, left)));
}
#define LIST(name)                                                                                \
    U SKF_##name(H h, void *into, U *size)                                                        \
    {                                                                                             \
        NUMBER(n, size);                                                                          \
        return out(size, &n, REAL(name, (H, void *, R *), h, into, at(&n, size)));                \
    }
LIST(EnumApplication)
LIST(EnumFiles)
LIST(EnumContainer)
LIST(EncryptFinal)
LIST(DecryptFinal)
LIST(DigestFinal)
LIST(MacFinal)
#define PASS(name)                                                                                               \
    U SKF_##name(H h, void *data, U len, void *into, U *size)                                                    \
    {                                                                                                            \
        NUMBER(n, size);                                                                                         \
        return out(size, &n, REAL(name, (H, void *, R, void *, R *), h, data, (R)len, into, at(&n, size)));      \
    }
PASS(Encrypt)
PASS(EncryptUpdate)
PASS(Decrypt)
PASS(DecryptUpdate)
PASS(Digest)
PASS(Mac)
PASS(RSASignData)
U SKF_ReadFile(H a, char *name, U offset, U size, void *into, U *len)
{
    NUMBER(n, len);
    return out(len, &n, REAL(ReadFile, (H, char *, R, R, void *, R *), a, name, (R)offset, (R)size, into, at(&n, len)));
}
U SKF_GetContainerType(H c, U *type)
{
    NUMBER(n, type);
    return out(type, &n, REAL(GetContainerType, (H, R *), c, at(&n, type)));
}
U SKF_ExportCertificate(H c, int sign, void *der, U *len)
{
    NUMBER(n, len);
    return out(len, &n, REAL(ExportCertificate, (H, int, void *, R *), c, sign, der, at(&n, len)));
}

/* ---- structures ---- */
U SKF_GetDevInfo(H d, struct info *info)
{
    struct real_info r;
    R sar = REAL(GetDevInfo, (H, void *), d, info ? &r : NULL);
    if (sar) return sar;
    memset(info, 0, sizeof *info);
    memcpy(info->version, r.version, 2 + 64 + 64 + 32 + 32 + 4);
    for (int i = 0; i < 8; i++) info->numbers[i] = r.numbers[i];
    return sar;
}
U SKF_GetFileInfo(H a, char *name, struct attribute *attribute)
{
    struct real_attribute r;
    R sar = REAL(GetFileInfo, (H, char *, void *), a, name, &r);
    if (sar) return sar;
    memcpy(attribute->name, r.name, sizeof r.name);
    for (int i = 0; i < 3; i++) attribute->numbers[i] = r.numbers[i];
    return sar;
}
U SKF_GenECCKeyPair(H c, U algorithm, struct public_key *key)
{
    struct real_public r;
    R sar = REAL(GenECCKeyPair, (H, R, void *), c, (R)algorithm, &r);
    if (!sar) public_to(&r, key);
    return sar;
}
U SKF_ExportPublicKey(H c, int sign, struct public_key *key, U *len)
{
    struct real_public r;
    R size = sizeof r, sar = REAL(ExportPublicKey, (H, int, void *, R *), c, sign, key ? &r : NULL, &size);
    if (!sar && key && *len < sizeof *key) sar = 0x0A000020;
    if (!sar && key) public_to(&r, key);
    if (!sar) *len = sizeof *key;
    return sar;
}
U SKF_ImportECCKeyPair(H c, struct envelope *e)
{
    struct real_envelope r = { (R)e->version, (R)e->algorithm, (R)e->bits, { 0 }, public_of(&e->public), { 0 }, { 0 }, 16,
                               { 0 } };
    memcpy(r.key, e->key, sizeof r.key);
    memcpy(r.xy, e->cipher.xy, sizeof r.xy);
    memcpy(r.hash, e->cipher.hash, sizeof r.hash);
    memcpy(r.data, (uint8_t *)&e->cipher + offsetof(struct cipher, data), 16);
    return REAL(ImportECCKeyPair, (H, void *), c, &r);
}
#define VERIFY(name)                                                                                      \
    U SKF_##name(H d, struct public_key *key, void *digest, U len, void *signature)                       \
    {                                                                                                     \
        struct real_public r = public_of(key);                                                            \
        return REAL(name, (H, void *, void *, R, void *), d, &r, digest, (R)len, signature);              \
    }
VERIFY(ECCVerify)
VERIFY(ExtECCVerify)
static struct real_private private_of(const struct private_key *k)
{
    struct real_private r = { (R)k->bits, { 0 } };
    memcpy(r.d, k->d, sizeof r.d);
    return r;
}
U SKF_ExtECCSign(H d, struct private_key *key, void *digest, U len, void *signature)
{
    struct real_private r = private_of(key);
    return REAL(ExtECCSign, (H, void *, void *, R, void *), d, &r, digest, (R)len, signature);
}
U SKF_ExtECCEncrypt(H d, struct public_key *key, void *plain, U len, struct cipher *cipher)
{
    struct real_public r = public_of(key);
    struct real_cipher c;
    R sar = REAL(ExtECCEncrypt, (H, void *, void *, R, void *), d, &r, plain, (R)len, &c);
    if (!sar) cipher_to(&c, cipher);
    return sar;
}
U SKF_ExtECCDecrypt(H d, struct private_key *key, struct cipher *cipher, void *plain, U *len)
{
    struct real_private r = private_of(key);
    struct real_cipher c;
    NUMBER(n, len);
    cipher_of(cipher, &c);
    return out(len, &n, REAL(ExtECCDecrypt, (H, void *, void *, void *, R *), d, &r, &c, plain, at(&n, len)));
}
U SKF_ECCExportSessionKey(H c, U algorithm, struct public_key *key, struct cipher *cipher, H *session)
{
    struct real_public r = public_of(key);
    struct real_cipher real_cipher;
    R sar = REAL(ECCExportSessionKey, (H, R, void *, void *, H *), c, (R)algorithm, &r, &real_cipher, session);
    if (!sar) cipher_to(&real_cipher, cipher);
    return sar;
}
U SKF_ImportSessionKey(H c, U algorithm, struct cipher *cipher, U len, H *session)
{
    struct real_cipher r;
    if (len < offsetof(struct cipher, data) + 16) return 0x0A000010;
    cipher_of(cipher, &r);
    return REAL(ImportSessionKey, (H, R, void *, R, H *), c, (R)algorithm, &r, (R)(164 + r.len), session);
}
U SKF_GenerateAgreementDataWithECC(H c, U algorithm, struct public_key *temp, void *id, U len, H *agreement)
{
    struct real_public r;
    R sar = REAL(GenerateAgreementDataWithECC, (H, R, void *, void *, R, H *), c, (R)algorithm, &r, id, (R)len, agreement);
    if (!sar) public_to(&r, temp);
    return sar;
}
U SKF_GenerateAgreementDataAndKeyWithECC(H c, U algorithm, struct public_key *sponsor, struct public_key *sponsor_temp,
                                         struct public_key *temp, void *id, U len, void *sponsor_id, U sponsor_len, H *key)
{
    struct real_public a = public_of(sponsor), b = public_of(sponsor_temp), r;
    R sar = REAL(GenerateAgreementDataAndKeyWithECC, (H, R, void *, void *, void *, void *, R, void *, R, H *), c,
                 (R)algorithm, &a, &b, &r, id, (R)len, sponsor_id, (R)sponsor_len, key);
    if (!sar) public_to(&r, temp);
    return sar;
}
U SKF_GenerateKeyWithECC(H agreement, struct public_key *pair, struct public_key *temp, void *id, U len, H *key)
{
    struct real_public a = public_of(pair), b = public_of(temp);
    return REAL(GenerateKeyWithECC, (H, void *, void *, void *, R, H *), agreement, &a, &b, id, (R)len, key);
}
U SKF_EncryptInit(H h, struct parameters p)
{
    return REAL(EncryptInit, (H, struct real_parameters), h, parameters_of(&p));
}
U SKF_DecryptInit(H h, struct parameters p)
{
    return REAL(DecryptInit, (H, struct real_parameters), h, parameters_of(&p));
}
U SKF_MacInit(H h, struct parameters *p, H *mac)
{
    struct real_parameters r = parameters_of(p);
    return REAL(MacInit, (H, void *, H *), h, &r, mac);
}
U SKF_DigestInit(H d, U algorithm, struct public_key *key, void *id, U len, H *hash)
{
    struct real_public r;
    if (key) r = public_of(key);
    return REAL(DigestInit, (H, R, void *, void *, R, H *), d, (R)algorithm, key ? &r : NULL, id, (R)len, hash);
}

/* Not reached by a token without RSA. */
U SKF_ImportRSAKeyPair(void) { return 0x0A000003; }
U SKF_RSAVerify(void) { return 0x0A000003; }
U SKF_RSAExportSessionKey(void) { return 0x0A000003; }
U SKF_ExtRSAPubKeyOperation(void) { return 0x0A000003; }
U SKF_ExtRSAPriKeyOperation(void) { return 0x0A000003; }
