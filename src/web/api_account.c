/* What the directory knows of who is logged in at the portal (R-ACCT-1), and which new number was proven (R-ACCT-8). */
#include "api_gen.h"
#include "service/directory.h"
#include "service/mask.h"
#include "service/mobile_change.h"
#include "web/app.h"

struct result api_account_own(struct call *call)
{
    struct act act = app_act(call);
    struct account_row row;
    struct mobile_proof_row proof = { 0 };
    TRY(directory_account_get(&act, &act.account, &row));
    struct result r = mobile_change_proven(&act, &proof);
    if (r.code != ERROR_MOBILE_UNPROVEN) TRY(r);
    struct api_own_account answer = { .name = row.name, .organization_name = row.organization_name,
                                      .document_type = row.document_type, .document_number = row.document_mask,
                                      .mobile = mask_mobile(call->arena, row.mobile), .email = row.email,
                                      .created_s = row.created_s, .new_mobile = proof.mobile };
    if (proof.mobile) answer.new_mobile_ends_s = proof.proven_s + MOBILE_PROOF_S;
    ENSURE(answer.mobile, ERROR_OUT_OF_ROOM);
    return answer_record(call, &api_own_account_shape, &answer);
}
