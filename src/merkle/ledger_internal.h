/* What ledger.c and ledger_open.c share: the files of a log. */
#pragma once

#include "merkle/ledger.h"

enum {
    LEDGER_FILE_HEADER = 32,  /* "HUFULOG", version, id, zeros */
    LEDGER_RECORD_HEADER = 64 /* in front of each body */
};

struct ledger {
    int folder, records, tree, places; /* descriptors */
    struct id id;
    uint64_t size;       /* records */
    uint64_t end;        /* of the last one, in the file of records */
    uint64_t checkpoint; /* size when the last checkpoint was written */
    uint64_t cut;
    int64_t last_time_s;
    bool broken, dirty;
    struct tree_hash peaks[TREE_DEPTH_MAX + 1]; /* roots of the full subtrees, from left to right */
    size_t peak_count;
    uint8_t buffer[LEDGER_RECORD_HEADER + LEDGER_BODY_MAX];
};

struct ledger_header {
    uint32_t len;
    uint16_t type;
    uint8_t version;
    bool erased;
    int64_t time_s;
    uint8_t salt[LEDGER_SALT_SIZE];
    struct tree_hash leaf;
};

/* Whole reads and writes at a place; ERROR_IO, also when the file ends before. */
RESULT ledger_read_at(int fd, void *into, size_t len, uint64_t at);
RESULT ledger_write_at(int fd, struct bytes b, uint64_t at);
RESULT ledger_header_read(struct bytes b, struct ledger_header *ret_header);
void ledger_header_write(const struct ledger_header *header, struct writer *w);
/* Takes LEAF, whose record begins at PLACE, into tree and places. */
RESULT ledger_grow(struct ledger *ledger, const struct tree_hash *leaf, uint64_t place);
/* Hashes in the file of the tree when there are SIZE leaves. */
uint64_t ledger_nodes(uint64_t size);
/* The roots of the full subtrees of the tree of SIZE leaves. */
RESULT ledger_peaks(const struct ledger *ledger, uint64_t size, struct tree_hash ret_peaks[TREE_DEPTH_MAX + 1],
                    size_t *ret_count);
/* Makes sure that tree and places are on disk, and then that the next start need not read what they have. */
RESULT ledger_checkpoint(struct ledger *ledger);
