/* What each record of the journal means for the database. */
#pragma once

#include "ipc/signer_api.h"
#include "service/service.h"

enum { JOURNAL_ENDED_MAX = 1024 };

/* Records as SIGNER_JOURNAL answered them. The rest is set by journal_take, anew each time it runs. */
struct journal_taking {
    const struct act *act;
    const struct signer_entries *entries;
    struct id ended[JOURNAL_ENDED_MAX];    /* accounts whose sessions ended with a certificate */
    size_t ended_count;
    const char *numbers[JOURNAL_ENDED_MAX]; /* applications that moved on */
    size_t number_count;
};

/* A closure over a struct journal_taking: applies all of its records and moves the position on, which must be where
 * they begin (ERROR_STORE_CONFLICT). ERROR_IPC_BROKEN for records that are not well-formed. */
RESULT journal_take(struct tx *tx, void *taking);
/* After the commit: ends streams, tells open pages. */
void journal_told(const struct journal_taking *taking);
