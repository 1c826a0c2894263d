#include "paysim/orders.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct orders {
    int fd;
    json_t *all; /* by number */
    pthread_mutex_t lock;
};

/* Lines up to the last whole one; the rest was being written when the process ended. */
static struct result load(struct orders *orders)
{
    FILE *f = fdopen(dup(orders->fd), "r");
    ENSURE(f, ERROR_IO);
    char *line = NULL;
    size_t room = 0;
    long good = 0;
    for (ssize_t n; (n = getline(&line, &room, f)) > 0 && line[n - 1] == '\n'; good += n) {
        json_t *order = json_loadb(line, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
        const char *number = json_string_value(json_object_get(order, "out_trade_no"));
        if (!number) break;
        json_object_set_new(orders->all, number, order);
    }
    free(line);
    fclose(f);
    ENSURE(ftruncate(orders->fd, good) == 0, ERROR_IO);
    return OK;
}

struct result orders_open(const char *path, struct orders **ret_orders)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ENSURE(fd >= 0, ERROR_IO);
    struct orders *orders = calloc(1, sizeof *orders);
    if (!orders) abort();
    orders->fd = fd;
    orders->all = json_object();
    pthread_mutex_init(&orders->lock, NULL);
    struct result r = load(orders);
    if (failed(r)) {
        orders_free(orders);
        return r;
    }
    *ret_orders = orders;
    return OK;
}

void orders_free(struct orders *orders)
{
    if (!orders) return;
    close(orders->fd);
    json_decref(orders->all);
    pthread_mutex_destroy(&orders->lock);
    free(orders);
}

json_t *orders_find(struct orders *orders, const char *number)
{
    pthread_mutex_lock(&orders->lock);
    json_t *copy = json_deep_copy(json_object_get(orders->all, number));
    pthread_mutex_unlock(&orders->lock);
    return copy;
}

void orders_each(struct orders *orders, void (*look)(const json_t *order, void *closure), void *closure)
{
    const char *number;
    json_t *order;
    pthread_mutex_lock(&orders->lock);
    json_object_foreach(orders->all, number, order) look(order, closure);
    pthread_mutex_unlock(&orders->lock);
}

static struct result keep(struct orders *orders, const char *number, json_t *order)
{
    char *text = json_dumps(order, JSON_COMPACT);
    ENSURE(text, ERROR_INTERNAL);
    size_t len = strlen(text);
    text[len] = '\n'; /* in place of its NUL: one write for the whole line */
    bool ok = write(orders->fd, text, len + 1) == (ssize_t)(len + 1) && fdatasync(orders->fd) == 0;
    free(text);
    ENSURE(ok, ERROR_IO);
    json_object_set(orders->all, number, order);
    return OK;
}

struct result orders_update(struct orders *orders, const char *number, orders_change *change, void *closure)
{
    pthread_mutex_lock(&orders->lock);
    json_t *known = json_object_get(orders->all, number);
    json_t *order = known ? json_deep_copy(known) : json_object();
    struct result r = change(order, closure) ? keep(orders, number, order) : OK;
    json_decref(order);
    pthread_mutex_unlock(&orders->lock);
    return r;
}
