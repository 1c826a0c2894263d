#include <pthread.h>
#include <stdlib.h>

#include "token/agent/system.h"

enum { THREAD_STACK = 512 * 1024 };

struct thread_start {
    void (*work)(void *);
    void *argument;
};

static void *run(void *argument)
{
    struct thread_start start = *(struct thread_start *)argument;
    free(argument);
    start.work(start.argument);
    return NULL;
}

struct result system_thread(void (*work)(void *), void *argument)
{
    struct thread_start *start = malloc(sizeof *start);
    ENSURE(start, ERROR_OUT_OF_ROOM);
    *start = (struct thread_start){ work, argument };
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    pthread_t thread;
    int failure = pthread_create(&thread, &attr, run, start);
    pthread_attr_destroy(&attr);
    if (failure) free(start);
    ENSURE(!failure, ERROR_OUT_OF_ROOM);
    return OK;
}
