/* Beyond GM/T 0016: hufu_skf.h. */
#include "token/skf/skf_internal.h"

enum { CLA = 0xB0, SIGNED = 4 + SM2_SIGNATURE_SIZE, P1_MESSAGE = 1, SW_SECURITY = 0x6982, SW_REFERENCE = 0x6984,
       OPEN_ROOM = HUFU_DEVICE_ANSWER_LEN + HUFU_ADMIN_SEALED_LEN + 2 + 2 * CARD_NAME_MAX };

/* The issuer's commands answer 6982 where the issuer is missing, not the user's PIN. */
static ULONG issuer_sar(const struct skf_command *c, ULONG sar)
{
    return c->sw == SW_SECURITY || c->sw == SW_REFERENCE ? SAR_SECURITY_STATE : sar;
}

SKF_EXPORT ULONG DEVAPI HUFU_GetVersion(ULONG *pulVersion)
{
    SKF_ENSURE(pulVersion, SAR_INVALIDPARAMERR);
    *pulVersion = HUFU_SKF_VERSION;
    return SAR_OK;
}

ULONG skf_read_flags(struct skf_device *device, HUFUFLAGS *ret_flags)
{
    struct skf_command c = { .cla = CLA, .ins = 0x20 };
    SKF_TRY(skf_run(device, &c));
    struct reader r = reader_of(c.answer);
    memset(ret_flags, 0, sizeof *ret_flags);
    ret_flags->State = read_u8(&r);
    ret_flags->TriesLeft = read_u8(&r);
    ret_flags->TriesMax = read_u8(&r);
    struct bytes application = read_bytes(&r, read_u8(&r)), container = read_bytes(&r, read_u8(&r));
    SKF_ENSURE(!failed(reader_end(&r)), SAR_FAIL);
    SKF_ENSURE(application.len < sizeof ret_flags->Application, SAR_FAIL);
    SKF_ENSURE(container.len < sizeof ret_flags->Container, SAR_FAIL);
    if (application.len) memcpy(ret_flags->Application, application.ptr, application.len);
    if (container.len) memcpy(ret_flags->Container, container.ptr, container.len);
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI HUFU_GetFlags(DEVHANDLE hDev, HUFUFLAGS *pFlags)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pFlags, SAR_INVALIDPARAMERR);
    return skf_read_flags(use.device, pFlags);
}

SKF_EXPORT ULONG DEVAPI HUFU_GetCardCertificate(DEVHANDLE hDev, BYTE *pbCert, ULONG *pulCertLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct skf_command c = { .cla = CLA, .ins = 0x12 };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pulCertLen, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_run(use.device, &c));
    return skf_give(c.answer, pbCert, pulCertLen);
}

/* ---- containers ---- */

/* A command about a container that has nothing else in it. */
static ULONG about(HCONTAINER container, uint8_t ins, size_t expected, uint8_t *ret_answer)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[4];
    struct skf_command c = SKF_COMMAND(CLA, ins, 0, 0, buffer);
    SKF_TRY(skf_acquire(container, SKF_CONTAINER, &use));
    skf_put_place(&c, &use);
    SKF_TRY(skf_run(use.device, &c));
    SKF_ENSURE(c.answer.len == expected, SAR_FAIL);
    if (expected) memcpy(ret_answer, c.answer.ptr, expected);
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI HUFU_GetAttestation(HCONTAINER hContainer, BYTE *pbAttestation)
{
    SKF_ENSURE(pbAttestation, SAR_INVALIDPARAMERR);
    return about(hContainer, 0x32, HUFU_SIGNATURE_LEN, pbAttestation);
}

