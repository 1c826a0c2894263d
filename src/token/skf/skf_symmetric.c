/* Session keys, ciphers and MACs, which live in the card; digests, which are made here. */
#include "token/skf/skf_internal.h"

enum { CHUNK = 4096, INS_ENCRYPT_INIT = 0xA4, INS_DECRYPT_INIT = 0xAC, UPDATE = 4, FINAL = 6, INS_MAC_INIT = 0xBC,
       INS_MAC_UPDATE = 0xC0, INS_MAC_FINAL = 0xC2, INS_FREE = 0xC4 };

SKF_EXPORT ULONG DEVAPI SKF_SetSymmKey(DEVHANDLE hDev, BYTE *pbKey, ULONG ulAlgID, HANDLE *phKey)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[4 + SM4_KEY_SIZE];
    struct skf_command c = SKF_COMMAND(0x80, 0xA2, 0, 0, buffer);
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbKey && phKey, SAR_INVALIDPARAMERR);
    skf_put_u32(&c, ulAlgID);
    write_bytes(&c.data, bytes_of(pbKey, SM4_KEY_SIZE));
    ULONG sar = skf_run(use.device, &c);
    secret_wipe(buffer, sizeof buffer);
    SKF_TRY(sar);
    struct reader r = reader_of(c.answer);
    struct skf_entry entry = { .kind = SKF_KEY, .device = use.device, .parent = use.place, .algorithm = ulAlgID };
    entry.id = skf_take_u16(&r);
    SKF_ENSURE(!r.bad, SAR_FAIL);
    return skf_handle_new(&entry, phKey);
}

/* ---- encryption and decryption ---- */

static ULONG put_parameters(struct skf_command *c, const struct skf_use *key, const BLOCKCIPHERPARAM *p)
{
    SKF_ENSURE(p->IVLen <= SKF_IV_MAX, SAR_INVALIDPARAMERR);
    skf_put_u16(c, key->entry->id);
    skf_put_u32(c, p->IVLen);
    write_bytes(&c->data, bytes_of(p->IV, p->IVLen));
    skf_put_u32(c, p->PaddingType);
    skf_put_u32(c, p->FeedBitLen);
    return SAR_OK;
}

static ULONG begin(HANDLE key, uint8_t ins, const BLOCKCIPHERPARAM *parameters)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[14 + SKF_IV_MAX];
    struct skf_command c = SKF_COMMAND(0x80, ins, 0, 0, buffer);
    SKF_TRY(skf_acquire(key, SKF_KEY, &use));
    SKF_TRY(put_parameters(&c, &use, parameters));
    SKF_TRY(skf_run(use.device, &c));
    use.entry->padding = parameters->PaddingType != 0;
    use.entry->waiting = 0;
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_EncryptInit(HANDLE hKey, BLOCKCIPHERPARAM EncryptParam)
{
    return begin(hKey, INS_ENCRYPT_INIT, &EncryptParam);
}

SKF_EXPORT ULONG DEVAPI SKF_DecryptInit(HANDLE hKey, BLOCKCIPHERPARAM DecryptParam)
{
    return begin(hKey, INS_DECRYPT_INIT, &DecryptParam);
}

/* What a call may give out: data and what waits in the card, in whole blocks. */
struct step {
    uint8_t first_ins; /* A4 or AC */
    struct bytes in;
    bool end;          /* the last one: what waits comes out, padded or without its padding */
};

static bool is_stream(const struct skf_entry *key)
{
    return key->algorithm == SGD_SM4_CFB || key->algorithm == SGD_SM4_OFB;
}

static size_t most(const struct skf_entry *key, const struct step *step)
{
    size_t all = key->waiting + step->in.len;
    bool encrypt = step->first_ins == INS_ENCRYPT_INIT;
    if (!step->end) return all / SM4_BLOCK * SM4_BLOCK;
    if (is_stream(key) || !key->padding) return all;
    return encrypt ? (all / SM4_BLOCK + 1) * SM4_BLOCK : all;
}

