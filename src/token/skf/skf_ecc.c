/* SM2. What needs a key of the card is done there; what the program brings along is done here, as it would gain nothing
 * from the way to the card. */
#include "token/skf/skf_internal.h"

enum { BITS = 256, SIGNED = 4 + SM2_SIGNATURE_SIZE, SESSION_KEY = 16, ENCRYPTED_KEY = 64, P1_DIGEST = 2 };

/* Both values of the drafts and of GM/T 0006 are in use. */
static bool signs(ULONG algorithm)
{
    return algorithm == SGD_SM2_1 || algorithm == SGD_SM2;
}

/* ---- keys of a container ---- */

SKF_EXPORT ULONG DEVAPI SKF_GenECCKeyPair(HCONTAINER hContainer, ULONG ulAlgId, ECCPUBLICKEYBLOB *pBlob)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[8];
    struct skf_command c = SKF_COMMAND(0x80, 0x70, 0, 0, buffer);
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pBlob, SAR_INVALIDPARAMERR);
    SKF_ENSURE(signs(ulAlgId), SAR_NOTSUPPORTYETERR);
    skf_put_place(&c, &use);
    skf_put_u32(&c, BITS);
    SKF_TRY(skf_run(use.device, &c));
    SKF_ENSURE(c.answer.len == SM2_POINT_SIZE, SAR_FAIL);
    skf_point_to(c.answer.ptr, pBlob);
    return SAR_OK;
}

ULONG skf_put_envelope(struct skf_command *c, const ENVELOPEDKEYBLOB *blob)
{
    uint8_t cipher[SM2_CIPHERTEXT_EXTRA + SESSION_KEY], point[SM2_POINT_SIZE];
    size_t len;
    SKF_ENSURE(blob->ECCCipherBlob.CipherLen == SESSION_KEY, SAR_INDATALENERR);
    SKF_TRY(skf_cipher_of(&blob->ECCCipherBlob, cipher, sizeof cipher, &len));
    SKF_TRY(skf_point_of(&blob->PubKey, point));
    skf_put_u32(c, blob->Version);
    skf_put_u32(c, blob->ulSymmAlgID);
    skf_put_u32(c, blob->ulBits);
    write_bytes(&c->data, bytes_of(cipher, SM2_CIPHERTEXT_EXTRA));
    skf_put_u32(c, SESSION_KEY);
    write_bytes(&c->data, bytes_of(cipher + SM2_CIPHERTEXT_EXTRA, SESSION_KEY));
    skf_put_point(c, point);
    skf_put_u32(c, ENCRYPTED_KEY);
    write_bytes(&c->data, BYTES(blob->cbEncryptedPriKey));
    return SAR_OK;
}

ULONG skf_import_pair(const struct skf_use *container, const ENVELOPEDKEYBLOB *blob)
{
    uint8_t buffer[4 + SKF_ENVELOPE_ROOM];
    struct skf_command c = SKF_COMMAND(0x80, 0x72, 0, 0, buffer);
    skf_put_place(&c, container);
    SKF_TRY(skf_put_envelope(&c, blob));
    return skf_run(container->device, &c);
}

SKF_EXPORT ULONG DEVAPI SKF_ImportECCKeyPair(HCONTAINER hContainer, ENVELOPEDKEYBLOB *pEnvelopedKeyBlob)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pEnvelopedKeyBlob, SAR_INVALIDPARAMERR);
    return skf_import_pair(&use, pEnvelopedKeyBlob);
}

SKF_EXPORT ULONG DEVAPI SKF_ExportPublicKey(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbBlob, ULONG *pulBlobLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[4];
    struct skf_command c = SKF_COMMAND(0x80, 0x88, bSignFlag ? 1 : 0, 0, buffer);
    ECCPUBLICKEYBLOB blob;
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pulBlobLen, SAR_INVALIDPARAMERR);
    skf_put_place(&c, &use);
    SKF_TRY(skf_run(use.device, &c));
    struct reader r = reader_of(c.answer);
    SKF_TRY(skf_take_point(&r, &blob));
    return skf_give(bytes_of(&blob, sizeof blob), pbBlob, pulBlobLen);
}

SKF_EXPORT ULONG DEVAPI SKF_ECCSignData(HCONTAINER hContainer, BYTE *pbDigest, ULONG ulDigestLen,
                                        ECCSIGNATUREBLOB *pSignature)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[4 + SM3_SIZE];
    struct skf_command c = SKF_COMMAND(0x80, 0x74, P1_DIGEST, 0, buffer);
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pbDigest && pSignature, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulDigestLen == SM3_SIZE, SAR_INDATALENERR);
    skf_put_place(&c, &use);
    write_bytes(&c.data, bytes_of(pbDigest, ulDigestLen));
    SKF_TRY(skf_run(use.device, &c));
    SKF_ENSURE(c.answer.len == SIGNED, SAR_FAIL);
    skf_signature_to(c.answer.ptr + 4, pSignature);
    return SAR_OK;
}

