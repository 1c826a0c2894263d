#include "pki/certificate.h"
#include "pki/enveloped.h"
#include "token/agent/helper.h"
#include "token/skf/hufu_skf.h"

/* Production and unlock go by what our own driver offers beyond the standard: there is no way to do them safely with
 * the standard's functions. */
#define NEED_OURS(call) ENSURE((call)->library->ours, ERROR_AGENT_LIBRARY_UNABLE)

/* The interface of C has no const; the library reads what it is given. */
static uint8_t *given(struct bytes b)
{
    return (uint8_t *)(uintptr_t)b.ptr;
}

/* What the security state means depends on the step. */
static struct result said(struct helper_call *call, skf_value returned, enum error state, enum error data)
{
    struct result r = helper_said(call, returned);
    if (call->sar == SAR_SECURITY_STATE) return FAIL(state);
    if (call->sar == SAR_INDATAERR || call->sar == SAR_PIN_INCORRECT) return FAIL(data);
    return r;
}

struct result helper_inspect(struct helper_call *call)
{
    NEED_OURS(call);
    uint8_t challenge[HUFU_CHALLENGE_LEN], der[CERTIFICATE_SIZE_MAX];
    skf_out size = { sizeof der, 0 };
    TRY(helper_said(call, call->library->f.GetCardCertificate(call->device, der, &size)));
    ENSURE(size.low <= sizeof der, ERROR_AGENT_LIBRARY_FAILED);
    TRY(helper_said(call, call->library->f.ProductionChallenge(call->device, challenge)));
    write_block(&call->out, BYTES(challenge));
    write_block(&call->out, bytes_of(der, size.low));
    return OK;
}

struct result helper_open(struct helper_call *call)
{
    NEED_OURS(call);
    struct bytes answer = read_block(&call->in, HUFU_DEVICE_ANSWER_LEN);
    struct bytes sealed = read_block(&call->in, HUFU_ADMIN_SEALED_LEN);
    ENSURE(answer.len == HUFU_DEVICE_ANSWER_LEN && sealed.len == HUFU_ADMIN_SEALED_LEN, ERROR_MALFORMED);
    uint8_t point[HUFU_POINT_LEN], attestation[HUFU_SIGNATURE_LEN];
    TRY(said(call, call->library->f.OpenProduction(call->device, given(answer), given(sealed), point, attestation),
             ERROR_AGENT_ISSUER, ERROR_AGENT_ISSUER));
    write_block(&call->out, BYTES(point));
    write_block(&call->out, BYTES(attestation));
    return OK;
}

struct result helper_prove(struct helper_call *call)
{
    NEED_OURS(call);
    struct bytes statement = read_block(&call->in, HELPER_STATEMENT_MAX);
    ENSURE(statement.len, ERROR_MALFORMED);
    uint8_t signature[HUFU_SIGNATURE_LEN];
    struct result r = said(call, call->library->f.Prove(call->device, given(statement), statement.len, signature),
                           ERROR_AGENT_STEP, ERROR_AGENT_STATEMENT);
    ENSURE(call->sar != SAR_FAIL, ERROR_AGENT_PROVED);
    TRY(r);
    write_block(&call->out, BYTES(signature));
    return OK;
}

struct result helper_write_production(struct helper_call *call)
{
    NEED_OURS(call);
    struct bytes signing = read_block(&call->in, CERTIFICATE_SIZE_MAX);
    struct bytes encryption = read_block(&call->in, CERTIFICATE_SIZE_MAX);
    struct bytes enveloped = read_block(&call->in, ENVELOPED_KEY_SIZE);
    ENSURE(signing.len && (encryption.len == 0) == (enveloped.len == 0), ERROR_MALFORMED);
    if (!encryption.len) encryption.ptr = enveloped.ptr = NULL;
    return said(call,
                call->library->f.WriteProduction(call->device, given(signing), signing.len, given(encryption),
                                                 encryption.len, given(enveloped), enveloped.len),
                ERROR_AGENT_STEP, ERROR_AGENT_WRITE);
}

struct result helper_write_recovered(struct helper_call *call)
{
    NEED_OURS(call);
    ENSURE(call->library->f.WriteRecovered, ERROR_AGENT_LIBRARY_UNABLE);
    struct bytes encryption = read_block(&call->in, CERTIFICATE_SIZE_MAX);
    struct bytes enveloped = read_block(&call->in, ENVELOPED_KEY_SIZE);
    ENSURE(encryption.len && enveloped.len, ERROR_MALFORMED);
    return said(call,
                call->library->f.WriteRecovered(call->device, given(encryption), encryption.len, given(enveloped),
                                                enveloped.len),
                ERROR_AGENT_STEP, ERROR_AGENT_WRITE);
}

struct result helper_close(struct helper_call *call)
{
    NEED_OURS(call);
    struct result r = said(call, call->library->f.CloseProduction(call->device), ERROR_AGENT_STEP, ERROR_AGENT_STEP);
    return call->sar == SAR_CERTNOTFOUNTERR ? FAIL(ERROR_AGENT_STEP) : r;
}

struct result helper_unlock_challenge(struct helper_call *call)
{
    NEED_OURS(call);
    uint8_t challenge[HUFU_UNLOCK_CHALLENGE_LEN];
    TRY(helper_said(call, call->library->f.UnlockChallenge(call->device, challenge)));
    write_block(&call->out, BYTES(challenge));
    return OK;
}

struct result helper_unlock_answer(struct helper_call *call)
{
    NEED_OURS(call);
    struct bytes answer = read_block(&call->in, HUFU_UNLOCK_ANSWER_LEN);
    ENSURE(answer.len == HUFU_UNLOCK_ANSWER_LEN, ERROR_MALFORMED);
    return said(call, call->library->f.UnlockAnswer(call->device, given(answer), answer.len), ERROR_AGENT_UNLOCK,
                ERROR_AGENT_UNLOCK);
}
