/* Distinguished names (RFC 5280 §4.1.2.4): one attribute in each RDN, values in UTF8String or PrintableString
 * (IA5String where the attribute wants it). Names are compared by their encoding: who issues under a name
 * writes it as it stands in the own certificate (RFC 5280 §4.1.2.6). */
#pragma once

#include "pki/oid.h"

enum { NAME_PARTS_MAX = 12, NAME_VALUE_MAX = 512, NAME_SIZE_MAX = 2048, NAME_CHARACTERS_MAX = 64 };

/* What our own names consist of, in this order; NULL for what is left out. All but the common name may be. */
struct name_fields {
    const char *country;       /* two capital letters */
    const char *organization;
    const char *unit;
    const char *serial_number; /* PrintableString: tells holders of one name apart */
    const char *common_name;
};

struct name_part {
    enum oid type;       /* OID_UNKNOWN for an attribute without a name of its own */
    struct bytes oid;
    struct bytes value;  /* well-formed UTF-8 without control characters */
};

struct name {
    struct bytes der;    /* the whole SEQUENCE */
    size_t count;
    struct name_part parts[NAME_PARTS_MAX];
};

/* ERROR_NAME for a value that is empty, has more than NAME_CHARACTERS_MAX characters (RFC 5280 appendix A.1),
 * a control character, or letters its attribute does not take. */
RESULT name_write(const struct name_fields *fields, struct writer *w);
/* ERROR_NAME for a name that is empty, too long, or not of the form above; views into what is read. */
RESULT name_read(struct reader *r, struct name *ret_name);
bool name_equal(const struct name *a, const struct name *b);
/* The value of the only attribute of this type; ptr NULL where there is none, or several. */
struct bytes name_value(const struct name *name, enum oid type);
/* For people, the last part first and escaped after RFC 4514: "CN=张三,O=…,C=CN". NULL when the arena is
 * full. */
const char *name_text(const struct name *name, struct arena *arena);
