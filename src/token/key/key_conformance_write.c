/* Calls that write: in an application of their own, which is removed again. */
#include "token/key/key_conformance.h"

#include "base/secret.h"
#include "crypto/sm4.h"
#include "pki/enveloped.h"
#include "pki/issue.h"

const char conformance_application_name[] = "HUFU-CONFORMANCE", conformance_pin[] = "824619",
           conformance_admin[] = "731946", conformance_wrong[] = "197340";
static const char container_name[] = "container", other_name[] = "other", file_name[] = "file";

enum { TRIES = 6 };

/* ---- application, files ---- */

static bool authenticate(struct conformance *c)
{
    uint8_t block[16] = { 0 };
    struct sm4 sm4;
    sm4_init(&sm4, c->device_key);
    CALL(c, DevAuth, "wrong answer", ANY_ERROR, c->device, block, sizeof block);
    bool good = CALL(c, GenRandom, "challenge", SAR_OK, c->device, block, 8);
    sm4_ecb_encrypt(&sm4, block, sizeof block, block);
    sm4_wipe(&sm4);
    return CALL(c, DevAuth, "answer", SAR_OK, c->device, block, sizeof block) && good;
}

static void files(struct conformance *c)
{
    uint8_t data[3000], back[3000] = { 0 }, attribute[128] = { 0 };
    char names[256] = "";
    skf_out length = { sizeof back, 0 };
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 7);
    CALL(c, CreateFile, "3000 bytes", SAR_OK, c->application, file_name, sizeof data, SECURE_ANYONE_ACCOUNT,
         SECURE_USER_ACCOUNT);
    CALL(c, CreateFile, "again", SAR_FILE_ALREADY_EXIST, c->application, file_name, sizeof data,
         SECURE_ANYONE_ACCOUNT, SECURE_USER_ACCOUNT);
    CALL(c, WriteFile, "all of it", SAR_OK, c->application, file_name, 0, data, sizeof data);
    CALL(c, WriteFile, "beyond its end", ANY_ERROR, c->application, file_name, 1, data, sizeof data);
    CALL(c, ReadFile, "all of it", SAR_OK, c->application, file_name, 0, sizeof back, back, &length);
    conformance_value(c, "SKF_ReadFile", "what was written",
                      length.low == sizeof back && bytes_equal(BYTES(data), BYTES(back)));
    length.low = sizeof back;
    CALL(c, ReadFile, "100 bytes from 2950", SAR_OK, c->application, file_name, 2950, 100, back, &length);
    conformance_value(c, "SKF_ReadFile", "50 of them are there", length.low == 50);
    CALL(c, ReadFile, "no such file", SAR_FILE_NOT_EXIST, c->application, other_name, 0, 10, back, &length);
    CALL(c, GetFileInfo, "of the file", SAR_OK, c->application, file_name, attribute);
    conformance_value(c, "SKF_GetFileInfo", "3000 bytes",
                      key_file_number(c->library, attribute, 0) == sizeof data);
    length.low = sizeof names;
    CALL(c, EnumFiles, "one file", SAR_OK, c->application, names, &length);
    conformance_value(c, "SKF_EnumFiles", "its name", bytes_equal(bytes_of(names, 6), bytes_of("file\0", 6)));
    CALL(c, DeleteFile, "the file", SAR_OK, c->application, file_name);
    CALL(c, DeleteFile, "again", SAR_FILE_NOT_EXIST, c->application, file_name);
}