SKF_EXPORT ULONG DEVAPI HUFU_GenEncryptionKeyPair(HCONTAINER hContainer, BYTE *pbPublicKey, BYTE *pbAttestation)
{
    uint8_t made[HUFU_POINT_LEN + HUFU_SIGNATURE_LEN];
    SKF_ENSURE(pbPublicKey && pbAttestation, SAR_INVALIDPARAMERR);
    SKF_TRY(about(hContainer, 0x42, sizeof made, made));
    memcpy(pbPublicKey, made, HUFU_POINT_LEN);
    memcpy(pbAttestation, made + HUFU_POINT_LEN, HUFU_SIGNATURE_LEN);
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI HUFU_ForbidDigests(HCONTAINER hContainer)
{
    return about(hContainer, 0x34, 0, NULL);
}

SKF_EXPORT ULONG DEVAPI HUFU_SetCurrentContainer(HCONTAINER hContainer)
{
    return about(hContainer, 0x36, 0, NULL);
}

SKF_EXPORT ULONG DEVAPI HUFU_SignMessage(HCONTAINER hContainer, BYTE *pbMessage, ULONG ulMessageLen,
                                         BYTE *pbSignature)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[4 + 4 + 16 + HUFU_MESSAGE_MAX];
    struct skf_command c = SKF_COMMAND(0x80, 0x74, P1_MESSAGE, 0, buffer);
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pbMessage && pbSignature, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulMessageLen > 0 && ulMessageLen <= HUFU_MESSAGE_MAX, SAR_INDATALENERR);
    skf_put_place(&c, &use);
    skf_put_u32(&c, (uint32_t)sm2_default_identity.len);
    write_bytes(&c.data, sm2_default_identity);
    write_bytes(&c.data, bytes_of(pbMessage, ulMessageLen));
    SKF_TRY(skf_run(use.device, &c));
    SKF_ENSURE(c.answer.len == SIGNED, SAR_FAIL);
    memcpy(pbSignature, c.answer.ptr + 4, SM2_SIGNATURE_SIZE);
    return SAR_OK;
}

/* ---- production ---- */

SKF_EXPORT ULONG DEVAPI HUFU_ProductionChallenge(DEVHANDLE hDev, BYTE *pbChallenge)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct skf_command c = { .cla = CLA, .ins = 0x60 };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbChallenge, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_run(use.device, &c));
    SKF_ENSURE(c.answer.len == HUFU_CHALLENGE_LEN, SAR_FAIL);
    memcpy(pbChallenge, c.answer.ptr, HUFU_CHALLENGE_LEN);
    return SAR_OK;
}

static void put_short(struct skf_command *c, const char *text)
{
    write_u8(&c->data, (uint8_t)strlen(text));
    write_text(&c->data, text);
}

SKF_EXPORT ULONG DEVAPI HUFU_OpenProduction(DEVHANDLE hDev, BYTE *pbDeviceAnswer, BYTE *pbAdminSealed,
                                            BYTE *pbPublicKey, BYTE *pbAttestation)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[OPEN_ROOM];
    struct skf_command c = SKF_COMMAND(CLA, 0x62, 0, 0, buffer);
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbDeviceAnswer && pbAdminSealed && pbPublicKey && pbAttestation, SAR_INVALIDPARAMERR);
    write_bytes(&c.data, bytes_of(pbDeviceAnswer, HUFU_DEVICE_ANSWER_LEN));
    write_bytes(&c.data, bytes_of(pbAdminSealed, HUFU_ADMIN_SEALED_LEN));
    put_short(&c, CARD_APPLICATION);
    put_short(&c, CARD_CONTAINER);
    ULONG sar = skf_run(use.device, &c);
    if (sar != SAR_OK) return issuer_sar(&c, sar);
    SKF_ENSURE(c.answer.len == HUFU_POINT_LEN + HUFU_SIGNATURE_LEN, SAR_FAIL);
    memcpy(pbPublicKey, c.answer.ptr, HUFU_POINT_LEN);
    memcpy(pbAttestation, c.answer.ptr + HUFU_POINT_LEN, HUFU_SIGNATURE_LEN);
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI HUFU_Prove(DEVHANDLE hDev, BYTE *pbStatement, ULONG ulStatementLen, BYTE *pbSignature)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[HUFU_MESSAGE_MAX];
    struct skf_command c = SKF_COMMAND(CLA, 0x66, 0, 0, buffer);
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbStatement && pbSignature, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulStatementLen > 0 && ulStatementLen <= HUFU_MESSAGE_MAX, SAR_INDATALENERR);
    write_bytes(&c.data, bytes_of(pbStatement, ulStatementLen));
    ULONG sar = skf_run(use.device, &c);
    if (sar != SAR_OK) return issuer_sar(&c, sar);
    SKF_ENSURE(c.answer.len == HUFU_SIGNATURE_LEN, SAR_FAIL);
    memcpy(pbSignature, c.answer.ptr, HUFU_SIGNATURE_LEN);
    return SAR_OK;
}

