/* The key centre: encryption key pairs of holders. Typed requests only, so that an outside centre (GM/T 0014) can stand
 * in its place. */
#pragma once

#include "crypto/sm2.h"
#include "pki/enveloped.h"

struct key_centre;

/* DRBG is the caller's and outlives the centre. */
struct key_centre *key_centre_new(struct drbg *drbg);
void key_centre_free(struct key_centre *centre);

/* A fresh encryption key pair: its public half to be certified, its private half enveloped for CONTAINER, the signing
 * key made in the USBKey. */
struct key_centre_pair {
    struct sm2_public public;
    uint8_t enveloped[ENVELOPED_KEY_SIZE];
};
RESULT key_centre_make(struct key_centre *centre, const struct sm2_public *container,
                       struct key_centre_pair *ret_pair);