bool conformance_application(struct conformance *c)
{
    skf_handle twice = NULL;
    skf_out left = { 99, 0 }, length = { 0, 0 };
    if (!authenticate(c)) return false;
    /* A run before that was broken off. */
    if (c->f->DeleteApplication) (void)c->f->DeleteApplication(c->device, conformance_application_name);
    if (!CALL(c, CreateApplication, "a new one", SAR_OK, c->device, conformance_application_name,
              conformance_admin, TRIES, conformance_pin, TRIES, SECURE_USER_ACCOUNT, &c->application))
        return false;
    CALL(c, CreateApplication, "the same again", SAR_APPLICATION_EXISTS, c->device,
         conformance_application_name, conformance_admin, TRIES, conformance_pin, TRIES, SECURE_USER_ACCOUNT,
         &twice);
    CALL(c, EnumApplication, "length asked for", SAR_OK, c->device, NULL, &length);
    conformance_value(c, "SKF_EnumApplication", "length",
                      length.low >= sizeof conformance_application_name + 1u);
    CALL(c, OpenApplication, "no such application", SAR_APPLICATION_NOT_EXISTS, c->device, other_name,
         &twice);
    CALL(c, OpenApplication, "the new one", SAR_OK, c->device, conformance_application_name, &twice);
    CALL(c, CloseApplication, "of two handles", SAR_OK, twice);
    CALL(c, CreateContainer, "without the PIN", SAR_USER_NOT_LOGGED_IN, c->application, container_name,
         &twice);
    CALL(c, VerifyPIN, "right PIN", SAR_OK, c->application, USER_TYPE, conformance_pin, &left);
    files(c);
    return true;
}

/* ---- container ---- */

static void signatures(struct conformance *c)
{
    uint8_t digest[SM3_SIZE] = { 7 }, blob[128], signature[64];
    struct sm2_public key;
    if (!CALL(c, ECCSignData, "a digest", SAR_OK, c->container, digest, 32, blob)) return;
    bool good = !failed(sm2_public_init(&key, c->point)) && key_signature_read(blob, signature) &&
                !failed(sm2_verify_digest(&key, digest, signature));
    conformance_value(c, "SKF_ECCSignData", "verifies here", good);
    CALL(c, ECCSignData, "31 bytes", ANY_ERROR, c->container, digest, 31, blob);
}

/* A certificate for POINT by a CA that lives for this run; NULL ptr when it could not be made. */
static struct bytes certify(struct conformance *c, const uint8_t point[64], struct arena *arena)
{
    struct sm2_public key;
    struct certificate *issuer;
    struct bytes der = { 0 };
    struct certificate_fields ca = {
        .subject = { .country = "CN", .organization = "Hufu", .common_name = "Conformance" },
        .key = public_key_sm2(&c->outside.public),
        .not_before_s = 1735689600,
        .not_after_s = certificate_validity_end(1735689600, 20)
    };
    struct certificate_fields leaf = ca;
    struct issuance self = { &profile_card_maker_ca, &ca, NULL, signing_key_sm2(&c->outside) };
    if (failed(certificate_issue(&self, &c->drbg, arena, NULL, &der)) ||
        failed(certificate_parse(der, arena, &issuer)) || failed(sm2_public_init(&key, point)))
        return (struct bytes){ 0 };
    leaf.key = public_key_sm2(&key);
    leaf.subject.serial_number = "CONFORMANCE";
    leaf.not_after_s = certificate_validity_end(1735689600, 19);
    struct issuance issued = { &profile_card, &leaf, issuer, signing_key_sm2(&c->outside) };
    return failed(certificate_issue(&issued, &c->drbg, arena, NULL, &der)) ? (struct bytes){ 0 } : der;
}

static void certificates(struct conformance *c)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(1 << 20);
    uint8_t back[KEY_CERTIFICATE_MAX];
    skf_out length = { 0, 0 };
    struct bytes der = certify(c, c->point, arena), foreign = certify(c, c->encryption.public.point, arena);
    if (!der.ptr || !foreign.ptr) return;
    CALL(c, ExportCertificate, "none there", ANY_ERROR, c->container, 1, back, &length);
    CALL(c, ImportCertificate, "for another key", ANY_ERROR, c->container, 1, foreign.ptr, foreign.len);
    CALL(c, ImportCertificate, "signing", SAR_OK, c->container, 1, der.ptr, der.len);
    CALL(c, ImportCertificate, "encryption", SAR_OK, c->container, 0, foreign.ptr, foreign.len);
    CALL(c, ExportCertificate, "length asked for", SAR_OK, c->container, 1, NULL, &length);
    conformance_value(c, "SKF_ExportCertificate", "its length", length.low == der.len);
    length.low = (uint32_t)der.len - 1;
    CALL(c, ExportCertificate, "buffer a byte short", SAR_BUFFER_TOO_SMALL, c->container, 1, back, &length);
    length.low = sizeof back;
    CALL(c, ExportCertificate, "signing", SAR_OK, c->container, 1, back, &length);
    conformance_value(c, "SKF_ExportCertificate", "what was imported",
                      bytes_equal(bytes_of(back, length.low), der));
}

