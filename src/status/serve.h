/* What is answered: OCSP (RFC 6960, by the profile of RFC 5019) by POST and GET, lists and certificates as files.
 *   POST /ocsp, GET /ocsp/BASE64, GET /crl/NAME.crl, GET /crl/NAME-0007.crl, GET /ca/NAME.cer
 * Answers were signed ahead; this process holds no key. A request with a nonce goes to the signer, which answers so
 * many a second; else the nonce is passed over, as RFC 6960 §4.4.1 allows. */
#pragma once

#include "base/clock.h"
#include "status/issuers.h"
#include "status/signer.h"
#include "web/http.h"

struct status {
    int folder; /* descriptor of what is published */
    const struct issuers *issuers;
    struct status_signer *signer;
    const struct clock *clock;
};

/* STATUS outlives it. */
struct http_handler status_handler(struct status *status);
