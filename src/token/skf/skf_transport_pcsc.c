/* Readers of PC/SC: pcscd (libpcsclite) or the smart card service of Windows. The library is loaded when it
 * is there, so that the driver installs without it. */
#include "token/skf/skf_transport.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "token/card/card.h"
#include "token/skf/skf_pcsc.h"
#include "token/skf/skf_settings.h"

enum { READERS_MAX = 32, READER_LIST_MAX = 8192, ATR_MAX = 36, FOREVER_MS = -1 };

struct link {
    SCARDCONTEXT context;
    SCARDHANDLE card;
    bool connected, locked;
};

/* ---- which readers hold a card of ours ---- */

static bool same_atr(const uint8_t *atr, size_t len, const char *hex)
{
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1 || byte != atr[i]) return false;
    }
    return hex[2 * len] == '\0' || hex[2 * len] == ' ';
}

/* Other cards are left alone: a bank card counts wrong commands. */
static bool known_atr(const uint8_t *atr, size_t len)
{
    char more[SKF_SETTING_MAX];
    if (bytes_equal(bytes_of(atr, len), card_atr)) return true;
    if (len == 0 || !skf_setting_atrs(more)) return false;
    for (const char *at = more; at; at = strchr(at, ' ')) {
        at += strspn(at, " ");
        if (strlen(at) >= 2 * len && same_atr(atr, len, at)) return true;
    }
    return false;
}

static void add_present(const struct skf_pcsc *pcsc, SCARDCONTEXT context, char *readers,
                        struct writer *names)
{
    skf_reader_state states[READERS_MAX];
    DWORD count = 0;
    memset(states, 0, sizeof states);
    for (char *at = readers; *at && count < READERS_MAX; at += strlen(at) + 1) states[count++].szReader = at;
    if (count == 0 || pcsc->get_status_change(context, 0, states, count) != SCARD_S_SUCCESS) return;
    for (DWORD i = 0; i < count; i++) {
        if (!(states[i].dwEventState & SCARD_STATE_PRESENT) || (states[i].dwEventState & SCARD_STATE_MUTE))
            continue;
        if (!known_atr(states[i].rgbAtr, states[i].cbAtr)) continue;
        write_text(names, states[i].szReader);
        write_u8(names, 0);
    }
}

static void pcsc_list(struct writer *names)
{
    const struct skf_pcsc *pcsc = skf_pcsc_get();
    SCARDCONTEXT context;
    char readers[READER_LIST_MAX] = "";
    DWORD len = sizeof readers - 2;
    if (!pcsc || pcsc->establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) != SCARD_S_SUCCESS) return;
    if (pcsc->list_readers(context, NULL, readers, &len) == SCARD_S_SUCCESS)
        add_present(pcsc, context, readers, names);
    pcsc->release(context);
}

/* ---- one card ---- */

static uint32_t sar_of(LONG rv)
{
    switch ((uint32_t)rv) {
    case (uint32_t)SCARD_S_SUCCESS: return SAR_OK;
    case (uint32_t)SCARD_E_TIMEOUT:
    case (uint32_t)SCARD_E_SHARING_VIOLATION: return SAR_TIMEOUTERR;
    case (uint32_t)SCARD_E_NO_MEMORY: return SAR_MEMORYERR;
    default: return SAR_DEVICE_REMOVED;
    }
}

static void pcsc_close(void *context)
{
    struct link *link = context;
    const struct skf_pcsc *pcsc = skf_pcsc_get();
    if (link->locked) pcsc->end_transaction(link->card, SCARD_LEAVE_CARD);
    if (link->connected) pcsc->disconnect(link->card, SCARD_LEAVE_CARD);
    pcsc->release(link->context);
    free(link);
}

static uint32_t pcsc_connect(const char *name, void **ret_link)
{
    const struct skf_pcsc *pcsc = skf_pcsc_get();
    uint8_t list[SKF_LIST_MAX];
    struct writer names = writer_of(list, sizeof list - 1);
    DWORD protocol;
    if (!pcsc) return SAR_DEVICE_REMOVED;
    pcsc_list(&names); /* only what was listed: no other card is touched */
    bool listed = false;
    for (size_t at = 0; at < names.len; at += strlen((char *)list + at) + 1)
        listed = listed || strcmp((char *)list + at, name) == 0;
    if (!listed) return SAR_DEVICE_REMOVED;
    struct link *link = calloc(1, sizeof *link);
    if (!link) return SAR_MEMORYERR;
    LONG rv = pcsc->establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &link->context);
    if (rv != SCARD_S_SUCCESS) {
        free(link);
        return sar_of(rv);
    }
    rv = pcsc->connect(link->context, name, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &link->card, &protocol);
    link->connected = rv == SCARD_S_SUCCESS;
    if (!link->connected) {
        pcsc_close(link);
        return sar_of(rv);
    }
    *ret_link = link;
    return SAR_OK;
}

