/* The holder's USBKey takes new certificates (R-RENEW-3, R-CHANGE-2). */
#include "service/download.h"

#include "web/api_desk.h"

struct result api_download_draft(struct call *call)
{
    const struct api_download_new *asked = call->body;
    struct act act = app_act(call);
    struct download_key key = { asked->card, asked->container, asked->public_key, asked->attestation,
                                asked->certificate };
    const char *statement;
    TRY(download_draft(&act, call_text(call, "number"), &key, &statement));
    return desk_answer_draft(call, statement);
}

struct result api_download_make(struct call *call)
{
    const struct api_produce_signed *asked = call->body;
    struct act act = app_act(call);
    struct production_signed with = { asked->statement, asked->signature, asked->possession,
                                      asked->card_certificate };
    struct signer_issued issued;
    TRY(download_make(&act, call_text(call, "number"), &with, &issued));
    return desk_answer_pair(call, &issued);
}

struct result api_download_pair(struct call *call)
{
    struct act act = app_act(call);
    struct signer_issued issued;
    TRY(download_pair(&act, call_text(call, "number"), &issued));
    return desk_answer_pair(call, &issued);
}

struct result api_download_finish(struct call *call)
{
    struct act act = app_act(call);
    struct application_row row;
    TRY(production_finish(&act, call_text(call, "number"), &row));
    return desk_answer(call, &row);
}
