/* What a backup says of its own content, in its last entry. */
#pragma once

#include "base/shape.h"

struct backup_content {
    int64_t files, bytes;          /* entries with content, and how much */
    int64_t made_s;
    int64_t journal_size;          /* records that were verified before it was made, and their root: at least */
    struct bytes journal_root;
    int64_t trail_size;            /* likewise, of the trail of who did what */
    struct bytes trail_root;
};
extern const struct shape backup_content_shape;

enum { BACKUP_CONTENT_MAX = 512 };
#define BACKUP_DATABASE "database"         /* entry: the image of the embedded database */
#define BACKUP_JOURNAL "signer/journal"
#define BACKUP_INCARNATION "signer/incarnation" /* of the next start (signer/incarnation.h) */