/* One command; what comes back goes to W, which may turn out too small. */
static ULONG pass(struct skf_use *use, uint8_t ins, struct bytes in, struct writer *w)
{
    uint8_t buffer[2 + CHUNK];
    struct skf_command c = SKF_COMMAND(0x80, ins, 0, 0, buffer);
    skf_put_u16(&c, use->entry->id);
    write_bytes(&c.data, in);
    ULONG sar = skf_run(use->device, &c);
    secret_wipe(buffer, sizeof buffer);
    SKF_TRY(sar);
    use->entry->waiting += in.len;
    use->entry->waiting -= c.answer.len < use->entry->waiting ? c.answer.len : use->entry->waiting;
    write_bytes(w, c.answer);
    return SAR_OK;
}

static ULONG run_step(HANDLE key, const struct step *step, BYTE *out, ULONG *out_len)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(key, SKF_KEY, &use));
    SKF_ENSURE(out_len && (step->in.ptr || step->in.len == 0), SAR_INVALIDPARAMERR);
    size_t needed = most(use.entry, step), room = *out_len;
    bool unpads = step->end && step->first_ins == INS_DECRYPT_INIT && use.entry->padding && !is_stream(use.entry);
    if (!out || room + (unpads ? SM4_BLOCK : 0) < needed) {
        *out_len = (ULONG)needed;
        return out ? SAR_BUFFER_TOO_SMALL : SAR_OK;
    }
    struct writer w = writer_of(out, room);
    for (struct bytes in = step->in; in.len > 0;) {
        size_t take = in.len < CHUNK ? in.len : CHUNK;
        SKF_TRY(pass(&use, step->first_ins + UPDATE, bytes_of(in.ptr, take), &w));
        in = bytes_of(in.ptr + take, in.len - take);
    }
    if (step->end) SKF_TRY(pass(&use, step->first_ins + FINAL, (struct bytes){ 0 }, &w));
    SKF_ENSURE(!w.full, SAR_BUFFER_TOO_SMALL);
    *out_len = (ULONG)w.len;
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_Encrypt(HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData,
                                    ULONG *pulEncryptedLen)
{
    struct step step = { INS_ENCRYPT_INIT, bytes_of(pbData, ulDataLen), true };
    return run_step(hKey, &step, pbEncryptedData, pulEncryptedLen);
}

SKF_EXPORT ULONG DEVAPI SKF_EncryptUpdate(HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData,
                                          ULONG *pulEncryptedLen)
{
    struct step step = { INS_ENCRYPT_INIT, bytes_of(pbData, ulDataLen), false };
    return run_step(hKey, &step, pbEncryptedData, pulEncryptedLen);
}

SKF_EXPORT ULONG DEVAPI SKF_EncryptFinal(HANDLE hKey, BYTE *pbEncryptedData, ULONG *pulEncryptedDataLen)
{
    struct step step = { INS_ENCRYPT_INIT, { 0 }, true };
    return run_step(hKey, &step, pbEncryptedData, pulEncryptedDataLen);
}

SKF_EXPORT ULONG DEVAPI SKF_Decrypt(HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen, BYTE *pbData,
                                    ULONG *pulDataLen)
{
    struct step step = { INS_DECRYPT_INIT, bytes_of(pbEncryptedData, ulEncryptedLen), true };
    return run_step(hKey, &step, pbData, pulDataLen);
}

SKF_EXPORT ULONG DEVAPI SKF_DecryptUpdate(HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen, BYTE *pbData,
                                          ULONG *pulDataLen)
{
    struct step step = { INS_DECRYPT_INIT, bytes_of(pbEncryptedData, ulEncryptedLen), false };
    return run_step(hKey, &step, pbData, pulDataLen);
}