/* The encryption pair enveloped for the signing key. */
static void encryption_pair(struct conformance *c)
{
    struct sm2_public key;
    uint8_t packed[ENVELOPED_KEY_SIZE], blob[KEY_BLOB_ROOM] = { 0 }, point[64];
    skf_out length = { sizeof blob, 0 };
    CALL(c, ExportPublicKey, "encryption, none there", ANY_ERROR, c->container, 0, blob, &length);
    if (failed(sm2_public_init(&key, c->point)) ||
        failed(enveloped_key_seal(&c->encryption, &key, &c->drbg, packed)))
        return;
    key_envelope_blob(c->library, packed, blob);
    if (!CALL(c, ImportECCKeyPair, "enveloped", SAR_OK, c->container, blob)) return;
    length.low = sizeof blob;
    CALL(c, ExportPublicKey, "encryption", SAR_OK, c->container, 0, blob, &length);
    bool same = !failed(skf_key_read(c->library->layout, blob, point)) &&
                bytes_equal(BYTES(point), BYTES(c->encryption.public.point));
    conformance_value(c, "SKF_ImportECCKeyPair", "its public key", same);
}

void conformance_container(struct conformance *c)
{
    uint8_t blob[KEY_BLOB_ROOM] = { 0 };
    char names[256] = "";
    skf_handle twice = NULL;
    skf_out length = { sizeof names, 0 }, type = { 99, 0 };
    if (!CALL(c, CreateContainer, "a new one", SAR_OK, c->application, container_name, &c->container)) return;
    CALL(c, CreateContainer, "the same again", ANY_ERROR, c->application, container_name, &twice);
    CALL(c, OpenContainer, "no such container", ANY_ERROR, c->application, other_name, &twice);
    CALL(c, EnumContainer, "one container", SAR_OK, c->application, names, &length);
    conformance_value(
        c, "SKF_EnumContainer", "its name",
        bytes_equal(bytes_of(names, sizeof container_name), bytes_of(container_name, sizeof container_name)));
    CALL(c, GetContainerType, "empty", SAR_OK, c->container, &type);
    conformance_value(c, "SKF_GetContainerType", "0: unset", type.low == 0);
    CALL(c, GenECCKeyPair, "SM2", SAR_OK, c->container, SGD_SM2_1, blob);
    bool good = !failed(skf_key_read(c->library->layout, blob, c->point));
    conformance_value(c, "SKF_GenECCKeyPair", "numbers right-aligned", good);
    CALL(c, GetContainerType, "with SM2 keys", SAR_OK, c->container, &type);
    conformance_value(c, "SKF_GetContainerType", "2: SM2", type.low == 2);
    if (!good) return;
    signatures(c);
    encryption_pair(c);
    certificates(c);
}

/* ---- session keys ---- */

