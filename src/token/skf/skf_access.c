/* PINs and the issuer's authentication. */
#include "token/skf/skf_legacy.h"

enum { P1_PLAIN = 1, ALGORITHM_SM4 = 2, INS_CHANGE = 0x16, INS_VERIFY = 0x18, INS_UNBLOCK = 0x1A };

/* A PIN's text; SAR_PIN_LEN_RANGE. One that is being tried may be shorter than those that can be set. */
static ULONG pin_text(const char *text, size_t min, struct bytes *ret_pin)
{
    size_t len = 0;
    SKF_ENSURE(text, SAR_INVALIDPARAMERR);
    while (len <= SKF_PIN_MAX && text[len]) len++;
    SKF_ENSURE(len >= min && len <= SKF_PIN_MAX, SAR_PIN_LEN_RANGE);
    *ret_pin = bytes_of(text, len);
    return SAR_OK;
}

static ULONG check_type(ULONG type)
{
    return type == ADMIN_TYPE || type == USER_TYPE ? SAR_OK : SAR_USER_TYPE_INVALID;
}

/* What a PIN command came to, with the tries that are left. */
static ULONG settle(uint16_t sw, ULONG *ret_retry)
{
    if (ret_retry && (sw & 0xFFF0) == 0x63C0) *ret_retry = sw & 15;
    if (ret_retry && sw == 0x6983) *ret_retry = 0;
    return skf_sar_of(sw);
}

/* The status word counts also where skf_run made something of it. */
static ULONG run_pin(struct skf_use *use, struct skf_command *c, uint8_t *buffer, size_t size, ULONG *ret_retry)
{
    ULONG sar = skf_run(use->device, c);
    secret_wipe(buffer, size);
    return c->sw ? settle(c->sw, ret_retry) : sar;
}

SKF_EXPORT ULONG DEVAPI SKF_VerifyPIN(HAPPLICATION hApplication, ULONG ulPINType, LPSTR szPIN, ULONG *pulRetryCount)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[2 + SKF_PIN_MAX];
    struct skf_command c = SKF_COMMAND(0x80, INS_VERIFY, P1_PLAIN, ulPINType, buffer);
    struct bytes pin;
    uint16_t sw = 0;
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_TRY(check_type(ulPINType));
    SKF_TRY(pin_text(szPIN, 1, &pin));
    if (!use.device->protected) {
        SKF_TRY(skf_legacy_verify(use.device, use.entry->id, (uint8_t)ulPINType, pin, &sw));
        return settle(sw, pulRetryCount);
    }
    skf_put_u16(&c, use.entry->id);
    write_bytes(&c.data, pin);
    return run_pin(&use, &c, buffer, sizeof buffer, pulRetryCount);
}

/* ChangePIN and UnblockPIN alike. */
static ULONG replace(struct skf_use *use, uint8_t ins, ULONG type, struct bytes prover, struct bytes fresh,
                     ULONG *ret_retry)
{
    uint8_t buffer[4 + 2 * SKF_PIN_MAX];
    struct skf_command c = SKF_COMMAND(0x80, ins, P1_PLAIN, type, buffer);
    uint16_t sw = 0;
    if (!use->device->protected) {
        SKF_TRY(skf_legacy_replace(use->device, ins, use->entry->id, (uint8_t)type, prover, fresh, &sw));
        return settle(sw, ret_retry);
    }
    skf_put_u16(&c, use->entry->id);
    write_u8(&c.data, (uint8_t)prover.len);
    write_bytes(&c.data, prover);
    write_u8(&c.data, (uint8_t)fresh.len);
    write_bytes(&c.data, fresh);
    return run_pin(use, &c, buffer, sizeof buffer, ret_retry);
}

