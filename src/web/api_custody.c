/* Custodians of the encryption keys, and keys handed to them for an authority (R-PKI-2): what `hufu ceremony` asks. */
#include "service/custody.h"

#include "web/api_desk.h"

struct result api_custody_appoint(struct call *call)
{
    const struct api_custody_new *asked = call->body;
    struct act act = app_act(call);
    const struct custody_signed evidence = { asked->statement1, asked->statement2, asked->signature1,
                                             asked->signature2 };
    struct signer_custody_done done;
    TRY(custody_appoint(&act, &evidence, asked->keys, &done));
    const struct api_custody answer = { .custodial = done.custodial, .shares = done.shares };
    return answer_record(call, &api_custody_shape, &answer);
}

struct result api_custody_order(struct call *call)
{
    const struct api_signed_two *asked = call->body;
    struct act act = app_act(call);
    const struct custody_signed evidence = { asked->statement1, asked->statement2, asked->signature1,
                                             asked->signature2 };
    struct signer_judicial_opened opened;
    TRY(custody_order(&act, &evidence, &opened));
    const struct api_escrowed_key answer = { .version = opened.version, .escrow = opened.escrow,
                                             .certificate = opened.certificate };
    return answer_record(call, &api_escrowed_key_shape, &answer);
}
