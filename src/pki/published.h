/* What the signer publishes in a folder, by writing a new file and renaming it, and the status process serves; by the
 * same names it can be copied elsewhere. Nothing in it is secret.
 *
 *   ca/NAME.cer              certificates of "root", "issuing", "operators", DER
 *   crl/NAME.crl             the full list of a CA
 *   crl/NAME-0007.crl        the list of its partition 7
 *   ocsp/NAME/AB/SERIAL      answers for one certificate; AB are the first two digits of SERIAL, lower-case hex
 *
 * A file of answers holds one for each hash by which clients name the issuer, since an answer repeats what was asked:
 * 8 bytes "HUFUOCS1", 8 bytes the next update of all, then for each 1 byte enum ocsp_hash, 4 bytes length, the
 * OCSPResponse. */
#pragma once

#include "pki/ocsp.h"

enum { PUBLISHED_PATH_MAX = 128, PUBLISHED_PARTITIONS_MAX = 1000000, PUBLISHED_ANSWERS_MAX = 3 };

/* The names above, relative to the folder. PARTITION below 0: the full list. */
void published_ca_path(const char *ca, char ret_path[PUBLISHED_PATH_MAX]);
void published_crl_path(const char *ca, int64_t partition, char ret_path[PUBLISHED_PATH_MAX]);
/* SERIAL is a magnitude of 1 to 20 bytes (asserted). */
void published_answers_path(const char *ca, struct bytes serial, char ret_path[PUBLISHED_PATH_MAX]);

struct published_answers {
    int64_t next_update_s;
    size_t count;
    struct {
        enum ocsp_hash hash;
        struct bytes response;
    } answers[PUBLISHED_ANSWERS_MAX];
};

void published_answers_write(const struct published_answers *answers, struct writer *w);
/* Views into FILE. ERROR_MALFORMED for anything else. */
RESULT published_answers_read(struct bytes file, struct published_answers *ret_answers);
/* ptr NULL when there is none for HASH. */
struct bytes published_answer(const struct published_answers *answers, enum ocsp_hash hash);
