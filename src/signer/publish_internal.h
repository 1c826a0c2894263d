/* What publish.c, publish_answer.c, publish_list.c and responder.c share. */
#pragma once

#include "pki/published.h"
#include "signer/publish.h"
#include "signer/responder.h"
#include "signer/signer.h"

enum { PUBLISH_ARENA_MAX = 512 * 1024, PUBLISH_FULL = -1 };

/* A list, as far as it is known. */
struct list {
    bool known;     /* what is published was looked at */
    bool changed;   /* a certificate of it changed since */
    uint64_t number;
    int64_t made_s;  /* as it says itself */
    int64_t renew_s; /* when it is to be made again though nothing changed */
};

struct publisher {
    struct signer *signer;
    int folder;            /* descriptor */
    bool begun;            /* certificates of the CAs are published */
    struct arena *arena;   /* of one piece of work */
    struct issuer_id ids[ISSUER_ID_KINDS];
    struct responder responder;

    struct list full, *lists; /* of partitions */
    size_t lists_room;
    uint32_t *waiting;        /* partitions that changed, in the order in which they did */
    size_t waiting_count, waiting_room;
    int64_t waiting_since_s;

    size_t fresh;             /* those before it have an answer, or are the sweep's affair */
    int64_t fresh_since_s;    /* one waits there since; 0: none */
    bool fresh_listed;        /* one of those told since begins on a list */
    size_t swept, lists_swept; /* how far this sweep has looked */
    int64_t sweep_s;          /* when the next one begins */
    int64_t retry_s;          /* after a failure nothing is done before */
    int64_t opened_s;         /* those before may have made lists up to then: */
    size_t partitions_before; /* of so many partitions, */
    bool full_before;         /* and in full */
    enum error told;          /* of the last failure, until something succeeds */
    int64_t nonce_second;     /* nonces answered in this second */
    int64_t nonces;
};

/* Time as the journal knows it: never before its last record. */
int64_t publish_now(const struct publisher *p);
/* Replaces PATH, making folders; readable for all. ERROR_IO. */
RESULT publish_write(const struct publisher *p, const char *path, struct bytes content);
/* The whole of PATH, at most MAX bytes, to be freed. ERROR_NOT_FOUND, ERROR_TOO_LARGE. */
RESULT publish_read(const struct publisher *p, const char *path, size_t max, uint8_t **ret_content, size_t *ret_len);

/* publish_answer.c: makes sure that what is published of POSITION says how it stands, and goes on to hold a while. */
RESULT publish_answer(struct publisher *p, size_t position);
/* The certificate itself. */
RESULT publish_certificate(struct publisher *p, size_t position);

/* publish_list.c. PARTITION or PUBLISH_FULL. publish_list makes it anew; publish_list_look does so unless what is
 * published will do. ERROR_BUSY: it is to be asked again in the next second. */
RESULT publish_list(struct publisher *p, int64_t partition);
RESULT publish_list_look(struct publisher *p, int64_t partition);
size_t publish_partitions(const struct publisher *p);
