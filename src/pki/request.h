/* Certification requests (PKCS #10, RFC 2986) with the keys and signatures of public_key.h: the form in which outside
 * systems ask for a certificate. What a request asks for is read and never believed: names and extensions of a
 * certificate come from its approval. */
#pragma once

#include "pki/name.h"
#include "pki/signed.h"
#include "pki/signing_key.h"

enum { REQUEST_SIZE_MAX = 8192 };

/* Views into the bytes that were parsed. */
struct request {
    struct bytes der, tbs;
    struct name subject;
    struct public_key key;
    uint8_t signature[KEY_SIGNATURE_SIZE];
};

/* ERROR_TOO_LARGE, ERROR_DER, ERROR_ALGORITHM, ERROR_NAME, ERROR_KEY_INVALID; ERROR_REQUEST_PKCS10 for another
 * version and anything else; ERROR_REQUEST_POSSESSION when the key that is named did not sign it. */
RESULT request_parse(struct bytes der, struct request *ret_request);
/* Makes a request for KEY; RET_DER is in ARENA. ERROR_NAME, ERROR_OUT_OF_ROOM, ERROR_RESEED_NEEDED, and what the
 * key's holder fails with (signing_key.h). */
RESULT request_make(const struct name_fields *subject, const struct signing_key *key, struct drbg *drbg,
                    struct arena *arena, struct bytes *ret_der);
