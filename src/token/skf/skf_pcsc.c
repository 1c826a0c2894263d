#include "token/skf/skf_pcsc.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "base/result.h"

#ifdef _WIN32
#define WIDTH "A" /* the functions that take char */

static void *open_library(void)
{
    return LoadLibraryExA("winscard.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
}

static void *find_symbol(void *library, const char *name)
{
    FARPROC found = GetProcAddress(library, name);
    void *pointer;
    memcpy(&pointer, &found, sizeof pointer);
    return pointer;
}
#else
#include <dlfcn.h>
#define WIDTH ""

static void *open_library(void)
{
    return dlopen("libpcsclite.so.1", RTLD_NOW | RTLD_LOCAL);
}

static void *find_symbol(void *library, const char *name)
{
    return dlsym(library, name);
}
#endif

#define WANTED(field, name) { name, offsetof(struct skf_pcsc, field) }
static const struct {
    const char *name;
    size_t offset;
} wanted[] = {
    WANTED(establish, "SCardEstablishContext"), WANTED(release, "SCardReleaseContext"),
    WANTED(list_readers, "SCardListReaders" WIDTH), WANTED(connect, "SCardConnect" WIDTH),
    WANTED(get_status_change, "SCardGetStatusChange" WIDTH), WANTED(reconnect, "SCardReconnect"),
    WANTED(disconnect, "SCardDisconnect"), WANTED(transmit, "SCardTransmit"),
    WANTED(begin_transaction, "SCardBeginTransaction"), WANTED(end_transaction, "SCardEndTransaction"),
    WANTED(t1, "g_rgSCardT1Pci"),
};

/* The interface has one of them in a process; found once. */
static struct skf_pcsc pcsc;
static bool there;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    void *library = open_library();
    there = library != NULL;
    for (size_t i = 0; i < COUNT(wanted) && there; i++) {
        void *found = find_symbol(library, wanted[i].name);
        memcpy((char *)&pcsc + wanted[i].offset, &found, sizeof found);
        if (!found) there = false;
    }
}

const struct skf_pcsc *skf_pcsc_get(void)
{
    pthread_once(&once, load);
    return there ? &pcsc : NULL;
}