SKF_EXPORT ULONG DEVAPI SKF_DecryptFinal(HANDLE hKey, BYTE *pbPlainText, ULONG *pulPlainTextLen)
{
    struct step step = { INS_DECRYPT_INIT, { 0 }, true };
    return run_step(hKey, &step, pbPlainText, pulPlainTextLen);
}

/* ---- MAC ---- */

SKF_EXPORT ULONG DEVAPI SKF_MacInit(HANDLE hKey, BLOCKCIPHERPARAM *pMacParam, HANDLE *phMac)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[14 + SKF_IV_MAX];
    struct skf_command c = SKF_COMMAND(0x80, INS_MAC_INIT, 0, 0, buffer);
    SKF_TRY(skf_acquire(hKey, SKF_KEY, &use));
    SKF_ENSURE(pMacParam && phMac, SAR_INVALIDPARAMERR);
    SKF_TRY(put_parameters(&c, &use, pMacParam));
    SKF_TRY(skf_run(use.device, &c));
    struct reader r = reader_of(c.answer);
    struct skf_entry entry = { .kind = SKF_MAC, .device = use.device, .parent = use.place };
    entry.id = skf_take_u16(&r);
    SKF_ENSURE(!r.bad, SAR_FAIL);
    return skf_handle_new(&entry, phMac);
}

static ULONG mac_update(struct skf_use *use, struct bytes in)
{
    uint8_t nothing[1];
    struct writer w = writer_of(nothing, sizeof nothing);
    SKF_ENSURE(in.ptr || in.len == 0, SAR_INVALIDPARAMERR);
    while (in.len > 0) {
        size_t take = in.len < CHUNK ? in.len : CHUNK;
        SKF_TRY(pass(use, INS_MAC_UPDATE, bytes_of(in.ptr, take), &w));
        in = bytes_of(in.ptr + take, in.len - take);
    }
    return SAR_OK;
}

static ULONG mac_final(struct skf_use *use, BYTE *out, ULONG *out_len)
{
    uint8_t mac[SM4_BLOCK];
    struct writer w = writer_of(mac, sizeof mac);
    SKF_TRY(pass(use, INS_MAC_FINAL, (struct bytes){ 0 }, &w));
    return skf_give(bytes_of(mac, w.len), out, out_len);
}

/* The length is known: asking for it, or a buffer that is too short, ends nothing. */
static bool wants_length(const BYTE *out, ULONG *out_len, ULONG needed, ULONG *ret_sar)
{
    if (out && *out_len >= needed) return false;
    *out_len = needed;
    *ret_sar = out ? SAR_BUFFER_TOO_SMALL : SAR_OK;
    return true;
}

SKF_EXPORT ULONG DEVAPI SKF_Mac(HANDLE hMac, BYTE *pbData, ULONG ulDataLen, BYTE *pbMacData, ULONG *pulMacLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    ULONG sar;
    SKF_TRY(skf_acquire(hMac, SKF_MAC, &use));
    SKF_ENSURE(pulMacLen, SAR_INVALIDPARAMERR);
    if (wants_length(pbMacData, pulMacLen, SM4_BLOCK, &sar)) return sar;
    SKF_TRY(mac_update(&use, bytes_of(pbData, ulDataLen)));
    return mac_final(&use, pbMacData, pulMacLen);
}

SKF_EXPORT ULONG DEVAPI SKF_MacUpdate(HANDLE hMac, BYTE *pbData, ULONG ulDataLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(hMac, SKF_MAC, &use));
    return mac_update(&use, bytes_of(pbData, ulDataLen));
}

SKF_EXPORT ULONG DEVAPI SKF_MacFinal(HANDLE hMac, BYTE *pbMacData, ULONG *pulMacDataLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    ULONG sar;
    SKF_TRY(skf_acquire(hMac, SKF_MAC, &use));
    SKF_ENSURE(pulMacDataLen, SAR_INVALIDPARAMERR);
    if (wants_length(pbMacData, pulMacDataLen, SM4_BLOCK, &sar)) return sar;
    return mac_final(&use, pbMacData, pulMacDataLen);
}

