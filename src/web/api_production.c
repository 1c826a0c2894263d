/* Production of USBKeys (R-APPLY-3, R-PKI-2). */
#include "service/production.h"
#include "service/recovery.h"

#include "web/api_desk.h"

struct result api_card_draft(struct call *call)
{
    const struct api_card_new *asked = call->body;
    struct act act = app_act(call);
    struct production_card card = { asked->card, asked->challenge, asked->card_certificate };
    const char *statement;
    TRY(production_card_draft(&act, call_text(call, "number"), &card, &statement));
    return desk_answer_draft(call, statement);
}

struct result api_card_open(struct call *call)
{
    const struct api_card_signed *asked = call->body;
    struct act act = app_act(call);
    struct signer_card_opened opened;
    TRY(production_card_open(&act, call_text(call, "number"), asked->statement, asked->signature,
                             asked->card_certificate, &opened));
    struct api_card_opened answer = { .device_answer = opened.device_answer, .admin_sealed = opened.admin_sealed };
    return answer_record(call, &api_card_opened_shape, &answer);
}

struct result api_produce_draft(struct call *call)
{
    const struct api_produce_new *asked = call->body;
    struct act act = app_act(call);
    struct production_key key = { asked->card, asked->public_key, asked->attestation };
    const char *statement;
    TRY(production_draft(&act, call_text(call, "number"), &key, &statement));
    return desk_answer_draft(call, statement);
}

struct result api_produce_make(struct call *call)
{
    const struct api_produce_signed *asked = call->body;
    struct act act = app_act(call);
    struct production_signed with = { asked->statement, asked->signature, asked->possession,
                                      asked->card_certificate };
    struct signer_issued issued;
    TRY(production_make(&act, call_text(call, "number"), &with, &issued));
    return desk_answer_pair(call, &issued);
}

struct result api_produce_pair(struct call *call)
{
    struct act act = app_act(call);
    struct signer_issued issued;
    TRY(production_pair(&act, call_text(call, "number"), &issued));
    return desk_answer_pair(call, &issued);
}

struct result api_produce_recovered(struct call *call)
{
    struct act act = app_act(call);
    struct recovered_key *keys;
    size_t count;
    TRY(recovery_keys(&act, call_text(call, "number"), &keys, &count));
    struct api_recovered_key *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_recovered_key){ keys[i].serial, keys[i].certificate, keys[i].enveloped };
    return answer_list(call, &api_recovered_key_shape, answer, count, NULL);
}

struct result api_production_finish(struct call *call)
{
    const struct api_production_done *asked = call->body;
    struct act act = app_act(call);
    struct application_row row;
    TRY(recovery_finish(&act, call_text(call, "number"), asked->recovered, &row));
    return desk_answer(call, &row);
}

struct result api_production_remake(struct call *call)
{
    const struct api_remake *asked = call->body;
    struct act act = app_act(call);
    struct application_row row;
    TRY(production_remake(&act, call_text(call, "number"), asked->words, &row));
    return desk_answer(call, &row);
}