static uint32_t pcsc_exchange(void *context, struct bytes command, uint8_t *ret_answer, size_t room,
                              size_t *ret_len)
{
    struct link *link = context;
    const struct skf_pcsc *pcsc = skf_pcsc_get();
    LONG rv = SCARD_S_SUCCESS;
    for (int turn = 0; turn < 2; turn++) {
        DWORD len = (DWORD)room, protocol;
        rv = pcsc->transmit(link->card, pcsc->t1, command.ptr, (DWORD)command.len, NULL, ret_answer, &len);
        *ret_len = len;
        if (rv != SCARD_W_RESET_CARD) break;
        /* Another program reset it: what was opened is gone, which the card itself will say. */
        link->locked = false;
        rv = pcsc->reconnect(link->card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD, &protocol);
        if (rv != SCARD_S_SUCCESS) break;
    }
    return sar_of(rv);
}

/* ---- the lock: a transaction, which PC/SC can only wait for without end ---- */

/* Shared by who waits and the thread that asks; whoever leaves last frees it. */
struct waiting {
    pthread_mutex_t mutex;
    pthread_cond_t done;
    SCARDHANDLE card;
    LONG rv;
    bool finished, abandoned;
};

static void waiting_free(struct waiting *w)
{
    pthread_mutex_destroy(&w->mutex);
    pthread_cond_destroy(&w->done);
    free(w);
}

static void *begin(void *context)
{
    struct waiting *w = context;
    const struct skf_pcsc *pcsc = skf_pcsc_get();
    LONG rv = pcsc->begin_transaction(w->card);
    pthread_mutex_lock(&w->mutex);
    w->rv = rv;
    w->finished = true;
    bool abandoned = w->abandoned;
    pthread_cond_signal(&w->done);
    pthread_mutex_unlock(&w->mutex);
    if (!abandoned) return NULL;
    /* It came too late: given back at once. */
    if (rv == SCARD_S_SUCCESS) pcsc->end_transaction(w->card, SCARD_LEAVE_CARD);
    waiting_free(w);
    return NULL;
}

static struct timespec in_ms(uint32_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

static LONG begin_within(SCARDHANDLE card, uint32_t ms)
{
    struct waiting *w = calloc(1, sizeof *w);
    pthread_t thread;
    if (!w) return SCARD_E_NO_MEMORY;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->done, NULL);
    w->card = card;
    if (pthread_create(&thread, NULL, begin, w) != 0) {
        waiting_free(w);
        return SCARD_E_NO_MEMORY;
    }
    struct timespec until = in_ms(ms);
    pthread_mutex_lock(&w->mutex);
    while (!w->finished && pthread_cond_timedwait(&w->done, &w->mutex, &until) == 0)
        ;
    bool finished = w->finished;
    LONG rv = finished ? w->rv : SCARD_E_TIMEOUT;
    w->abandoned = !finished;
    pthread_mutex_unlock(&w->mutex);
    if (finished) {
        pthread_join(thread, NULL);
        waiting_free(w);
    } else pthread_detach(thread);
    return rv;
}

static uint32_t pcsc_lock(void *context, uint32_t timeout_ms)
{
    struct link *link = context;
    const struct skf_pcsc *pcsc = skf_pcsc_get();
    if (link->locked) return SAR_OK;
    LONG rv =
        timeout_ms == UINT32_MAX ? pcsc->begin_transaction(link->card) : begin_within(link->card, timeout_ms);
    if (rv == SCARD_W_RESET_CARD) {
        DWORD protocol;
        rv = pcsc->reconnect(link->card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD, &protocol);
        if (rv == SCARD_S_SUCCESS) rv = pcsc->begin_transaction(link->card);
    }
    link->locked = rv == SCARD_S_SUCCESS;
    return sar_of(rv);
}

static uint32_t pcsc_unlock(void *context)
{
    struct link *link = context;
    if (!link->locked) return SAR_FAIL;
    link->locked = false;
    return sar_of(skf_pcsc_get()->end_transaction(link->card, SCARD_LEAVE_CARD));
}

const struct skf_transport skf_transport_pcsc = { "pcsc",        pcsc_list, pcsc_connect, pcsc_close,
                                                  pcsc_exchange, pcsc_lock, pcsc_unlock };