ULONG skf_open_place(struct skf_use *device, const char *container, struct skf_entry *ret_container)
{
    uint8_t buffer[2 + CARD_NAME_MAX];
    struct skf_command a = SKF_COMMAND(0x80, 0x26, 0, 0, buffer);
    write_text(&a.data, CARD_APPLICATION);
    SKF_TRY(skf_run(device->device, &a));
    SKF_ENSURE(a.answer.len == 10, SAR_FAIL);
    struct reader r = reader_of(bytes_of(a.answer.ptr + 8, 2));
    *ret_container = (struct skf_entry){ .kind = SKF_CONTAINER, .device = device->device };
    ret_container->application = skf_take_u16(&r);
    struct skf_command c = SKF_COMMAND(0x80, 0x42, 0, 0, buffer);
    skf_put_u16(&c, ret_container->application);
    write_text(&c.data, container);
    SKF_TRY(skf_run(device->device, &c));
    SKF_ENSURE(c.answer.len == 2, SAR_FAIL);
    r = reader_of(c.answer);
    ret_container->id = skf_take_u16(&r);
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI HUFU_WriteProduction(DEVHANDLE hDev, BYTE *pbSignCert, ULONG ulSignCertLen, BYTE *pbEncCert,
                                             ULONG ulEncCertLen, BYTE *pbEnvelopedKey, ULONG ulEnvelopedKeyLen)
{
    enum { ENVELOPE = offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob) + offsetof(ECCCIPHERBLOB, Cipher) + CARD_KEY_SIZE };
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct skf_entry entry;
    HUFUFLAGS flags;
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbSignCert && !pbEncCert == !pbEnvelopedKey, SAR_INVALIDPARAMERR);
    SKF_ENSURE(!pbEnvelopedKey || ulEnvelopedKeyLen == ENVELOPE, SAR_INDATALENERR);
    SKF_TRY(skf_read_flags(use.device, &flags));
    SKF_ENSURE(flags.State == HUFU_PRODUCTION, SAR_SECURITY_STATE);
    SKF_TRY(skf_open_place(&use, CARD_CONTAINER, &entry));
    struct skf_use place = { use.device, &entry, 0 };
    if (pbEnvelopedKey) {
        SKF_TRY(skf_import_pair(&place, (const ENVELOPEDKEYBLOB *)pbEnvelopedKey));
        SKF_TRY(skf_import_certificate(&place, false, bytes_of(pbEncCert, ulEncCertLen)));
    }
    return skf_import_certificate(&place, true, bytes_of(pbSignCert, ulSignCertLen));
}

SKF_EXPORT ULONG DEVAPI HUFU_WriteRecovered(DEVHANDLE hDev, BYTE *pbEncCert, ULONG ulEncCertLen, BYTE *pbEnvelopedKey,
                                            ULONG ulEnvelopedKeyLen)
{
    enum { ENVELOPE = offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob) + offsetof(ECCCIPHERBLOB, Cipher) + CARD_KEY_SIZE };
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[4 + CARD_CERTIFICATE_MAX + SKF_ENVELOPE_ROOM];
    struct skf_command c = SKF_COMMAND(CLA, 0x68, 0, 0, buffer);
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbEncCert && pbEnvelopedKey, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulEncCertLen > 0 && ulEncCertLen <= CARD_CERTIFICATE_MAX && ulEnvelopedKeyLen == ENVELOPE,
               SAR_INDATALENERR);
    skf_put_u32(&c, ulEncCertLen);
    write_bytes(&c.data, bytes_of(pbEncCert, ulEncCertLen));
    SKF_TRY(skf_put_envelope(&c, (const ENVELOPEDKEYBLOB *)pbEnvelopedKey));
    return issuer_sar(&c, skf_run(use.device, &c));
}

