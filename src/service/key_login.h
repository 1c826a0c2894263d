/* Logins with the USBKey: of holders at the portal (R-SMS-2) and at the platform (R-LOGIN-2), of operators at the
 * console (R-SMS-3). What is signed is a HUFU-LOGIN-v1 that the server makes of its own: origin of the host that was
 * asked, a number of its own, once, for two minutes. Who alters it on the way has signed something else. */
#pragma once

#include "service/session.h"

enum { KEY_LOGIN_LIFE_S = 120 };

struct key_login_draft {
    struct id id;
    const char *statement;
    int64_t expires_s;
};

/* Where somebody logs in: KIND of session, ORIGIN of the host. */
struct key_login_door {
    const char *kind, *origin;
};

/* SERIAL: of the certificate that will sign; nothing is said about whether it is known. */
RESULT key_login_begin(const struct act *act, const struct key_login_door *door, const char *serial,
                       struct key_login_draft *ret_draft);

struct key_login_proof {
    struct bytes certificate; /* DER */
    struct bytes signature;   /* r ‖ s over the draft's statement */
};

/* Refusals, each with its own error (R-LOGIN-4): ERROR_LOGIN_* . Whoever has the key is told what is wrong with the
 * certificate; before the signature holds nothing is said about certificate or account. A success keeps the evidence
 * (R-LOGIN-8). An expired certificate enters the portal alone, as "usbkey-expired". */
RESULT key_login_finish(const struct act *act, const struct key_login_door *door, const struct id *id,
                        const struct key_login_proof *proof, struct session *ret_session,
                        struct session_token *ret_token);