/* ---- envelopes of a container ---- */

/* "bits 4, C1x, C1y, hash, length 4, cipher" of the commands. */
static void put_cipher(struct skf_command *c, struct bytes cipher)
{
    skf_put_u32(c, BITS);
    write_bytes(&c->data, bytes_of(cipher.ptr, SM2_CIPHERTEXT_EXTRA));
    skf_put_u32(c, (uint32_t)(cipher.len - SM2_CIPHERTEXT_EXTRA));
    write_bytes(&c->data, bytes_of(cipher.ptr + SM2_CIPHERTEXT_EXTRA, cipher.len - SM2_CIPHERTEXT_EXTRA));
}

static ULONG new_object(struct skf_use *use, enum skf_kind kind, struct reader *r, ULONG algorithm, HANDLE *ret_handle)
{
    struct skf_entry entry = { .kind = kind, .device = use->device, .parent = use->place, .algorithm = algorithm };
    entry.id = skf_take_u16(r);
    SKF_ENSURE(!r->bad, SAR_FAIL);
    return skf_handle_new(&entry, ret_handle);
}

SKF_EXPORT ULONG DEVAPI SKF_ECCExportSessionKey(HCONTAINER hContainer, ULONG ulAlgId, ECCPUBLICKEYBLOB *pPubKey,
                                                ECCCIPHERBLOB *pData, HANDLE *phSessionKey)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[4 + 68 + 4], point[SM2_POINT_SIZE], cipher[SM2_CIPHERTEXT_EXTRA + SESSION_KEY];
    struct skf_command c = SKF_COMMAND(0x80, 0x78, 0, 0, buffer);
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pData && phSessionKey, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_point_of(pPubKey, point));
    skf_put_place(&c, &use);
    skf_put_point(&c, point);
    skf_put_u32(&c, ulAlgId);
    SKF_TRY(skf_run(use.device, &c));
    struct reader r = reader_of(c.answer);
    (void)skf_take_u32(&r);
    read_copy(&r, cipher, SM2_CIPHERTEXT_EXTRA);
    SKF_ENSURE(skf_take_u32(&r) == SESSION_KEY, SAR_FAIL);
    read_copy(&r, cipher + SM2_CIPHERTEXT_EXTRA, SESSION_KEY);
    SKF_TRY(new_object(&use, SKF_KEY, &r, ulAlgId, phSessionKey));
    skf_cipher_to(BYTES(cipher), pData);
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_ImportSessionKey(HCONTAINER hContainer, ULONG ulAlgId, BYTE *pbWrapedData,
                                             ULONG ulWrapedLen, HANDLE *phKey)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[4 + 8 + 8 + SM2_CIPHERTEXT_EXTRA + SESSION_KEY], cipher[SM2_CIPHERTEXT_EXTRA + SESSION_KEY];
    struct skf_command c = SKF_COMMAND(0x80, 0xA0, 0, 0, buffer);
    const ECCCIPHERBLOB *blob = (const ECCCIPHERBLOB *)pbWrapedData;
    size_t len;
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pbWrapedData && phKey, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulWrapedLen >= offsetof(ECCCIPHERBLOB, Cipher) + SESSION_KEY, SAR_INDATALENERR);
    SKF_ENSURE(blob->CipherLen == SESSION_KEY, SAR_INDATALENERR);
    SKF_TRY(skf_cipher_of(blob, cipher, sizeof cipher, &len));
    skf_put_place(&c, &use);
    skf_put_u32(&c, ulAlgId);
    skf_put_u32(&c, (uint32_t)len + 8);
    put_cipher(&c, bytes_of(cipher, len));
    SKF_TRY(skf_run(use.device, &c));
    struct reader r = reader_of(c.answer);
    return new_object(&use, SKF_KEY, &r, ulAlgId, phKey);
}

SKF_EXPORT ULONG DEVAPI SKF_ECCDecrypt(HCONTAINER hContainer, ECCCIPHERBLOB *pCipherText, BYTE *pbPlainText,
                                       ULONG *pulPlainTextLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[4 + 8 + SM2_CIPHERTEXT_EXTRA + SM2_PLAINTEXT_MAX], cipher[SM2_CIPHERTEXT_EXTRA + SM2_PLAINTEXT_MAX];
    struct skf_command c = SKF_COMMAND(0xB0, 0x40, 0, 0, buffer);
    size_t len;
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pulPlainTextLen, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_cipher_of(pCipherText, cipher, sizeof cipher, &len));
    skf_put_place(&c, &use);
    put_cipher(&c, bytes_of(cipher, len));
    SKF_TRY(skf_run(use.device, &c));
    return skf_give(c.answer, pbPlainText, pulPlainTextLen);
}