static void check_cipher(struct conformance *c, uint32_t mode, const char *what, bool padded)
{
    static const uint8_t iv[16] = { 9, 8, 7 };
    uint8_t key[16] = { 3, 1, 4 }, data[48], sealed[80] = { 0 }, back[80] = { 0 }, expected[64], v[16];
    size_t len = padded ? 45 : 48;
    struct bytes used = mode == SGD_SM4_ECB ? (struct bytes){ 0 } : BYTES(iv);
    struct key_parameters p = key_parameters(c->library, used, padded);
    skf_handle handle = NULL;
    skf_out length = { sizeof sealed, 0 }, back_length = { sizeof back, 0 };
    struct sm4 sm4;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)i;
    if (!CALL(c, SetSymmKey, what, SAR_OK, c->device, key, mode, &handle)) return;
    CALL(c, EncryptInit, what, SAR_OK, handle, p);
    CALL(c, Encrypt, what, SAR_OK, handle, data, len, sealed, &length);
    memcpy(expected, data, sizeof data);
    if (padded) memset(expected + len, (int)(48 - len), 48 - len);
    memcpy(v, iv, sizeof v);
    sm4_init(&sm4, key);
    if (mode == SGD_SM4_ECB) sm4_ecb_encrypt(&sm4, expected, 48, expected);
    else sm4_cbc_encrypt(&sm4, v, expected, 48, expected);
    conformance_value(c, "SKF_Encrypt", what,
                      length.low == 48 && bytes_equal(bytes_of(sealed, 48), bytes_of(expected, 48)));
    CALL(c, DecryptInit, what, SAR_OK, handle, p);
    CALL(c, Decrypt, what, SAR_OK, handle, sealed, 48, back, &back_length);
    conformance_value(c, "SKF_Decrypt", what,
                      back_length.low == len && bytes_equal(bytes_of(back, len), bytes_of(data, len)));
    CALL(c, CloseHandle, "session key", SAR_OK, handle);
}

static void check_pieces(struct conformance *c)
{
    uint8_t key[16] = { 2, 7 }, data[40] = { 5 }, sealed[96], back[96];
    struct key_parameters p = key_parameters(c->library, (struct bytes){ 0 }, 1);
    skf_handle handle = NULL;
    size_t total = 0, back_total = 0;
    skf_out length = { sizeof sealed, 0 };
    if (!CALL(c, SetSymmKey, "ECB", SAR_OK, c->device, key, SGD_SM4_ECB, &handle)) return;
    CALL(c, EncryptInit, "in pieces", SAR_OK, handle, p);
    for (size_t at = 0; at < sizeof data; at += 20, total += length.low) {
        length.low = (uint32_t)(sizeof sealed - total);
        CALL(c, EncryptUpdate, "20 bytes", SAR_OK, handle, data + at, 20, sealed + total, &length);
    }
    length.low = (uint32_t)(sizeof sealed - total);
    CALL(c, EncryptFinal, "the rest", SAR_OK, handle, sealed + total, &length);
    total += length.low;
    conformance_value(c, "SKF_EncryptFinal", "48 bytes in all", total == 48);
    CALL(c, DecryptInit, "in pieces", SAR_OK, handle, p);
    for (size_t at = 0; at < total; at += 16, back_total += length.low) {
        length.low = (uint32_t)(sizeof back - back_total);
        CALL(c, DecryptUpdate, "16 bytes", SAR_OK, handle, sealed + at, 16, back + back_total, &length);
    }
    length.low = (uint32_t)(sizeof back - back_total);
    CALL(c, DecryptFinal, "the rest", SAR_OK, handle, back + back_total, &length);
    back_total += length.low;
    conformance_value(c, "SKF_DecryptFinal", "what was encrypted",
                      back_total == sizeof data && bytes_equal(bytes_of(back, sizeof data), BYTES(data)));
    CALL(c, CloseHandle, "session key", SAR_OK, handle);
}

static void check_mac(struct conformance *c)
{
    uint8_t key[16] = { 2 }, data[32] = { 1 }, chained[32], iv[16] = { 0 }, mac[16] = { 0 };
    struct key_parameters p = key_parameters(c->library, BYTES(iv), 0);
    skf_handle handle = NULL, object = NULL;
    skf_out length = { sizeof mac, 0 };
    struct sm4 sm4;
    sm4_init(&sm4, key);
    uint8_t v[16] = { 0 };
    sm4_cbc_encrypt(&sm4, v, data, sizeof data, chained);
    if (!CALL(c, SetSymmKey, "MAC", SAR_OK, c->device, key, SGD_SM4_MAC, &handle)) return;
    CALL(c, MacInit, "SM4", SAR_OK, handle, p.bytes, &object);
    CALL(c, MacUpdate, "16 bytes", SAR_OK, object, data, 16);
    CALL(c, MacUpdate, "16 bytes", SAR_OK, object, data + 16, 16);
    CALL(c, MacFinal, "MAC", SAR_OK, object, mac, &length);
    conformance_value(c, "SKF_MacFinal", "last block of CBC",
                      length.low >= 4 && bytes_equal(bytes_of(mac, 4), bytes_of(chained + 16, 4)));
    CALL(c, CloseHandle, "MAC", SAR_OK, object);
    CALL(c, CloseHandle, "session key", SAR_OK, handle);
}

