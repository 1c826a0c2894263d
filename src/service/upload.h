/* A scan that comes in pieces (R-FORM-4), so that a line that breaks costs the last piece and not the file. After the
 * shape of Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload): who sends says how long the whole is and
 * what it hashes to, appends at an offset, asks how far it came, and goes on there, from another page too.
 *
 *   begin ─▶ append, append … ─▶ finish: looked at and taken as attachment_add takes it
 *
 * What arrived is sealed like everything in the upload folder, a file a piece, on disk before its row is; a piece is
 * there whole or not at all. An application has one upload a scan at most, of FILES_UPLOAD_MAX bytes; another file in
 * its place ends the one before. It is gone when it was taken or refused, with its application, or UPLOAD_DAYS after
 * its last piece. */
#pragma once

#include "ipc/files_api.h"
#include "service/attachment.h"

enum {
    UPLOAD_PIECE_MAX = 4 * 1000 * 1000, /* bytes; x-limit of upload_append */
    UPLOAD_PIECE_MIN = 64 * 1000,       /* of each but the last, so that nobody makes millions of them */
    UPLOAD_PIECES_MAX = FILES_UPLOAD_MAX / UPLOAD_PIECE_MIN + 1,
    UPLOAD_DAYS = 3,
    UPLOAD_BATCH = 100
};

/* What somebody wants to send. */
struct upload_file {
    const char *number, *name; /* of the application; of the scan: "form", "license" … */
    int64_t size;
    struct bytes sm3; /* of the whole; 32 bytes */
};

/* The upload of FILE: the one that is open already if it is of the same size and hash, else a new one. What
 * attachment_add refuses before it looks at a file is refused here. */
RESULT upload_begin(const struct act *act, const struct upload_file *file, struct upload_row *ret_row);
/* Takes SIZE bytes of FD from its start as those from offset AT on; FD stays the caller's. ERROR_UPLOAD_OFFSET, with
 * the right one as detail; ERROR_UPLOAD_PIECE (too short); ERROR_UPLOAD_LONG (more than was said); ERROR_NOT_FOUND
 * (another's, ended, or another file came in its place). */
RESULT upload_append(const struct act *act, const char *number, const struct id *id, int64_t at, int fd, int64_t size,
                     struct upload_row *ret_row);
/* All is there: put together, hashed, and taken. The upload is gone with the commit that takes it, and when the file is
 * refused for good. ERROR_UPLOAD_SHORT; ERROR_UPLOAD_CHANGED (not what was announced); those of attachment_add. */
RESULT upload_finish(const struct act *act, const char *number, const struct id *id, struct attachment_row *ret_row);
/* Inside a closure: the upload and its pieces are gone; their files are the caller's to remove, or the sweep's.
 * ERROR_STORE_CONFLICT: it was gone already. */
RESULT upload_forget(struct tx *tx, const struct id *id);
/* Those of the application: KIND_SCANS_MAX at most. */
RESULT upload_list(const struct act *act, const char *number, struct upload_row **ret_rows, size_t *ret_count);
RESULT upload_cancel(const struct act *act, const char *number, const struct id *id);

/* When it is given up if nothing comes. */
int64_t upload_ends_s(const struct upload_row *row);
/* The job: gives up what lapsed and what belongs to an application that is over. */
RESULT upload_work(struct service *service, size_t *ret_done);
