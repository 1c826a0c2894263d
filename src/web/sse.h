/* Server-sent events: who waits for what. A handler opens a stream on a topic, others publish to the topic,
 * from any thread. A stream holds a bounded queue; one whose peer does not keep up is ended, and a
 * browser then connects anew and reads the state, so an event says what changed and never carries what
 * could not be read again. A silent stream gets a comment every 15 s, which also finds peers that are gone. */
#pragma once

#include "web/http.h"

enum {
    SSE_TOPIC_MAX = 64,
    SSE_EVENT_MAX = 8192, /* bytes of an event's data */
    SSE_QUEUE_MAX = 64,   /* events waiting in a stream */
    SSE_HEARTBEAT_S = 15,
    SSE_LIFE_S = 3600     /* then a stream is ended, and its peer's login is looked at anew */
};

struct sse;

struct sse_options {
    unsigned streams;     /* at a time; 0: 1000 */
    unsigned heartbeat_s; /* 0: SSE_HEARTBEAT_S */
    unsigned life_s;      /* 0: SSE_LIFE_S */
};

/* Starts a thread for heartbeats. Freed after http_stop. */
RESULT sse_new(const struct sse_options *options, struct sse **ret_sse);
void sse_free(struct sse *sse);

/* Whose stream it is; all zero: nobody's. */
struct sse_owner {
    struct id account, session;
};

/* Answers REQUEST with the events of TOPIC. ERROR_STREAMS_FULL. */
RESULT sse_open(struct sse *sse, struct http_request *request, const char *topic, const struct sse_owner *owner);
/* NAME is a plain word, DATA plain text or lines. How many streams got it; 0 also when it is too large. */
size_t sse_publish(struct sse *sse, const char *topic, const char *name, struct bytes data);
/* Ends the streams of this account or session: it is closed. */
void sse_end(struct sse *sse, const struct id *account_or_session);
size_t sse_count(struct sse *sse);
