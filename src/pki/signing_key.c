#include "pki/signing_key.h"

static struct result sign_sm2(const struct signing_key *key, struct bytes message, struct drbg *drbg,
                              uint8_t ret_signature[KEY_SIGNATURE_SIZE])
{
    return sm2_sign(key->holder, message, drbg, ret_signature);
}

struct signing_key signing_key_sm2(const struct sm2_private *private)
{
    return (struct signing_key){ .public = public_key_sm2(&private->public), .sign = sign_sm2,
                                 .holder = (void *)(uintptr_t)private };
}

struct result signing_key_sign(const struct signing_key *key, struct bytes message, struct drbg *drbg,
                               uint8_t ret_signature[KEY_SIGNATURE_SIZE])
{
    uint8_t signature[KEY_SIGNATURE_SIZE];
    ENSURE(key->sign, ERROR_KEY_INVALID);
    TRY(key->sign(key, message, drbg, signature));
    TRY(public_key_verify(&key->public, message, signature));
    memcpy(ret_signature, signature, sizeof signature);
    return OK;
}
