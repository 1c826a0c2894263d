/* What a ceremony leaves: its outputs and the record that names each by its SM3, line by line as it was done
 * (docs/PROTOCOL.ceremony). All of it is gathered in memory and written at once. */
#pragma once

#include "cli/ceremony.h"
#include "cli/init_folder.h"

enum { CEREMONY_OUTPUTS_MAX = CEREMONY_CUSTODIANS_MAX + 4, CEREMONY_RECORD_MAX = 32 * 1024 };

struct ceremony_output {
    const char *name;
    struct bytes content;
};

struct ceremony_record {
    struct arena *arena;
    struct writer text;
    struct ceremony_output outputs[CEREMONY_OUTPUTS_MAX];
    size_t count;
};

/* Begins the record with what is about to be done: script and inputs with their hashes. All lives in ARENA. */
RESULT ceremony_record_begin(const struct ceremony *ceremony, struct arena *arena, struct ceremony_record *ret_record);
/* "step: TIME WORDS". */
void ceremony_record_step(struct ceremony_record *record, const char *words, ...) __attribute__((format(printf, 2, 3)));
/* NAME is a literal or in the record's arena; CONTENT is copied. ERROR_OUT_OF_ROOM. */
RESULT ceremony_record_output(struct ceremony_record *record, const char *name, struct bytes content);
/* Ends the record and writes everything to FOLDER. RET_HASH: SM3 of the record in hex. */
RESULT ceremony_record_write(struct ceremony_record *record, const struct init_folder *folder, struct diag *diag,
                             const char **ret_hash);

struct ceremony_verified {
    const char *hash; /* of the record */
    size_t there, away; /* outputs: of which some may lie in safes */
};
/* Holds what lies in FOLDER against the record in it. ERROR_CEREMONY_RECORD names the first that differs. */
RESULT ceremony_record_verify(const char *folder, struct arena *arena, struct diag *diag,
                              struct ceremony_verified *ret_verified);
