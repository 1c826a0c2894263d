/* store-writer URL: writes events for the things w0 … w15, a thread for each, and says on standard output what was
 * confirmed ("thing event", as numbers), until it is killed. Event N of a thing is its event number N: where it goes on
 * is what the thing counts. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "world.h"

enum { WRITERS = 16 };

struct line {
    pthread_t thread;
    struct store *store;
    int number;
};

static struct result add_event(struct tx *tx, void *context)
{
    const struct event *event = context;
    struct thing thing = { .id = event->thing };
    TRY(tx_change(tx, STATEMENT_EVENT_INSERT, RECORD(event_shape, event)));
    return tx_change(tx, STATEMENT_THING_COUNT_UP, THING(&thing));
}

static void *write_events(void *closure)
{
    const struct line *line = closure;
    char name[8];
    snprintf(name, sizeof name, "w%d", line->number);
    struct thing thing = { .name = name };
    struct arena *arena = arena_new(100000);
    if (failed(store_one(line->store, STATEMENT_THING_LITERAL, THING(&thing), arena, &thing_shape, &thing)) ||
        failed(store_one(line->store, STATEMENT_THING_GET, THING(&thing), arena, &thing_shape, &thing)))
        exit(2);
    for (int64_t n = thing.count;; n++) {
        struct event event = { random_id(), thing.id, n, "x" };
        if (failed(store_write(line->store, add_event, &event))) exit(3);
        char said[64];
        int len = snprintf(said, sizeof said, "%d %d\n", line->number, (int)n);
        if (write(1, said, (size_t)len) != len) exit(4);
    }
}

int main(int argc, char **argv)
{
    static struct line lines[WRITERS];
    struct store_options options = { .url = argc == 2 ? argv[1] : "", .readers = 2 };
    struct store *store;
    if (failed(store_open(&options, NULL, &store))) return 1;
    for (int i = 0; i < WRITERS; i++) {
        lines[i] = (struct line){ .store = store, .number = i };
        if (pthread_create(&lines[i].thread, NULL, write_events, &lines[i])) return 1;
    }
    pthread_join(lines[0].thread, NULL);
    return 5;
}
