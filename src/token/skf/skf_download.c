/* Download: new certificates for a key that has left production (hufu_skf.h). */
#include "token/skf/skf_internal.h"

enum { CLA = 0xB0, OPEN = 0x74, PROVE = 0x76, CLOSE = 0x78, FIXED = HUFU_POINT_LEN + HUFU_SIGNATURE_LEN };

struct making {
    uint8_t point[HUFU_POINT_LEN], attestation[HUFU_SIGNATURE_LEN];
    char container[HUFU_CONTAINER_MAX + 1];
};

static ULONG open_making(struct skf_device *device, ULONG how, struct making *ret_making)
{
    struct skf_command c = { .cla = CLA, .ins = OPEN, .p1 = (uint8_t)how };
    SKF_TRY(skf_run(device, &c));
    struct reader r = reader_of(c.answer);
    struct making m = { 0 };
    read_copy(&r, m.point, sizeof m.point);
    read_copy(&r, m.attestation, sizeof m.attestation);
    struct bytes name = read_bytes(&r, read_u8(&r));
    SKF_ENSURE(!failed(reader_end(&r)) && name.len > 0 && name.len <= HUFU_CONTAINER_MAX, SAR_FAIL);
    memcpy(m.container, name.ptr, name.len);
    *ret_making = m;
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI HUFU_OpenDownload(DEVHANDLE hDev, ULONG ulHow, LPSTR szContainer, BYTE *pbPublicKey,
                                          BYTE *pbAttestation)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct making m;
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(szContainer && pbPublicKey && pbAttestation && ulHow <= HUFU_DOWNLOAD_LOOK, SAR_INVALIDPARAMERR);
    SKF_TRY(open_making(use.device, ulHow, &m));
    memcpy(szContainer, m.container, sizeof m.container);
    memcpy(pbPublicKey, m.point, sizeof m.point);
    memcpy(pbAttestation, m.attestation, sizeof m.attestation);
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI HUFU_ProveDownload(HAPPLICATION hApplication, BYTE *pbStatement, ULONG ulStatementLen,
                                           BYTE *pbSignature, BYTE *pbPossession)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[HUFU_MESSAGE_MAX];
    struct skf_command c = SKF_COMMAND(CLA, PROVE, 0, 0, buffer);
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_ENSURE(pbStatement && pbSignature && pbPossession, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulStatementLen > 0 && ulStatementLen <= HUFU_MESSAGE_MAX, SAR_INDATALENERR);
    write_bytes(&c.data, bytes_of(pbStatement, ulStatementLen));
    SKF_TRY(skf_run(use.device, &c));
    SKF_ENSURE(c.answer.len == 2 * HUFU_SIGNATURE_LEN, SAR_FAIL);
    memcpy(pbSignature, c.answer.ptr, HUFU_SIGNATURE_LEN);
    memcpy(pbPossession, c.answer.ptr + HUFU_SIGNATURE_LEN, HUFU_SIGNATURE_LEN);
    return SAR_OK;
}

/* Whether the current container has this very signing certificate: the answer to an earlier call was lost. */
static bool written(struct skf_use *use, struct bytes signing)
{
    enum { P1_SIGNING = 1 };
    uint8_t buffer[4];
    struct skf_entry entry;
    HUFUFLAGS flags;
    if (skf_read_flags(use->device, &flags) != SAR_OK || !flags.Container[0]) return false;
    if (skf_open_place(use, (const char *)flags.Container, &entry) != SAR_OK) return false;
    struct skf_use place = { use->device, &entry, 0 };
    struct skf_command c = SKF_COMMAND(0x80, 0x4E, P1_SIGNING, 0, buffer);
    skf_put_place(&c, &place);
    return skf_run(use->device, &c) == SAR_OK && bytes_equal(c.answer, signing);
}

SKF_EXPORT ULONG DEVAPI HUFU_WriteDownload(DEVHANDLE hDev, BYTE *pbSignCert, ULONG ulSignCertLen, BYTE *pbEncCert,
                                           ULONG ulEncCertLen, BYTE *pbEnvelopedKey, ULONG ulEnvelopedKeyLen)
{
    enum { ENVELOPE = offsetof(ENVELOPEDKEYBLOB, ECCCipherBlob) + offsetof(ECCCIPHERBLOB, Cipher) + CARD_KEY_SIZE };
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct skf_command c = { .cla = CLA, .ins = CLOSE };
    struct skf_entry entry;
    struct making m;
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbSignCert && pbEncCert && pbEnvelopedKey, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulEnvelopedKeyLen == ENVELOPE, SAR_INDATALENERR);
    struct bytes signing = bytes_of(pbSignCert, ulSignCertLen);
    ULONG sar = open_making(use.device, HUFU_DOWNLOAD_LOOK, &m);
    if (sar != SAR_OK) return written(&use, signing) ? SAR_OK : sar;
    SKF_TRY(skf_open_place(&use, m.container, &entry));
    struct skf_use place = { use.device, &entry, 0 };
    SKF_TRY(skf_import_pair(&place, (const ENVELOPEDKEYBLOB *)pbEnvelopedKey));
    SKF_TRY(skf_import_certificate(&place, false, bytes_of(pbEncCert, ulEncCertLen)));
    SKF_TRY(skf_import_certificate(&place, true, signing));
    return skf_run(use.device, &c);
}
