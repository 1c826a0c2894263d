/* What the driver encrypts, signs and digests, and the layout of its structures. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "crypto/sm2_exchange.h"
#include "fixture.h"
#include "pki/statement.h"

/* GM/T 0016 with ULONG of 4 bytes, packed. */
static void structures_have_their_published_sizes(void **state)
{
    assert_int_equal(sizeof(ULONG), 4);
    assert_int_equal(sizeof(BOOL), 4);
    assert_int_equal(sizeof(DEVINFO), 294);
    assert_int_equal(offsetof(DEVINFO, AlgSymCap), 198);
    assert_int_equal(sizeof(ECCPUBLICKEYBLOB), 132);
    assert_int_equal(sizeof(ECCPRIVATEKEYBLOB), 68);
    assert_int_equal(sizeof(ECCCIPHERBLOB), 165);
    assert_int_equal(offsetof(ECCCIPHERBLOB, Cipher), 164);
    assert_int_equal(sizeof(ECCSIGNATUREBLOB), 128);
    assert_int_equal(sizeof(ENVELOPEDKEYBLOB), 373);
    assert_int_equal(offsetof(ENVELOPEDKEYBLOB, PubKey), 76);
    assert_int_equal(offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob), 208);
    assert_int_equal(sizeof(BLOCKCIPHERPARAM), 44);
    assert_int_equal(sizeof(FILEATTRIBUTE), 44);
    assert_int_equal(sizeof(RSAPUBLICKEYBLOB), 268);
    assert_int_equal(sizeof(RSAPRIVATEKEYBLOB), 1164);
}

static void device_information(void **state)
{
    struct fixture *f = *state;
    DEVINFO info;
    assert_int_equal(SKF_GetDevInfo(f->device, &info), SAR_OK);
    assert_string_equal(info.SerialNumber, WORLD_SERIAL);
    assert_string_equal(info.Manufacturer, "Maker");
    assert_int_equal(info.AlgHashCap, SGD_SM3);
    assert_int_equal(info.AlgAsymCap & SGD_SM2_1, SGD_SM2_1);
    assert_int_equal(info.DevAuthAlgId, SGD_SM4_ECB);
    assert_int_equal(SKF_GetDevInfo(f->device, NULL), SAR_INVALIDPARAMERR);
}

static void blob_of(const uint8_t point[64], ECCPUBLICKEYBLOB *blob)
{
    memset(blob, 0, sizeof *blob);
    blob->BitLen = 256;
    memcpy(blob->XCoordinate + 32, point, 32);
    memcpy(blob->YCoordinate + 32, point + 32, 32);
}

static void private_blob_of(const struct sm2_private *key, ECCPRIVATEKEYBLOB *blob)
{
    memset(blob, 0, sizeof *blob);
    blob->BitLen = 256;
    sm2_private_bytes(key, blob->PrivateKey + 32);
}

