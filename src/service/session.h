/* Sessions: who is logged in. A random token stands in a cookie of one host, its hash in the database; a session ends
 * when it is not used, at the latest after its longest time, with its account, its certificate or its operator. */
#pragma once

#include "service/service.h"

enum { SESSION_TOKEN_LEN = 43, SESSION_TOUCH_S = 60 };

/* A session that has begun, or was found. Texts live in the act's arena. */
struct session {
    struct session_row row;
    struct id id;                  /* by which its streams are ended; says nothing about the token */
    const char *organization_name; /* of a holder; NULL: none */
    const char *mobile;            /* masked */
};

struct session_token {
    char text[SESSION_TOKEN_LEN + 1];
};

/* In a closure: begins a session as WHAT says by kind, account, name, roles, serial, means and origin. TOKEN was made
 * by session_token_make. */
RESULT session_begin(struct tx *tx, const struct act *act, const struct session_row *what,
                     const struct session_token *token);
struct session_token session_token_make(void);

/* Logs MOBILE's account in at ORIGIN by the code of the SMS (R-SMS-1). Errors of sms.h, ERROR_ACCOUNT_SUSPENDED. */
RESULT session_login_sms(const struct act *act, const char *mobile, const char *code, const char *origin,
                         struct session *ret_session, struct session_token *ret_token);

/* The session of TOKEN at ORIGIN, moved on if it is time. ERROR_LOGIN_NEEDED when it is one of another host,
 * ERROR_SESSION_OVER when there is none, or its account is not open, its certificate not valid or its operator not in
 * the register any more. An operator's roles are those of the
 * register now. */
RESULT session_find(const struct act *act, const char *token, const char *origin, struct session *ret_session);
RESULT session_end(const struct act *act, const char *token);
/* Forgets sessions and begun logins that are over. */
RESULT session_clean(struct service *service);

/* Whether a session that was entered by MEANS may enter SERVICE ("apply", "renew", …): by SMS all of them, with the
 * USBKey those whose key works, with an expired one renewal and nothing else (R-SMS-2). */
bool session_may_enter(const char *means, const char *service);
/* ERROR_SESSION_MEANS for a session that opens renewal and nothing else; for what is no service. */
RESULT session_check_whole(const struct act *act);
