/* What is kept so that the database and the upload folder alone say nothing: identity numbers, and uploaded and
 * printed files. Everything is sealed by SM4-GCM under keys made of the data key, bound to what it is and whose it
 * is, so that a value moved to another row or file does not open. docs/PROTOCOL.seal has the formats.
 *
 * WHAT names the use ("account.document", "attachment"), OF the row or file it belongs to. */
#pragma once

#include "service/service.h"

enum {
    SEAL_SECRET_MAX = 96,
    SEAL_EXTRA = 30,    /* bytes that sealing adds */
    SEAL_INDEX_SIZE = 32,
    SEAL_FILE_MAX = 32 * 1000 * 1000
};

/* Whether the database was sealed under this data key; a new one takes it on. ERROR_KEY_UNWRAP: under another. */
RESULT seal_check(struct service *service);

/* ---- values ---- */

/* ERROR_TOO_LARGE for an empty secret or one longer than SEAL_SECRET_MAX; ERROR_OUT_OF_ROOM. */
RESULT seal_value(const struct service *service, const char *what, const char *of, struct bytes secret,
                  struct arena *arena, struct bytes *ret_sealed);
/* ERROR_DECRYPT for anything that was not sealed as this value. RET_SECRET (SEAL_SECRET_MAX + 1 bytes, a NUL behind
 * the value) is the caller's to wipe, and untouched on failure. */
RESULT seal_open(const struct service *service, const char *what, const char *of, struct bytes sealed,
                 char ret_secret[SEAL_SECRET_MAX + 1], size_t *ret_len);
/* By which a value is found without being stored in clear: the same for the same WHAT and value, and of no use
 * without the data key. */
void seal_index(const struct service *service, const char *what, struct bytes value,
                uint8_t ret_index[SEAL_INDEX_SIZE]);

/* ---- files ---- */

struct sealed_file {
    char name[ID_TEXT_LEN + 1];  /* random; in the upload folder */
    struct bytes key_sealed;     /* of this file alone; in the arena */
    int64_t size;                /* of the content */
};

/* Encrypts all of FROM, read from its start, to a new file, which is on disk with its name when this returns. Nothing
 * is left behind on failure: ERROR_IO, ERROR_TOO_LARGE, ERROR_OUT_OF_ROOM. FROM stays the caller's. */
RESULT seal_file(const struct service *service, const char *what, int from, struct arena *arena,
                 struct sealed_file *ret_file);
/* The content in a sealed memfd at its start, the caller's. ERROR_DECRYPT when a byte was altered, moved or cut
 * off; ERROR_NOT_FOUND when there is no such file. */
RESULT seal_file_open(const struct service *service, const char *what, const char *name, struct bytes key_sealed,
                      int *ret_fd);
/* The same, written to TO where it stands; TO stays the caller's, and may hold a part of it on failure. */
RESULT seal_file_read(const struct service *service, const char *what, const char *name, struct bytes key_sealed,
                      int to);
/* Removes it; one that is not there is no failure. */
RESULT seal_file_remove(const struct service *service, const char *name);