/* The way of every SKF program: digest with Z, sign, verify. */
static void signatures(void **state)
{
    struct fixture *f = *state;
    BYTE id[] = "1234567812345678", message[] = "message", digest[32], expected[32];
    ECCPUBLICKEYBLOB blob;
    ECCSIGNATUREBLOB signature;
    HANDLE hash;
    ULONG len = sizeof digest, blob_len = 0;
    struct sm2_public key;
    fixture_third_party(f);
    assert_int_equal(SKF_ExportPublicKey(f->container, TRUE, NULL, &blob_len), SAR_OK);
    assert_int_equal(blob_len, sizeof blob);
    assert_int_equal(SKF_ExportPublicKey(f->container, TRUE, (BYTE *)&blob, &blob_len), SAR_OK);
    assert_int_equal(SKF_ExportPublicKey(f->container, FALSE, (BYTE *)&blob, &blob_len), SAR_KEYNOTFOUNTERR);
    assert_memory_equal(blob.XCoordinate + 32, f->point, 32);
    assert_int_equal(SKF_DigestInit(f->device, SGD_SM3, &blob, id, 16, &hash), SAR_OK);
    assert_int_equal(SKF_DigestUpdate(hash, message, 3), SAR_OK);
    assert_int_equal(SKF_DigestUpdate(hash, message + 3, 4), SAR_OK);
    assert_int_equal(SKF_DigestFinal(hash, NULL, &len), SAR_OK);
    assert_int_equal(len, 32);
    assert_int_equal(SKF_DigestFinal(hash, digest, &len), SAR_OK);
    assert_int_equal(SKF_DigestUpdate(hash, message, 1), SAR_HASHOBJERR);
    assert_int_equal(SKF_CloseHandle(hash), SAR_OK);
    assert_false(failed(sm2_public_init(&key, f->point)));
    sm2_digest(&key, bytes_of(message, 7), expected);
    assert_memory_equal(digest, expected, 32);
    assert_int_equal(SKF_ECCSignData(f->container, digest, 31, &signature), SAR_INDATALENERR);
    assert_int_equal(SKF_ECCSignData(f->container, digest, 32, &signature), SAR_OK);
    assert_int_equal(SKF_ECCVerify(f->device, &blob, digest, 32, &signature), SAR_OK);
    digest[0] ^= 1;
    assert_int_equal(SKF_ECCVerify(f->device, &blob, digest, 32, &signature), SAR_FAIL);
    digest[0] ^= 1;
    signature.r[0] = 1; /* a number of more than 32 bytes */
    assert_int_equal(SKF_ExtECCVerify(f->device, &blob, digest, 32, &signature), SAR_INDATAERR);
    assert_int_equal(SKF_DigestInit(f->device, 2, NULL, NULL, 0, &hash), SAR_NOTSUPPORTYETERR);
    assert_int_equal(SKF_GenECCKeyPair(f->container, SGD_SM2_3, &blob), SAR_NOTSUPPORTYETERR);
    assert_int_equal(SKF_DigestInit(f->device, SGD_SM3, NULL, NULL, 0, &hash), SAR_OK);
    assert_int_equal(SKF_Digest(hash, id, 0, digest, &len), SAR_OK);
    assert_int_equal(digest[0], 0x1a);
    assert_int_equal(SKF_CloseHandle(hash), SAR_OK);
}

static void keys_from_outside(void **state)
{
    struct fixture *f = *state;
    union {
        ECCCIPHERBLOB blob;
        BYTE room[sizeof(ECCCIPHERBLOB) + 64];
    } cipher;
    BYTE plain[64], digest[32] = { 8 };
    ECCPUBLICKEYBLOB public;
    ECCPRIVATEKEYBLOB private;
    ECCSIGNATUREBLOB signature;
    ULONG len = sizeof plain;
    BYTE text[] = "to be read by one";
    blob_of(f->w->issuing_key.public.point, &public);
    private_blob_of(&f->w->issuing_key, &private);
    assert_int_equal(SKF_ExtECCEncrypt(f->device, &public, text, sizeof text, &cipher.blob), SAR_OK);
    assert_int_equal(cipher.blob.CipherLen, sizeof text);
    assert_int_equal(SKF_ExtECCDecrypt(f->device, &private, &cipher.blob, plain, &len), SAR_OK);
    assert_int_equal(len, sizeof text);
    assert_memory_equal(plain, text, sizeof text);
    cipher.room[170] ^= 1;
    assert_int_equal(SKF_ExtECCDecrypt(f->device, &private, &cipher.blob, plain, &len), SAR_INDATAERR);
    assert_int_equal(SKF_ExtECCSign(f->device, &private, digest, 32, &signature), SAR_OK);
    assert_int_equal(SKF_ExtECCVerify(f->device, &public, digest, 32, &signature), SAR_OK);
    private.PrivateKey[0] = 1;
    assert_int_equal(SKF_ExtECCSign(f->device, &private, digest, 32, &signature), SAR_INDATAERR);
    public.BitLen = 255;
    assert_int_equal(SKF_ExtECCEncrypt(f->device, &public, text, sizeof text, &cipher.blob), SAR_MODULUSLENERR);
    assert_int_equal(SKF_ExtECCEncrypt(f->device, NULL, text, sizeof text, &cipher.blob), SAR_INVALIDPARAMERR);
}