/* ---- digests ---- */

SKF_EXPORT ULONG DEVAPI SKF_DigestInit(DEVHANDLE hDev, ULONG ulAlgID, ECCPUBLICKEYBLOB *pPubKey, BYTE *pbID,
                                       ULONG ulIDLen, HANDLE *phHash)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct skf_entry entry = { .kind = SKF_HASH };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(phHash, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulAlgID == SGD_SM3, SAR_NOTSUPPORTYETERR);
    sm3_init(&entry.hash);
    if (pPubKey) {
        struct sm2_public key;
        uint8_t z[SM3_SIZE];
        SKF_ENSURE(pbID || ulIDLen == 0, SAR_INVALIDPARAMERR);
        SKF_ENSURE(ulIDLen <= SM2_IDENTITY_MAX, SAR_INDATALENERR);
        SKF_TRY(skf_public_of(pPubKey, &key));
        sm2_z(&key, bytes_of(pbID, ulIDLen), z);
        sm3_update(&entry.hash, BYTES(z));
    }
    entry.device = use.device;
    entry.parent = use.place;
    return skf_handle_new(&entry, phHash);
}

static ULONG finish_digest(struct skf_use *use, BYTE *out, ULONG *out_len)
{
    uint8_t hash[SM3_SIZE];
    use->entry->finished = true;
    sm3_final(&use->entry->hash, hash);
    return skf_give(BYTES(hash), out, out_len);
}

static ULONG use_digest(HANDLE hash, struct skf_use *use)
{
    SKF_TRY(skf_acquire(hash, SKF_HASH, use));
    return use->entry->finished ? SAR_HASHOBJERR : SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_Digest(HANDLE hHash, BYTE *pbData, ULONG ulDataLen, BYTE *pbHashData, ULONG *pulHashLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    ULONG sar;
    SKF_TRY(use_digest(hHash, &use));
    SKF_ENSURE(pulHashLen && (pbData || ulDataLen == 0), SAR_INVALIDPARAMERR);
    if (wants_length(pbHashData, pulHashLen, SM3_SIZE, &sar)) return sar;
    sm3_update(&use.entry->hash, bytes_of(pbData, ulDataLen));
    return finish_digest(&use, pbHashData, pulHashLen);
}

SKF_EXPORT ULONG DEVAPI SKF_DigestUpdate(HANDLE hHash, BYTE *pbData, ULONG ulDataLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(use_digest(hHash, &use));
    SKF_ENSURE(pbData || ulDataLen == 0, SAR_INVALIDPARAMERR);
    sm3_update(&use.entry->hash, bytes_of(pbData, ulDataLen));
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_DigestFinal(HANDLE hHash, BYTE *pHashData, ULONG *pulHashLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    ULONG sar;
    SKF_TRY(use_digest(hHash, &use));
    SKF_ENSURE(pulHashLen, SAR_INVALIDPARAMERR);
    if (wants_length(pHashData, pulHashLen, SM3_SIZE, &sar)) return sar;
    return finish_digest(&use, pHashData, pulHashLen);
}

SKF_EXPORT ULONG DEVAPI SKF_CloseHandle(HANDLE hHandle)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[2];
    struct skf_command c = SKF_COMMAND(0x80, INS_FREE, 0, 0, buffer);
    SKF_TRY(skf_acquire_any(hHandle, 1u << SKF_KEY | 1u << SKF_HASH | 1u << SKF_MAC | 1u << SKF_AGREEMENT, &use));
    skf_put_u16(&c, use.entry->id);
    /* What the card has ended by itself is not there any more; that is as good. */
    if (use.entry->kind != SKF_HASH) (void)skf_run(use.device, &c);
    skf_handle_free(&use);
    return SAR_OK;
}
