#include "relay/sms_sink.h"

static bool is_mobile(const char *to)
{
    if (text_starts(to, "+86")) to += 3;
    return strlen(to) == 11 && to[0] == '1' && strspn(to, "0123456789") == 11;
}

struct result sms_sink_send(struct sink *sink, struct work *work, const struct relay_notice *notice,
                            struct relay_sent *ret_sent)
{
    ENSURE(notice->text && notice->text[0], ERROR_MALFORMED);
    ENSURE(notice->to && is_mobile(notice->to), ERROR_RELAY_RECIPIENT);
    TRY(sink_append(sink, work, "sms", notice));
    char id[ID_TEXT_LEN + 1];
    id_text(&notice->id, id);
    const char *receipt = arena_format(work->arena, "sink-%s", id);
    ENSURE(receipt, ERROR_OUT_OF_ROOM);
    *ret_sent = (struct relay_sent){ receipt };
    return OK;
}
