/* The outbox, for the console (R-OPS-7). */
#include "api_gen.h"
#include "service/notice.h"
#include "service/template.h"
#include "web/app.h"

static struct api_notice show_notice(const struct notice_row *row)
{
    const struct template *t = template_find(row->template);
    return (struct api_notice){ .id = row->id, .channel = row->channel, .recipient = row->recipient,
                                .template = row->template, .title = t ? t->title : row->template,
                                .subject = row->subject, .state = row->state, .tries = row->tries,
                                .created_s = row->created_s, .sent_s = row->sent_s, .last_error = row->last_error,
                                .receipt = row->receipt, .again = row->again, .words = row->words,
                                .asked_by = row->asked_by,
                                .repeatable = notice_may_again(row->template, row->state) };
}

struct result api_notice_list(struct call *call)
{
    struct act act = app_act(call);
    struct notice_row *rows;
    size_t count;
    const char *next;
    const struct notice_wish wish = { .after = call_text(call, "after"), .state = call_text(call, "state"),
                                      .channel = call_text(call, "channel"), .template = call_text(call, "template"),
                                      .recipient = call_text(call, "recipient") };
    TRY(notice_list(&act, &wish, &rows, &count, &next));
    struct api_notice *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++) answer[i] = show_notice(&rows[i]);
    return answer_list(call, &api_notice_shape, answer, count, next);
}

struct result api_notice_tries(struct call *call)
{
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct notice_try_row *rows;
    size_t count;
    TRY(notice_tries(&act, &id, &rows, &count));
    struct api_notice_try *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_notice_try){ rows[i].at_s, rows[i].outcome, rows[i].error, rows[i].receipt };
    return answer_list(call, &api_notice_try_shape, answer, count, NULL);
}

struct result api_notice_again(struct call *call)
{
    const struct api_notice_again *asked = call->body;
    struct act act = app_act(call);
    struct id id = call_id(call, "id");
    struct notice_row row;
    TRY(notice_again(&act, &id, asked->words, &row));
    struct api_notice answer = show_notice(&row);
    return answer_record(call, &api_notice_shape, &answer);
}