/* ---- session keys and ciphers ---- */

static void ciphers(void **state)
{
    struct fixture *f = *state;
    static const ULONG modes[] = { SGD_SM4_ECB, SGD_SM4_CBC, SGD_SM4_CFB, SGD_SM4_OFB };
    static BYTE data[10001], sealed[10016], back[10016];
    BYTE key[16] = { 3 };
    BLOCKCIPHERPARAM p = { .IV = { 1, 2, 3 }, .IVLen = 16, .PaddingType = 1 };
    for (size_t i = 0; i < sizeof data; i++) data[i] = (BYTE)(i * 3);
    for (size_t m = 0; m < COUNT(modes); m++) {
        HANDLE h;
        ULONG len = 0, got = sizeof back;
        assert_int_equal(SKF_SetSymmKey(f->device, key, modes[m], &h), SAR_OK);
        assert_int_equal(SKF_EncryptInit(h, p), SAR_OK);
        assert_int_equal(SKF_Encrypt(h, data, sizeof data, NULL, &len), SAR_OK);
        assert_int_equal(len, m < 2 ? 10016 : 10001);
        len--;
        assert_int_equal(SKF_Encrypt(h, data, sizeof data, sealed, &len), SAR_BUFFER_TOO_SMALL);
        assert_int_equal(SKF_Encrypt(h, data, sizeof data, sealed, &len), SAR_OK);
        assert_int_equal(SKF_DecryptInit(h, p), SAR_OK);
        assert_int_equal(SKF_Decrypt(h, sealed, len, back, &got), SAR_OK);
        assert_int_equal(got, sizeof data);
        assert_memory_equal(back, data, sizeof data);
        assert_int_equal(SKF_DecryptInit(h, p), SAR_OK); /* in pieces, with just enough room */
        ULONG total = 0;
        for (ULONG at = 0; at < len; at += 1000) {
            ULONG take = len - at < 1000 ? len - at : 1000;
            got = (ULONG)sizeof back - total;
            assert_int_equal(SKF_DecryptUpdate(h, sealed + at, take, back + total, &got), SAR_OK);
            total += got;
        }
        got = (ULONG)sizeof data - total;
        assert_int_equal(SKF_DecryptFinal(h, back + total, &got), SAR_OK);
        assert_int_equal(total + got, sizeof data);
        assert_memory_equal(back, data, sizeof data);
        assert_int_equal(SKF_CloseHandle(h), SAR_OK);
    }
    HANDLE h;
    ULONG len = sizeof back;
    assert_int_equal(SKF_SetSymmKey(f->device, key, 0x101, &h), SAR_NOTSUPPORTYETERR); /* SM1 */
    assert_int_equal(SKF_SetSymmKey(f->device, key, SGD_SM4_CBC, &h), SAR_OK);
    assert_int_equal(SKF_Encrypt(h, data, 16, back, &len), SAR_OBJERR); /* not begun */
    p.IVLen = 33;
    assert_int_equal(SKF_EncryptInit(h, p), SAR_INVALIDPARAMERR);
    p.IVLen = 16;
    p.PaddingType = 0;
    assert_int_equal(SKF_EncryptInit(h, p), SAR_OK);
    assert_int_equal(SKF_Encrypt(h, data, 15, back, &len), SAR_INDATALENERR);
}