/* ---- agreement ---- */

static ULONG put_identity(struct skf_command *c, const BYTE *id, ULONG len)
{
    SKF_ENSURE(id && len > 0 && len <= sizeof ((struct card_agreement *)0)->id, SAR_INVALIDPARAMERR);
    skf_put_u32(c, len);
    write_bytes(&c->data, bytes_of(id, len));
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_GenerateAgreementDataWithECC(HCONTAINER hContainer, ULONG ulAlgId,
                                                         ECCPUBLICKEYBLOB *pTempECCPubKeyBlob, BYTE *pbID,
                                                         ULONG ulIDLen, HANDLE *phAgreementHandle)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[128];
    struct skf_command c = SKF_COMMAND(0x80, 0x82, 0, 0, buffer);
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pTempECCPubKeyBlob && phAgreementHandle, SAR_INVALIDPARAMERR);
    skf_put_place(&c, &use);
    skf_put_u32(&c, ulAlgId);
    SKF_TRY(put_identity(&c, pbID, ulIDLen));
    SKF_TRY(skf_run(use.device, &c));
    struct reader r = reader_of(c.answer);
    SKF_TRY(skf_take_point(&r, pTempECCPubKeyBlob));
    return new_object(&use, SKF_AGREEMENT, &r, ulAlgId, phAgreementHandle);
}

SKF_EXPORT ULONG DEVAPI SKF_GenerateAgreementDataAndKeyWithECC(HANDLE hContainer, ULONG ulAlgId,
                                                               ECCPUBLICKEYBLOB *pSponsorECCPubKeyBlob,
                                                               ECCPUBLICKEYBLOB *pSponsorTempECCPubKeyBlob,
                                                               ECCPUBLICKEYBLOB *pTempECCPubKeyBlob, BYTE *pbID,
                                                               ULONG ulIDLen, BYTE *pbSponsorID,
                                                               ULONG ulSponsorIDLen, HANDLE *phKeyHandle)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[320], sponsor[SM2_POINT_SIZE], sponsor_temp[SM2_POINT_SIZE];
    struct skf_command c = SKF_COMMAND(0x80, 0x84, 0, 0, buffer);
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pTempECCPubKeyBlob && phKeyHandle, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_point_of(pSponsorECCPubKeyBlob, sponsor));
    SKF_TRY(skf_point_of(pSponsorTempECCPubKeyBlob, sponsor_temp));
    skf_put_place(&c, &use);
    skf_put_u32(&c, ulAlgId);
    skf_put_point(&c, sponsor);
    skf_put_point(&c, sponsor_temp);
    SKF_TRY(put_identity(&c, pbID, ulIDLen));
    SKF_TRY(put_identity(&c, pbSponsorID, ulSponsorIDLen));
    SKF_TRY(skf_run(use.device, &c));
    struct reader r = reader_of(c.answer);
    SKF_TRY(skf_take_point(&r, pTempECCPubKeyBlob));
    return new_object(&use, SKF_KEY, &r, ulAlgId, phKeyHandle);
}

SKF_EXPORT ULONG DEVAPI SKF_GenerateKeyWithECC(HANDLE hAgreementHandle, ECCPUBLICKEYBLOB *pECCPubKeyBlob,
                                               ECCPUBLICKEYBLOB *pTempECCPubKeyBlob, BYTE *pbID, ULONG ulIDLen,
                                               HANDLE *phKeyHandle)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[256], point[SM2_POINT_SIZE], temp[SM2_POINT_SIZE];
    struct skf_command c = SKF_COMMAND(0x80, 0x86, 0, 0, buffer);
    SKF_TRY(skf_acquire(hAgreementHandle, SKF_AGREEMENT, &use));
    SKF_ENSURE(phKeyHandle, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_point_of(pECCPubKeyBlob, point));
    SKF_TRY(skf_point_of(pTempECCPubKeyBlob, temp));
    skf_put_u16(&c, use.entry->id);
    skf_put_point(&c, point);
    skf_put_point(&c, temp);
    SKF_TRY(put_identity(&c, pbID, ulIDLen));
    SKF_TRY(skf_run(use.device, &c));
    struct reader r = reader_of(c.answer);
    return new_object(&use, SKF_KEY, &r, use.entry->algorithm, phKeyHandle);
}

/* ---- keys that the program brings along ---- */

