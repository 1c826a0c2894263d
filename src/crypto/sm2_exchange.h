/* Key exchange of SM2 (GB/T 32918.3): both sides come to the same key, and each knows that the other one has the
 * private key of its public key. Constant time in everything that is secret; no allocation, no I/O, no globals. */
#pragma once

#include "crypto/sm2.h"

enum { SM2_EXCHANGE_KEY_MAX = 1024 };

/* One side's view. The one that sends its ephemeral key first is the initiator. Identities are at most
 * SM2_IDENTITY_MAX bytes (asserted). An ephemeral key serves one exchange. */
struct sm2_exchange {
    bool initiator;
    const struct sm2_private *own, *own_ephemeral;
    const struct sm2_public *peer, *peer_ephemeral;
    struct bytes own_identity, peer_identity;
};

struct sm2_confirmation {
    uint8_t responder[SM3_SIZE]; /* S_B of the standard: the responder sends it, the initiator compares */
    uint8_t initiator[SM3_SIZE]; /* S_A: the other way round */
};

/* LEN bytes of key, at most SM2_EXCHANGE_KEY_MAX (asserted). ERROR_KEY_INVALID when the peer's keys lead to no
 * point. Both outputs are the caller's to wipe. */
RESULT sm2_exchange(const struct sm2_exchange *exchange, uint8_t *ret_key, size_t len,
                    struct sm2_confirmation *ret_confirmation);
