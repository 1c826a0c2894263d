/* One box for everything, the life of a USBKey and of a certificate, and how much of everything there was (R-OPS-5). */
#include "service/search.h"
#include "service/statistics.h"

#include "web/api_desk.h"

static struct result answer_hits(struct call *call, const struct hit_row *rows, size_t count, const char *next)
{
    struct api_hit *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_hit){ .kind = rows[i].kind, .key = rows[i].key, .id = rows[i].id, .name = rows[i].name,
                                      .organization = rows[i].organization, .about = rows[i].about,
                                      .state = rows[i].state, .at_s = rows[i].at_s, .asked_by = rows[i].asked_by,
                                      .asked_for = !rows[i].asked_by   ? NULL
                                                   : rows[i].asked_for ? "organization"
                                                                       : "holder",
                                      .application = rows[i].application, .parcel = rows[i].parcel,
                                      .reminded = rows[i].reminded };
    return answer_list(call, &api_hit_shape, answer, count, next);
}

struct result api_search(struct call *call)
{
    struct act act = app_act(call);
    struct hit_row *rows;
    size_t count;
    TRY(search(&act, call_text(call, "text"), &rows, &count));
    return answer_hits(call, rows, count, NULL);
}

struct result api_certificate_halted(struct call *call)
{
    struct act act = app_act(call);
    struct hit_row *rows;
    size_t count;
    const char *next;
    TRY(search_halted(&act, call_text(call, "which"), call_text(call, "text"), call_text(call, "after"), &rows, &count,
                      &next));
    return answer_hits(call, rows, count, next);
}

struct result api_usbkey_get(struct call *call)
{
    struct act act = app_act(call);
    struct certificate_row *rows;
    size_t count;
    TRY(search_card(&act, call_text(call, "card"), &rows, &count));
    return desk_answer_certificates(call, rows, count);
}

struct result api_certificate_history(struct call *call)
{
    struct act act = app_act(call);
    struct audit_row *rows;
    size_t count;
    TRY(search_certificate(&act, call_text(call, "serial"), &rows, &count));
    return desk_answer_history(call, rows, count);
}

struct result api_statistics(struct call *call)
{
    struct act act = app_act(call);
    struct statistic *list;
    size_t count;
    TRY(statistics(&act, &list, &count));
    struct api_statistic *answer = arena_array(call->arena, count, sizeof *answer);
    ENSURE(answer || count == 0, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < count; i++)
        answer[i] = (struct api_statistic){ .measure = list[i].measure, .about = list[i].about, .month = list[i].month,
                                            .count = list[i].count, .fen = list[i].fen };
    return answer_list(call, &api_statistic_shape, answer, count, NULL);
}
