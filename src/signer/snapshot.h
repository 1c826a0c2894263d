/* State that was worked out of a log, written down so that the next start need not read the whole log again. Worth
 * nothing by itself: it is believed when its MAC holds (under a key of the process) and the log has the same root at
 * the same size; else everything is read. Replaced by rename; a lost or an old one costs time only. */
#pragma once

#include "crypto/sm3.h"
#include "merkle/ledger.h"

enum { SNAPSHOT_KEY_SIZE = SM3_SIZE };

/* Whether it is time to write one: RECORDS since the last one, of SIZE in all. Rarely enough that the writing stays
 * small beside the records. */
bool snapshot_due(uint64_t records, uint64_t size);

/* ---- writing ---- */

struct snapshot_out;

/* Begins NAME in FOLDER for the present state of LOG. ERROR_IO. */
RESULT snapshot_begin(const char *folder, const char *name, const uint8_t key[SNAPSHOT_KEY_SIZE],
                      const struct ledger *log, struct snapshot_out **ret_out);
void snapshot_bytes(struct snapshot_out *out, struct bytes b);
void snapshot_block(struct snapshot_out *out, struct bytes b); /* with its length */
void snapshot_u64(struct snapshot_out *out, uint64_t v);
/* Puts it in the place of the one before, unless something failed: ERROR_IO. Frees OUT. */
RESULT snapshot_end(struct snapshot_out *out);

/* ---- reading ---- */

struct snapshot_in {
    uint8_t *content; /* freed by snapshot_done */
    uint64_t size;    /* records of the log that are in it */
    struct reader reader;
};

/* ERROR_NOT_FOUND when there is none, or none that can be believed. */
RESULT snapshot_open(const char *folder, const char *name, const uint8_t key[SNAPSHOT_KEY_SIZE],
                     const struct ledger *log, struct snapshot_in *ret_in);
void snapshot_done(struct snapshot_in *in);
