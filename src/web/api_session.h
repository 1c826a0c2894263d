/* How a session is answered, whichever way it was entered. */
#pragma once

#include "web/app.h"

RESULT session_answer(struct call *call, const struct session *session);
/* With the cookie that is its token. */
RESULT session_answer_new(struct call *call, const struct session *session, const struct session_token *token);