static ULONG verify(DEVHANDLE device, const ECCPUBLICKEYBLOB *blob, const BYTE *digest, ULONG len,
                    const ECCSIGNATUREBLOB *signature_blob)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct sm2_public key;
    uint8_t signature[SM2_SIGNATURE_SIZE];
    SKF_TRY(skf_acquire(device, SKF_DEVICE, &use));
    SKF_ENSURE(digest, SAR_INVALIDPARAMERR);
    SKF_ENSURE(len == SM3_SIZE, SAR_INDATALENERR);
    SKF_TRY(skf_public_of(blob, &key));
    SKF_TRY(skf_signature_of(signature_blob, signature));
    return failed(sm2_verify_digest(&key, digest, signature)) ? SAR_FAIL : SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_ECCVerify(DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbData, ULONG ulDataLen,
                                      ECCSIGNATUREBLOB *pSignature)
{
    return verify(hDev, pECCPubKeyBlob, pbData, ulDataLen, pSignature);
}

SKF_EXPORT ULONG DEVAPI SKF_ExtECCVerify(DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbData,
                                         ULONG ulDataLen, ECCSIGNATUREBLOB *pSignature)
{
    return verify(hDev, pECCPubKeyBlob, pbData, ulDataLen, pSignature);
}

SKF_EXPORT ULONG DEVAPI SKF_ExtECCEncrypt(DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbPlainText,
                                          ULONG ulPlainTextLen, ECCCIPHERBLOB *pCipherText)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct sm2_public key;
    uint8_t cipher[SM2_CIPHERTEXT_EXTRA + SM2_PLAINTEXT_MAX];
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbPlainText && pCipherText, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulPlainTextLen > 0 && ulPlainTextLen <= SM2_PLAINTEXT_MAX, SAR_INDATALENERR);
    SKF_TRY(skf_public_of(pECCPubKeyBlob, &key));
    struct result r = sm2_encrypt(&key, bytes_of(pbPlainText, ulPlainTextLen), skf_drbg(use.device), cipher);
    SKF_ENSURE(!failed(r), SAR_FAIL);
    skf_cipher_to(bytes_of(cipher, SM2_CIPHERTEXT_EXTRA + ulPlainTextLen), pCipherText);
    return SAR_OK;
}

static ULONG private_of(const ECCPRIVATEKEYBLOB *blob, struct sm2_private *ret_key)
{
    uint8_t d[SM2_KEY_SIZE];
    SKF_ENSURE(blob, SAR_INVALIDPARAMERR);
    bool good = blob->BitLen == BITS && skf_number_of(blob->PrivateKey, d) && !failed(sm2_private_init(ret_key, d));
    secret_wipe(d, sizeof d);
    return good ? SAR_OK : SAR_INDATAERR;
}

SKF_EXPORT ULONG DEVAPI SKF_ExtECCDecrypt(DEVHANDLE hDev, ECCPRIVATEKEYBLOB *pECCPriKeyBlob,
                                          ECCCIPHERBLOB *pCipherText, BYTE *pbPlainText, ULONG *pulPlainTextLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t cipher[SM2_CIPHERTEXT_EXTRA + SM2_PLAINTEXT_MAX], plain[SM2_PLAINTEXT_MAX];
    struct sm2_private key;
    size_t len;
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pulPlainTextLen, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_cipher_of(pCipherText, cipher, sizeof cipher, &len));
    SKF_TRY(private_of(pECCPriKeyBlob, &key));
    struct result r = sm2_decrypt(&key, bytes_of(cipher, len), plain);
    sm2_private_done(&key);
    ULONG sar = SAR_INDATAERR;
    if (!failed(r)) sar = skf_give(bytes_of(plain, len - SM2_CIPHERTEXT_EXTRA), pbPlainText, pulPlainTextLen);
    secret_wipe(plain, sizeof plain);
    return sar;
}

SKF_EXPORT ULONG DEVAPI SKF_ExtECCSign(DEVHANDLE hDev, ECCPRIVATEKEYBLOB *pECCPriKeyBlob, BYTE *pbData,
                                       ULONG ulDataLen, ECCSIGNATUREBLOB *pSignature)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t signature[SM2_SIGNATURE_SIZE];
    struct sm2_private key;
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbData && pSignature, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulDataLen == SM3_SIZE, SAR_INDATALENERR);
    SKF_TRY(private_of(pECCPriKeyBlob, &key));
    struct result r = sm2_sign_digest(&key, pbData, skf_drbg(use.device), signature);
    sm2_private_done(&key);
    SKF_ENSURE(!failed(r), SAR_FAIL);
    skf_signature_to(signature, pSignature);
    return SAR_OK;
}
