/* The gateways' bills, and where they differ from ours (R-FEE-4). */
#include "service/reconcile.h"

#include "web/api_desk.h"

static struct api_bill show_bill(const struct bill_row *row)
{
    return (struct api_bill){ .method = row->method, .day = row->day, .state = row->state, .entries = row->entries,
                              .differences = row->differences, .fetched_s = row->fetched_s, .next_s = row->next_s,
                              .trouble = row->trouble };
}

struct result api_bill_list(struct call *call)
{
    struct act act = app_act(call);
    struct bill_row *rows;
    size_t count;
    TRY(reconcile_bills(&act, &rows, &count));
    struct api_bill *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) answer[i] = show_bill(&rows[i]);
    return answer_list(call, &api_bill_shape, answer, count, NULL);
}

struct result api_bill_fetch(struct call *call)
{
    const struct api_bill_fetch *asked = call->body;
    struct act act = app_act(call);
    struct bill_row row;
    TRY(reconcile_day(&act, asked->method, asked->day, &row));
    struct api_bill answer = show_bill(&row);
    return answer_record(call, &api_bill_shape, &answer);
}

static struct api_bill_difference show_difference(const struct difference_row *row)
{
    return (struct api_bill_difference){ .id = row->id, .method = row->method, .day = row->day, .kind = row->kind,
                                    .order = row->order_number,
                                    .refund = row->refund_number && row->refund_number[0] ? row->refund_number : NULL,
                                    .application = row->application, .ours_fen = row->ours_fen,
                                    .theirs_fen = row->theirs_fen, .found_s = row->found_s, .state = row->state,
                                    .settled_by = row->settled_by, .settled_s = row->settled_s, .words = row->words };
}

struct result api_difference_list(struct call *call)
{
    struct act act = app_act(call);
    struct difference_row *rows;
    size_t count;
    const char *next, *state = call_text(call, "state");
    TRY(reconcile_differences(&act, state ? state : "open", call_text(call, "after"), &rows, &count, &next));
    struct api_bill_difference *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) answer[i] = show_difference(&rows[i]);
    return answer_list(call, &api_bill_difference_shape, answer, count, next);
}

struct result api_difference_settle(struct call *call)
{
    const struct api_bill_difference_settle *asked = call->body;
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct difference_row row;
    TRY(reconcile_settle(&act, &id, asked->words, asked->refunded, &row));
    struct api_bill_difference answer = show_difference(&row);
    return answer_record(call, &api_bill_difference_shape, &answer);
}
