#include "signer/key_centre.h"

#include <stdlib.h>

struct key_centre {
    struct drbg *drbg;
};

struct key_centre *key_centre_new(struct drbg *drbg)
{
    struct key_centre *centre = calloc(1, sizeof *centre);
    if (!centre) abort();
    centre->drbg = drbg;
    return centre;
}

void key_centre_free(struct key_centre *centre)
{
    free(centre);
}

struct result key_centre_make(struct key_centre *centre, const struct sm2_public *container,
                              struct key_centre_pair *ret_pair)
{
    struct sm2_private key;
    struct key_centre_pair pair;
    TRY(sm2_private_generate(&key, centre->drbg));
    pair.public = key.public;
    struct result r = enveloped_key_seal(&key, container, centre->drbg, pair.enveloped);
    sm2_private_done(&key);
    TRY(r);
    *ret_pair = pair;
    return OK;
}