SKF_EXPORT ULONG DEVAPI HUFU_CloseProduction(DEVHANDLE hDev)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct skf_command c = { .cla = CLA, .ins = 0x6A };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    return issuer_sar(&c, skf_run(use.device, &c));
}

/* ---- unlock ---- */

static ULONG unlock_challenge(struct skf_device *device, BYTE *ret_challenge)
{
    struct skf_command c = { .cla = CLA, .ins = 0x80 };
    SKF_TRY(skf_run(device, &c));
    SKF_ENSURE(c.answer.len == HUFU_UNLOCK_CHALLENGE_LEN, SAR_FAIL);
    memcpy(ret_challenge, c.answer.ptr, HUFU_UNLOCK_CHALLENGE_LEN);
    return SAR_OK;
}

static ULONG unlock_answer(struct skf_device *device, const BYTE *answer, ULONG len)
{
    uint8_t buffer[HUFU_UNLOCK_ANSWER_LEN];
    struct skf_command c = SKF_COMMAND(CLA, 0x82, 0, 0, buffer);
    SKF_ENSURE(answer, SAR_INVALIDPARAMERR);
    SKF_ENSURE(len == HUFU_UNLOCK_ANSWER_LEN, SAR_INDATALENERR);
    write_bytes(&c.data, bytes_of(answer, len));
    ULONG sar = skf_run(device, &c);
    return c.sw == SW_SECURITY ? SAR_PIN_INCORRECT : issuer_sar(&c, sar);
}

SKF_EXPORT ULONG DEVAPI HUFU_UnlockChallenge(DEVHANDLE hDev, BYTE *pbChallenge)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbChallenge, SAR_INVALIDPARAMERR);
    return unlock_challenge(use.device, pbChallenge);
}

SKF_EXPORT ULONG DEVAPI HUFU_UnlockAnswer(DEVHANDLE hDev, BYTE *pbAnswer, ULONG ulAnswerLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    return unlock_answer(use.device, pbAnswer, ulAnswerLen);
}

/* The answer unlocks what production made, whichever application the handle names: so it must name that one. */
static ULONG produced_only(const struct skf_use *application)
{
    HUFUFLAGS flags;
    struct bytes name = bytes_of(application->entry->name.text, application->entry->name.len);
    SKF_TRY(skf_read_flags(application->device, &flags));
    return bytes_equal(name, bytes_text(flags.Application)) ? SAR_OK : SAR_NOTSUPPORTYETERR;
}

SKF_EXPORT ULONG DEVAPI SKF_GenRemoteUnblockRequest(HAPPLICATION hApplication, BYTE *pbRandom, ULONG ulRandomLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_ENSURE(pbRandom, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulRandomLen == HUFU_UNLOCK_CHALLENGE_LEN, SAR_INDATALENERR);
    SKF_TRY(produced_only(&use));
    return unlock_challenge(use.device, pbRandom);
}

SKF_EXPORT ULONG DEVAPI SKF_RemoteUnblockPIN(HAPPLICATION hApplication, BYTE *pbCipherPIN, ULONG ulCipherPINLen,
                                             ULONG *pulRetryCount)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    HUFUFLAGS flags;
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_TRY(produced_only(&use));
    SKF_TRY(unlock_answer(use.device, pbCipherPIN, ulCipherPINLen));
    if (!pulRetryCount) return SAR_OK;
    SKF_TRY(skf_read_flags(use.device, &flags));
    *pulRetryCount = flags.TriesLeft;
    return SAR_OK;
}