SKF_EXPORT ULONG DEVAPI SKF_ChangePIN(HAPPLICATION hApplication, ULONG ulPINType, LPSTR szOldPin, LPSTR szNewPin,
                                      ULONG *pulRetryCount)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct bytes old, fresh;
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_TRY(check_type(ulPINType));
    SKF_TRY(pin_text(szOldPin, 1, &old));
    SKF_TRY(pin_text(szNewPin, SKF_PIN_MIN, &fresh));
    return replace(&use, INS_CHANGE, ulPINType, old, fresh, pulRetryCount);
}

SKF_EXPORT ULONG DEVAPI SKF_UnblockPIN(HAPPLICATION hApplication, LPSTR szAdminPIN, LPSTR szNewUserPIN,
                                       ULONG *pulRetryCount)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct bytes admin, fresh;
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_TRY(pin_text(szAdminPIN, 1, &admin));
    SKF_TRY(pin_text(szNewUserPIN, SKF_PIN_MIN, &fresh));
    return replace(&use, INS_UNBLOCK, 0, admin, fresh, pulRetryCount);
}

SKF_EXPORT ULONG DEVAPI SKF_GetPINInfo(HAPPLICATION hApplication, ULONG ulPINType, ULONG *pulMaxRetryCount,
                                       ULONG *pulRemainRetryCount, BOOL *pbDefaultPin)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[2];
    struct skf_command c = SKF_COMMAND(0x80, 0x14, 0, ulPINType, buffer);
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_ENSURE(pulMaxRetryCount && pulRemainRetryCount && pbDefaultPin, SAR_INVALIDPARAMERR);
    SKF_TRY(check_type(ulPINType));
    skf_put_u16(&c, use.entry->id);
    SKF_TRY(skf_run(use.device, &c));
    SKF_ENSURE(c.answer.len == 3, SAR_FAIL);
    *pulMaxRetryCount = c.answer.ptr[0];
    *pulRemainRetryCount = c.answer.ptr[1];
    *pbDefaultPin = c.answer.ptr[2] ? TRUE : FALSE;
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_ClearSecureState(HAPPLICATION hApplication)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[2];
    struct skf_command c = SKF_COMMAND(0x80, 0x1C, 0, 0, buffer);
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    skf_put_u16(&c, use.entry->id);
    return skf_run(use.device, &c);
}

/* ---- the issuer ---- */

/* pbAuthData: SM4-ECB(device key, 8 bytes of SKF_GenRandom ‖ 8 zeros). */
SKF_EXPORT ULONG DEVAPI SKF_DevAuth(DEVHANDLE hDev, BYTE *pbAuthData, ULONG ulLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[SM4_BLOCK];
    struct skf_command c = SKF_COMMAND(0x80, 0x10, 0, ALGORITHM_SM4, buffer);
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbAuthData, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulLen == SM4_BLOCK, SAR_INDATALENERR);
    write_bytes(&c.data, bytes_of(pbAuthData, ulLen));
    ULONG sar = skf_run(use.device, &c);
    return c.sw == 0x6982 ? SAR_SECURITY_STATE : sar;
}

/* The command of 2012 encrypts the new key under the old one, which this function is not given: so it takes a
 * protected channel. */
SKF_EXPORT ULONG DEVAPI SKF_ChangeDevAuthKey(DEVHANDLE hDev, BYTE *pbKeyValue, ULONG ulKeyLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[SM4_KEY_SIZE];
    struct skf_command c = SKF_COMMAND(0x80, 0x12, P1_PLAIN, ALGORITHM_SM4, buffer);
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbKeyValue, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulKeyLen == SM4_KEY_SIZE, SAR_INDATALENERR);
    SKF_ENSURE(use.device->protected, SAR_NOTSUPPORTYETERR);
    write_bytes(&c.data, bytes_of(pbKeyValue, ulKeyLen));
    ULONG sar = skf_run(use.device, &c);
    secret_wipe(buffer, sizeof buffer);
    return c.sw == 0x6982 ? SAR_SECURITY_STATE : sar;
}
