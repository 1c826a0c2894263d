/* Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } (RFC 5280 §4.1), as
 * certificates, CRLs and OCSP messages have it. */
#pragma once

#include "pki/der.h"
#include "pki/oid.h"

struct extension {
    struct bytes oid, value; /* value: what stands in the OCTET STRING */
    bool critical;
};

/* ERROR_DER for anything else, an encoded default included. Views into what is read. */
RESULT extension_read(struct reader *r, struct extension *ret_extension);

/* What is written between the two calls is the value. */
struct extension_at {
    size_t extension, value;
};
struct extension_at extension_begin(struct writer *w, struct bytes oid, bool critical);
void extension_finish(struct writer *w, struct extension_at at);

/* authorityKeyIdentifier with a key identifier only (RFC 5280 §4.2.1.1), as whole extension. */
void extension_write_authority(struct writer *w, struct bytes key_id);