static void macs(void **state)
{
    struct fixture *f = *state;
    BYTE key[16] = { 3 }, data[64] = { 9 }, mac[16], chained[64], iv[16] = { 0 };
    BLOCKCIPHERPARAM p = { .IVLen = 16 };
    HANDLE h, m;
    ULONG len = sizeof mac;
    struct sm4 sm4;
    sm4_init(&sm4, key);
    sm4_cbc_encrypt(&sm4, iv, data, sizeof data, chained);
    assert_int_equal(SKF_SetSymmKey(f->device, key, SGD_SM4_MAC, &h), SAR_OK);
    assert_int_equal(SKF_MacInit(h, &p, &m), SAR_OK);
    assert_int_equal(SKF_Mac(m, data, sizeof data, mac, &len), SAR_OK);
    assert_memory_equal(mac, chained + 48, 16);
    assert_int_equal(SKF_CloseHandle(m), SAR_OK);
    assert_int_equal(SKF_MacInit(h, &p, &m), SAR_OK);
    assert_int_equal(SKF_MacUpdate(m, data, 10), SAR_OK);
    assert_int_equal(SKF_MacUpdate(m, data + 10, 54), SAR_OK);
    len = 15;
    assert_int_equal(SKF_MacFinal(m, mac, &len), SAR_BUFFER_TOO_SMALL);
    assert_int_equal(SKF_MacFinal(m, mac, &len), SAR_OK);
    assert_memory_equal(mac, chained + 48, 16);
    assert_int_equal(SKF_MacUpdate(h, data, 1), SAR_INVALIDHANDLEERR);
}

/* R-PKI-2: the encryption pair comes enveloped; what is encrypted to it is read in the key, with the PIN. */
static void r_pki_2_envelopes(void **state)
{
    struct fixture *f = *state;
    union {
        ECCCIPHERBLOB blob;
        BYTE room[sizeof(ECCCIPHERBLOB) + 64];
    } cipher;
    union {
        ENVELOPEDKEYBLOB blob;
        BYTE room[ENVELOPED_KEY_SIZE];
    } envelope;
    BYTE text[] = "for the holder", plain[64], block[16] = { 4 }, a[16], b[16];
    ECCPUBLICKEYBLOB public;
    HANDLE mine, theirs;
    ULONG len = sizeof plain, len_a = 16, len_b = 16;
    BLOCKCIPHERPARAM p = { .IVLen = 0 };
    fixture_third_party(f);
    world_envelope(f->w, f->point, envelope.room);
    envelope.blob.PubKey.XCoordinate[40] ^= 1;
    assert_int_equal(SKF_ImportECCKeyPair(f->container, &envelope.blob), SAR_INDATAERR);
    envelope.blob.PubKey.XCoordinate[40] ^= 1;
    assert_int_equal(SKF_ImportECCKeyPair(f->container, &envelope.blob), SAR_OK);
    blob_of(f->w->encryption_key.public.point, &public);
    assert_int_equal(SKF_ExtECCEncrypt(f->device, &public, text, sizeof text, &cipher.blob), SAR_OK);
    assert_int_equal(SKF_ECCDecrypt(f->container, &cipher.blob, plain, &len), SAR_OK);
    assert_memory_equal(plain, text, sizeof text);
    /* a session key exported for that very pair and taken in again is the same key */
    assert_int_equal(SKF_ECCExportSessionKey(f->container, SGD_SM4_ECB, &public, &cipher.blob, &mine), SAR_OK);
    assert_int_equal(SKF_ImportSessionKey(f->container, SGD_SM4_ECB, cipher.room, sizeof(ECCCIPHERBLOB) + 15, &theirs),
                     SAR_OK);
    assert_int_equal(SKF_EncryptInit(mine, p), SAR_OK);
    assert_int_equal(SKF_EncryptInit(theirs, p), SAR_OK);
    assert_int_equal(SKF_Encrypt(mine, block, 16, a, &len_a), SAR_OK);
    assert_int_equal(SKF_Encrypt(theirs, block, 16, b, &len_b), SAR_OK);
    assert_memory_equal(a, b, 16);
    assert_int_equal(SKF_ImportSessionKey(f->container, SGD_SM4_ECB, cipher.room, 20, &theirs), SAR_INDATALENERR);
    assert_int_equal(SKF_ClearSecureState(f->app), SAR_OK);
    assert_int_equal(SKF_ECCDecrypt(f->container, &cipher.blob, plain, &len), SAR_USER_NOT_LOGGED_IN);
}

