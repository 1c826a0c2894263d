#include "pki/certificate.h"
#include "pki/enveloped.h"
#include "token/agent/helper.h"
#include "token/skf/hufu_skf.h"

/* Goes by what our own driver offers beyond the standard; an older one of ours does not have it either. */
#define NEED(call, function) ENSURE((call)->library->ours && (call)->library->f.function, ERROR_AGENT_LIBRARY_UNABLE)

static uint8_t *given(struct bytes b)
{
    return (uint8_t *)(uintptr_t)b.ptr; /* the interface of C has no const; it is only read */
}

/* What the driver's values mean here. */
static struct result said(struct helper_call *call, skf_value returned, enum error data)
{
    struct result r = helper_said(call, returned);
    if (call->sar == SAR_CONTAINER_NOT_EXISTS || call->sar == SAR_USER_NOT_LOGGED_IN) return FAIL(ERROR_AGENT_STEP);
    if (call->sar == SAR_INDATAERR) return FAIL(data);
    return r;
}

struct result helper_download_open(struct helper_call *call)
{
    NEED(call, OpenDownload);
    uint8_t point[HUFU_POINT_LEN], attestation[HUFU_SIGNATURE_LEN], der[CERTIFICATE_SIZE_MAX];
    char container[HUFU_CONTAINER_MAX + 1] = { 0 };
    skf_out size = { sizeof der, 0 };
    uint8_t how = read_u8(&call->in);
    ENSURE(!call->in.bad && how <= HUFU_DOWNLOAD_LOOK, ERROR_MALFORMED);
    TRY(helper_said(call, call->library->f.GetCardCertificate(call->device, der, &size)));
    ENSURE(size.low <= sizeof der, ERROR_AGENT_LIBRARY_FAILED);
    TRY(said(call, call->library->f.OpenDownload(call->device, how, container, point, attestation), ERROR_AGENT_STEP));
    container[HUFU_CONTAINER_MAX] = 0;
    write_block(&call->out, BYTES(point));
    write_block(&call->out, BYTES(attestation));
    write_block(&call->out, bytes_text(container));
    write_block(&call->out, bytes_of(der, size.low));
    return OK;
}

static struct result prove(struct helper_call *call, skf_handle application, struct bytes statement)
{
    uint8_t signature[HUFU_SIGNATURE_LEN], possession[HUFU_SIGNATURE_LEN];
    TRY(said(call, call->library->f.ProveDownload(application, given(statement), statement.len, signature, possession),
             ERROR_AGENT_STATEMENT));
    write_block(&call->out, BYTES(signature));
    write_block(&call->out, BYTES(possession));
    return OK;
}

struct result helper_download_sign(struct helper_call *call)
{
    NEED(call, ProveDownload);
    return helper_with_pin(call, prove);
}

struct result helper_download_write(struct helper_call *call)
{
    NEED(call, WriteDownload);
    struct bytes signing = read_block(&call->in, CERTIFICATE_SIZE_MAX);
    struct bytes encryption = read_block(&call->in, CERTIFICATE_SIZE_MAX);
    struct bytes enveloped = read_block(&call->in, ENVELOPED_KEY_SIZE);
    ENSURE(signing.len && encryption.len && enveloped.len, ERROR_MALFORMED);
    return said(call,
                call->library->f.WriteDownload(call->device, given(signing), signing.len, given(encryption),
                                               encryption.len, given(enveloped), enveloped.len),
                ERROR_AGENT_WRITE);
}
