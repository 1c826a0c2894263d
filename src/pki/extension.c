#include "pki/extension.h"

struct result extension_read(struct reader *r, struct extension *ret_extension)
{
    struct reader in;
    struct extension e = { 0 };
    TRY(der_open(r, DER_SEQUENCE, &in));
    TRY(der_read_oid(&in, &e.oid));
    if (der_next(&in, DER_BOOLEAN)) {
        TRY(der_read_boolean(&in, &e.critical));
        ENSURE(e.critical, ERROR_DER); /* the default is not encoded */
    }
    TRY(der_read(&in, DER_OCTET_STRING, &e.value));
    TRY(der_end(&in));
    *ret_extension = e;
    return OK;
}

struct extension_at extension_begin(struct writer *w, struct bytes oid, bool critical)
{
    struct extension_at at;
    at.extension = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, oid);
    if (critical) der_write_boolean(w, true);
    at.value = der_begin(w, DER_OCTET_STRING);
    return at;
}

void extension_finish(struct writer *w, struct extension_at at)
{
    der_finish(w, at.value);
    der_finish(w, at.extension);
}

void extension_write_authority(struct writer *w, struct bytes key_id)
{
    struct extension_at at = extension_begin(w, oid_bytes(OID_AUTHORITY_KEY_IDENTIFIER), false);
    size_t sequence = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_CONTEXT + 0, key_id);
    der_finish(w, sequence);
    extension_finish(w, at);
}