static void check_attested(struct fixture *f, const uint8_t *point, const uint8_t *attestation)
{
    const char *text;
    struct attest_statement s = { WORLD_SERIAL, "C", text_hex(f->w->arena, bytes_of(point, HUFU_POINT_LEN)) };
    assert_false(failed(statement_write(&attest_encryption_shape, &s, f->w->arena, &text)));
    assert_false(failed(sm2_verify(&f->w->own_key.public, bytes_text(text), attestation)));
}

/* R-PKI-2: a custodian's pair is made inside, once, and the card says so; it is read with the PIN alone. */
static void r_pki_2_an_encryption_pair_made_inside(void **state)
{
    struct fixture *f = *state;
    union {
        ECCCIPHERBLOB blob;
        BYTE room[sizeof(ECCCIPHERBLOB) + 64];
    } cipher;
    BYTE text[] = "for the custodian", plain[64], point[HUFU_POINT_LEN], attestation[HUFU_SIGNATURE_LEN];
    ECCPUBLICKEYBLOB public, told;
    ULONG len = sizeof plain, told_len = sizeof told;
    fixture_third_party(f);
    assert_int_equal(HUFU_GenEncryptionKeyPair(f->container, NULL, attestation), SAR_INVALIDPARAMERR);
    assert_int_equal(SKF_ClearSecureState(f->app), SAR_OK);
    assert_int_equal(HUFU_GenEncryptionKeyPair(f->container, point, attestation), SAR_USER_NOT_LOGGED_IN);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, NULL), SAR_OK);
    assert_int_equal(HUFU_GenEncryptionKeyPair(f->container, point, attestation), SAR_OK);
    check_attested(f, point, attestation);
    assert_memory_not_equal(point, f->point, sizeof point);
    assert_int_equal(SKF_ExportPublicKey(f->container, FALSE, (BYTE *)&told, &told_len), SAR_OK);
    blob_of(point, &public);
    assert_memory_equal(&told, &public, sizeof public);
    assert_int_equal(SKF_ExtECCEncrypt(f->device, &public, text, sizeof text, &cipher.blob), SAR_OK);
    assert_int_equal(SKF_ECCDecrypt(f->container, &cipher.blob, plain, &len), SAR_OK);
    assert_memory_equal(plain, text, sizeof text);
    assert_int_equal(HUFU_GenEncryptionKeyPair(f->container, point, attestation), SAR_FAIL);
    check_attested(f, point, attestation); /* untouched */
    cipher.blob.HASH[0] ^= 1;
    assert_int_not_equal(SKF_ECCDecrypt(f->container, &cipher.blob, plain, &len), SAR_OK);
}

/* A holder's encryption key comes from the key centre alone: none that nobody could recover. */
static void r_pki_2_production_takes_no_pair_of_its_own(void **state)
{
    struct fixture *f = *state;
    BYTE point[HUFU_POINT_LEN], attestation[HUFU_SIGNATURE_LEN];
    char other[] = "OTHER";
    HCONTAINER container;
    fixture_produce(f);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, NULL), SAR_OK);
    assert_int_equal(SKF_CreateContainer(f->app, other, &container), SAR_OK);
    assert_int_equal(HUFU_GenEncryptionKeyPair(container, point, attestation), SAR_FAIL);
}

