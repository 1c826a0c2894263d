/* What the signer publishes in a folder, by writing a new file and renaming it, and the status process serves; by the
 * same names it can be copied elsewhere. Nothing in it is secret.
 *
 *   ca/NAME.cer              certificates of "root", "issuing", "operators", DER
 *   crl/NAME.crl             the full list of a CA
 *   crl/NAME-0007.crl        the list of its partition 7
 *   ocsp/NAME/AB/SERIAL      the answer for one certificate; AB are the first two digits of SERIAL, lower-case hex
 *   certificates/AB/SERIAL.cer  the certificate itself
 *
 * The answer for a certificate speaks of it once for each hash by which clients name the issuer, since an answer
 * repeats what was asked: one signature for all of them, as RFC 6960 §4.2.2.3 allows where answers are made ahead.
 * Its file: 8 bytes "HUFUOCS2", 8 bytes next update, 8 bytes since when the certificate stands as it does (0: from its
 * beginning), 1 byte how it stands (enum ocsp_status), 1 byte enum crl_reason, then the OCSPResponse. */
#pragma once

#include "pki/ocsp.h"

enum { PUBLISHED_PATH_MAX = 128, PUBLISHED_PARTITIONS_MAX = 1000000, PUBLISHED_ANSWER_HEAD = 26 };

/* The names above, relative to the folder. PARTITION below 0: the full list. */
void published_ca_path(const char *ca, char ret_path[PUBLISHED_PATH_MAX]);
void published_crl_path(const char *ca, int64_t partition, char ret_path[PUBLISHED_PATH_MAX]);
/* SERIAL is a magnitude of 1 to 20 bytes (asserted). */
void published_answer_path(const char *ca, struct bytes serial, char ret_path[PUBLISHED_PATH_MAX]);
void published_certificate_path(struct bytes serial, char ret_path[PUBLISHED_PATH_MAX]);

/* The URL of PARTITION from that of the full list, which ends in ".crl" (ERROR_MALFORMED): "…/issuing-0007.crl". */
RESULT published_crl_url(const char *full, int64_t partition, struct arena *arena, const char **ret_url);

struct published_answer {
    int64_t next_update_s, since_s;
    enum ocsp_status status;
    enum crl_reason reason;
    struct bytes response;
};

void published_answer_write(const struct published_answer *answer, struct writer *w);
/* Views into FILE. ERROR_MALFORMED for anything else. */
RESULT published_answer_read(struct bytes file, struct published_answer *ret_answer);