/* A session key out for the container's own encryption key and in again is the same key. */
static void check_exchange(struct conformance *c)
{
    uint8_t public[KEY_BLOB_ROOM] = { 0 }, cipher[KEY_BLOB_ROOM] = { 0 }, a[32] = { 0 }, b[32] = { 0 },
            block[16] = { 6 };
    struct key_parameters p = key_parameters(c->library, (struct bytes){ 0 }, 0);
    skf_handle out = NULL, in = NULL;
    skf_out length_a = { sizeof a, 0 }, length_b = { sizeof b, 0 };
    key_public_blob(c->library, c->encryption.public.point, public);
    if (!CALL(c, ECCExportSessionKey, "ECB", SAR_OK, c->container, SGD_SM4_ECB, public, cipher, &out)) return;
    if (CALL(c, ImportSessionKey, "the same", SAR_OK, c->container, SGD_SM4_ECB, cipher,
             key_cipher_blob_size(c->library, 16), &in)) {
        CALL(c, EncryptInit, "exported key", SAR_OK, out, p);
        CALL(c, Encrypt, "exported key", SAR_OK, out, block, 16, a, &length_a);
        CALL(c, EncryptInit, "imported key", SAR_OK, in, p);
        CALL(c, Encrypt, "imported key", SAR_OK, in, block, 16, b, &length_b);
        conformance_value(c, "SKF_ImportSessionKey", "both encrypt alike",
                          bytes_equal(bytes_of(a, 16), bytes_of(b, 16)));
        CALL(c, CloseHandle, "session key", SAR_OK, in);
    }
    CALL(c, CloseHandle, "session key", SAR_OK, out);
}

/* The container agrees with itself, in both roles. */
static void check_agreement(struct conformance *c)
{
    uint8_t pair[KEY_BLOB_ROOM] = { 0 }, first[SKF_KEY_ROOM] = { 0 }, second[SKF_KEY_ROOM] = { 0 };
    uint8_t block[16] = { 8 }, a[32] = { 0 }, b[32] = { 0 };
    struct key_parameters p = key_parameters(c->library, (struct bytes){ 0 }, 0);
    skf_handle agreement = NULL, key_a = NULL, key_b = NULL;
    skf_out length_a = { sizeof a, 0 }, length_b = { sizeof b, 0 };
    key_public_blob(c->library, c->encryption.public.point, pair);
    if (!CALL(c, GenerateAgreementDataWithECC, "sponsor", SAR_OK, c->container, SGD_SM4_ECB, first, "alice",
              5, &agreement) ||
        !CALL(c, GenerateAgreementDataAndKeyWithECC, "responder", SAR_OK, c->container, SGD_SM4_ECB, pair,
              first, second, "bob", 3, "alice", 5, &key_b) ||
        !CALL(c, GenerateKeyWithECC, "sponsor", SAR_OK, agreement, pair, second, "bob", 3, &key_a))
        return;
    CALL(c, EncryptInit, "sponsor's key", SAR_OK, key_a, p);
    CALL(c, Encrypt, "sponsor's key", SAR_OK, key_a, block, 16, a, &length_a);
    CALL(c, EncryptInit, "responder's key", SAR_OK, key_b, p);
    CALL(c, Encrypt, "responder's key", SAR_OK, key_b, block, 16, b, &length_b);
    conformance_value(c, "SKF_GenerateKeyWithECC", "both keys are alike",
                      bytes_equal(bytes_of(a, 16), bytes_of(b, 16)));
}