/* Two containers of one card agree on a key, each in its role. */
static void agreement(void **state)
{
    struct fixture *f = *state;
    char second_name[] = "D";
    union {
        ENVELOPEDKEYBLOB blob;
        BYTE room[ENVELOPED_KEY_SIZE];
    } envelope;
    BYTE alice[] = "alice", bob[] = "bob", block[16] = { 4 }, a[16], b[16];
    ECCPUBLICKEYBLOB pair, temp_a, temp_b, signing;
    HCONTAINER second;
    HANDLE agreement_handle, key_a, key_b;
    ULONG len_a = 16, len_b = 16;
    BLOCKCIPHERPARAM p = { .IVLen = 0 };
    uint8_t point[64];
    fixture_third_party(f);
    world_envelope(f->w, f->point, envelope.room);
    assert_int_equal(SKF_ImportECCKeyPair(f->container, &envelope.blob), SAR_OK);
    assert_int_equal(SKF_CreateContainer(f->app, second_name, &second), SAR_OK);
    assert_int_equal(SKF_GenECCKeyPair(second, SGD_SM2_1, &signing), SAR_OK);
    memcpy(point, signing.XCoordinate + 32, 32);
    memcpy(point + 32, signing.YCoordinate + 32, 32);
    world_envelope(f->w, point, envelope.room); /* the same pair in both: keys do not matter here */
    assert_int_equal(SKF_ImportECCKeyPair(second, &envelope.blob), SAR_OK);
    blob_of(f->w->encryption_key.public.point, &pair);
    assert_int_equal(SKF_GenerateAgreementDataWithECC(f->container, SGD_SM4_ECB, &temp_a, alice, 5, &agreement_handle),
                     SAR_OK);
    assert_int_equal(SKF_GenerateAgreementDataAndKeyWithECC(second, SGD_SM4_ECB, &pair, &temp_a, &temp_b, bob, 3, alice,
                                                            5, &key_b), SAR_OK);
    assert_int_equal(SKF_GenerateKeyWithECC(agreement_handle, &pair, &temp_b, bob, 3, &key_a), SAR_OK);
    assert_int_equal(SKF_EncryptInit(key_a, p), SAR_OK);
    assert_int_equal(SKF_EncryptInit(key_b, p), SAR_OK);
    assert_int_equal(SKF_Encrypt(key_a, block, 16, a, &len_a), SAR_OK);
    assert_int_equal(SKF_Encrypt(key_b, block, 16, b, &len_b), SAR_OK);
    assert_memory_equal(a, b, 16);
    assert_int_equal(SKF_GenerateKeyWithECC(agreement_handle, &pair, &temp_b, bob, 3, &key_a), SAR_OBJERR);
}

static void rsa_is_not_supported(void **state)
{
    assert_int_equal(SKF_GenExtRSAKey(NULL, 2048, NULL), SAR_NOTSUPPORTYETERR);
    assert_int_equal(SKF_GenRSAKeyPair(NULL, 2048, NULL), SAR_NOTSUPPORTYETERR);
    assert_int_equal(SKF_ImportRSAKeyPair(NULL, 0, NULL, 0, NULL, 0), SAR_NOTSUPPORTYETERR);
    assert_int_equal(SKF_RSASignData(NULL, NULL, 0, NULL, NULL), SAR_NOTSUPPORTYETERR);
    assert_int_equal(SKF_RSAVerify(NULL, NULL, NULL, 0, NULL, 0), SAR_NOTSUPPORTYETERR);
    assert_int_equal(SKF_RSAExportSessionKey(NULL, 0, NULL, NULL, NULL, NULL), SAR_NOTSUPPORTYETERR);
    assert_int_equal(SKF_ExtRSAPubKeyOperation(NULL, NULL, NULL, 0, NULL, NULL), SAR_NOTSUPPORTYETERR);
    assert_int_equal(SKF_ExtRSAPriKeyOperation(NULL, NULL, NULL, 0, NULL, NULL), SAR_NOTSUPPORTYETERR);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structures_have_their_published_sizes),
        T(device_information), T(signatures), T(keys_from_outside), T(ciphers), T(macs), T(r_pki_2_envelopes),
        T(r_pki_2_an_encryption_pair_made_inside), T(r_pki_2_production_takes_no_pair_of_its_own),
        T(agreement), cmocka_unit_test(rsa_is_not_supported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
