/* What hufu-status may ask of hufu-signer: one thing, an OCSP answer made for a request with a nonce. They share one
 * socket pair of `hufu serve`'s, which outlives both; so there is no hello, an answer may find nobody, and what was
 * asked of a signer that has ended meanwhile is not answered: the asker waits a little, and then gives the answer that
 * was signed ahead, without the nonce (RFC 6960 §4.4.1). Answered with ERROR_BUSY beyond so many a second. */
#pragma once

#include "ipc/ipc.h"

enum status_message { STATUS_NONCE = 0x500 /* status_nonce → status_nonce_answer */ };

enum { STATUS_SERIAL_MAX = 20, STATUS_NONCE_MAX = 64, STATUS_RESPONSE_MAX = 16 * 1024 };

struct status_nonce {
    int64_t hash;         /* enum ocsp_hash of the CertID */
    struct bytes serial;  /* magnitude */
    struct bytes nonce;   /* as it stands in the request */
};
extern const struct shape status_nonce_shape;

struct status_nonce_answer {
    struct bytes response; /* OCSPResponse */
};
extern const struct shape status_nonce_answer_shape;