void conformance_sessions(struct conformance *c)
{
    check_cipher(c, SGD_SM4_ECB, "ECB", false);
    check_cipher(c, SGD_SM4_ECB, "ECB, padded", true);
    check_cipher(c, SGD_SM4_CBC, "CBC", false);
    check_cipher(c, SGD_SM4_CBC, "CBC, padded", true);
    check_pieces(c);
    check_mac(c);
    if (!c->container) return;
    check_exchange(c);
    check_agreement(c);
}

/* ---- PINs ---- */

static void check_tries(struct conformance *c, const char *what, uint32_t tries, uint32_t initial)
{
    skf_out max = { 0, 0 }, left = { 0, 0 }, is_initial = { 0, 0 };
    if (CALL(c, GetPINInfo, what, SAR_OK, c->application, USER_TYPE, &max, &left, &is_initial))
        conformance_value(c, "SKF_GetPINInfo", what,
                          max.low == TRIES && left.low == tries && !is_initial.low == !initial);
}

void conformance_pins(struct conformance *c)
{
    uint8_t digest[SM3_SIZE] = { 7 }, blob[128];
    skf_out left = { 99, 0 };
    check_tries(c, "6 tries, not changed yet", TRIES, 1);
    CALL(c, ClearSecureState, "logged in", SAR_OK, c->application);
    CALL(c, ECCSignData, "logged out", SAR_USER_NOT_LOGGED_IN, c->container, digest, 32, blob);
    CALL(c, VerifyPIN, "wrong PIN", SAR_PIN_INCORRECT, c->application, USER_TYPE, conformance_wrong, &left);
    conformance_value(c, "SKF_VerifyPIN", "5 tries left", left.low == TRIES - 1);
    check_tries(c, "5 tries left", TRIES - 1, 1);
    CALL(c, VerifyPIN, "PIN type 7", ANY_ERROR, c->application, 7, conformance_pin, &left);
    CALL(c, ChangePIN, "too short", SAR_PIN_LEN_RANGE, c->application, USER_TYPE, conformance_pin, "12345",
         &left);
    CALL(c, ChangePIN, "wrong PIN", SAR_PIN_INCORRECT, c->application, USER_TYPE, conformance_wrong, "580273",
         &left);
    CALL(c, ChangePIN, "right PIN", SAR_OK, c->application, USER_TYPE, conformance_pin, "580273", &left);
    check_tries(c, "6 tries, changed", TRIES, 0);
    for (int i = 1; i < TRIES; i++)
        CALL(c, VerifyPIN, "wrong PIN", SAR_PIN_INCORRECT, c->application, USER_TYPE, conformance_wrong,
             &left);
    CALL(c, VerifyPIN, "the last wrong one", ANY_ERROR, c->application, USER_TYPE, conformance_wrong, &left);
    CALL(c, VerifyPIN, "right PIN, locked", SAR_PIN_LOCKED, c->application, USER_TYPE, "580273", &left);
    CALL(c, UnblockPIN, "wrong administrator", SAR_PIN_INCORRECT, c->application, conformance_wrong,
         conformance_pin, &left);
    CALL(c, UnblockPIN, "administrator", SAR_OK, c->application, conformance_admin, conformance_pin, &left);
    CALL(c, VerifyPIN, "new PIN", SAR_OK, c->application, USER_TYPE, conformance_pin, &left);
}

void conformance_end(struct conformance *c)
{
    uint8_t digest[SM3_SIZE] = { 7 }, blob[128];
    CALL(c, CloseContainer, "open", SAR_OK, c->container);
    CALL(c, ECCSignData, "closed container", ANY_ERROR, c->container, digest, 32, blob);
    CALL(c, DeleteContainer, "the container", SAR_OK, c->application, container_name);
    CALL(c, DeleteContainer, "again", ANY_ERROR, c->application, container_name);
    CALL(c, CloseApplication, "open", SAR_OK, c->application);
    CALL(c, CloseApplication, "closed", ANY_ERROR, c->application);
    CALL(c, DeleteApplication, "the application", SAR_OK, c->device, conformance_application_name);
    CALL(c, DeleteApplication, "again", SAR_APPLICATION_NOT_EXISTS, c->device, conformance_application_name);
}
