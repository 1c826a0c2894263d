/* What an installation has that runs out, and from when on people are told, in which words and what to do: one table
 * for `hufu doctor`, `hufu status` and the console. Whoever looks says what ends when: the doctor from the files, the
 * signer, which has most of it, to web by SIGNER_ENDS. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"

enum validity_kind {
    VALIDITY_CA,        /* name: of the file below ca/ */
    VALIDITY_LIST,      /* name: of the file below publish/crl/, of a list that is not made here */
    VALIDITY_OPERATOR,  /* name: of the person, who has no later certificate */
    VALIDITY_RESPONDER, /* name: absent */
    VALIDITY_CALENDAR,  /* name: of the last file, "2026.txt"; validity_calendar */
    VALIDITY_KINDS
};
enum validity_state { VALIDITY_GOOD, VALIDITY_SOON, VALIDITY_OVER };

struct validity {
    enum validity_kind kind;
    const char *name;
    int64_t end_s; /* the last second */
};

enum { VALIDITY_NAME_MAX = 256, VALIDITY_TEXT_MAX = 400 };

enum validity_state validity_state(const struct validity *validity, int64_t now_s);
/* Whether something stops once it is over; else it is only done worse. */
bool validity_stops(enum validity_kind kind);
/* "CA 证书 ca/root.cer 将于 2026-12-31 23:59 到期", and what to do. */
void validity_words(const struct validity *validity, int64_t now_s, bool english, char ret_words[VALIDITY_TEXT_MAX]);
const char *validity_mend(enum validity_kind kind, bool english);
/* "ca", "list" …: fixed, for programs. */
const char *validity_word(enum validity_kind kind);

/* Of holidays and make-up working days, of which LAST_YEAR is the last year that is known without a gap; NAME (room for
 * CIVIL_TEXT_MAX) outlives it. */
struct validity validity_calendar(int last_year, char name[CIVIL_TEXT_MAX]);

/* A line "kind end name" each, as SIGNER_ENDS has them. READ: ERROR_MALFORMED; the name is copied into ARENA. */
void validity_write(const struct validity *validity, struct writer *w);
RESULT validity_read(struct bytes line, struct arena *arena, struct validity *ret_validity);
