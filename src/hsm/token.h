/* The token of a hardware security module, through its maker's PKCS#11 library (OASIS PKCS #11 2.40): opened when it
 * is first asked for, and anew after it was lost. One session, one thread. */
#pragma once

#include "base/diag.h"
#include "hsm/settings.h"
#include "ipc/hsm_api.h"

struct token;

/* Loads the library, which runs its own code from here on. PIN is copied; LEN 0: there is none, and the token stays
 * shut. ERROR_HSM_LIBRARY with the reason in DIAG. */
RESULT token_new(const struct hsm_settings *settings, const char *pin, size_t len, struct diag *diag,
                 struct token **ret_token);
/* Closes the session and wipes the PIN. The library stays loaded until the process ends. */
void token_free(struct token *token);

/* Each opens the token if it is not open, and once more when it has been lost since. What a library answers is named
 * in DIAG.
 *   ERROR_HSM_TOKEN    no token of that label, or two; lost meanwhile
 *   ERROR_HSM_PIN      refused. It is not tried again as long as this process lives: a token locks after a few tries
 *   ERROR_HSM_KEY      no key of that label, two of them, another one than was named, or not of a known algorithm
 *   ERROR_HSM_LIBRARY  anything else */
RESULT token_look(struct token *token, struct diag *diag, struct hsm_seen *ret_seen);
/* RET_POINT has HSM_POINT_SIZE bytes. */
RESULT token_key(struct token *token, const char *label, struct diag *diag, int64_t *ret_algorithm,
                 uint8_t *ret_point);
RESULT token_sign(struct token *token, const struct hsm_sign *ask, struct diag *diag,
                  uint8_t ret_signature[HSM_SIGNATURE_SIZE]);
