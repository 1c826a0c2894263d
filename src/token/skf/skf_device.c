/* Devices: which keys there are, opening one, keeping others away. */
#include "token/skf/skf_internal.h"

#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "token/skf/skf_settings.h"

enum { INFO_WIRE = 288, POLL_MS = 200 };

/* ---- which keys there are ---- */

/* Cards in this process are there for the tests that put them there. */
static bool used(const struct skf_transport *transport)
{
    return text_equal(transport->name, "local") || skf_setting_transport(transport->name);
}

/* Names with their NULs and one more; one transport behind the other. */
static struct bytes list_all(uint8_t *into, size_t room)
{
    struct writer w = writer_of(into, room - 1);
    for (size_t i = 0; skf_transports[i]; i++)
        if (used(skf_transports[i])) skf_transports[i]->list(&w);
    w.room = room;
    w.full = false;
    write_u8(&w, 0);
    return bytes_of(w.ptr, w.len);
}

/* The next name of a list; empty at its end. */
static struct bytes next_name(struct reader *r)
{
    const uint8_t *start = r->ptr;
    size_t len = 0;
    while (len < r->left && start[len]) len++;
    (void)read_bytes(r, len);
    (void)read_u8(r);
    return bytes_of(start, len);
}

static bool listed(struct bytes list, struct bytes name)
{
    struct reader r = reader_of(list);
    for (struct bytes n; (n = next_name(&r)).len && !r.bad;)
        if (bytes_equal(n, name)) return true;
    return false;
}

/* What SKF_WaitForDevEvent last told, or the first look at the keys. */
static struct {
    pthread_mutex_t guard;
    pthread_cond_t changed;
    uint32_t cancelled; /* counts SKF_CancelWaitForDevEvent */
    bool looked;
    uint8_t known[SKF_LIST_MAX];
    size_t known_len;
} events = { .guard = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void look(const uint8_t *list, size_t len)
{
    if (events.looked) return;
    memcpy(events.known, list, len);
    events.known_len = len;
    events.looked = true;
}

SKF_EXPORT ULONG DEVAPI SKF_EnumDev(BOOL bPresent, LPSTR szNameList, ULONG *pulSize)
{
    (void)bPresent; /* a key that is not plugged in is not known */
    SKF_ENSURE(pulSize, SAR_INVALIDPARAMERR);
    uint8_t *list = malloc(SKF_LIST_MAX);
    SKF_ENSURE(list, SAR_MEMORYERR);
    struct bytes names = list_all(list, SKF_LIST_MAX);
    pthread_mutex_lock(&events.guard);
    look(names.ptr, names.len);
    pthread_mutex_unlock(&events.guard);
    ULONG sar = skf_give(names, szNameList, pulSize);
    free(list);
    return sar;
}

SKF_EXPORT ULONG DEVAPI SKF_GetDevState(LPSTR szDevName, ULONG *pulDevState)
{
    struct bytes name;
    SKF_ENSURE(pulDevState, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_text(szDevName, SKF_DEVICE_NAME_MAX - 1, &name));
    uint8_t *list = malloc(SKF_LIST_MAX);
    SKF_ENSURE(list, SAR_MEMORYERR);
    *pulDevState = listed(list_all(list, SKF_LIST_MAX), name) ? DEV_PRESENT_STATE : DEV_ABSENT_STATE;
    free(list);
    return SAR_OK;
}

/* ---- events ---- */

/* The first name of A that is not in B; empty if there is none. */
static struct bytes first_missing(struct bytes a, struct bytes b)
{
    struct reader r = reader_of(a);
    for (struct bytes n; (n = next_name(&r)).len && !r.bad;)
        if (!listed(b, n)) return n;
    return (struct bytes){ 0 };
}

/* Adds NAME to what is known, or takes it out. */
static void remember(struct bytes name, bool in)
{
    uint8_t *fresh = malloc(SKF_LIST_MAX);
    if (!fresh) return;
    struct writer w = writer_of(fresh, SKF_LIST_MAX - 1);
    struct reader r = reader_of(bytes_of(events.known, events.known_len));
    for (struct bytes n; (n = next_name(&r)).len && !r.bad;) {
        if (bytes_equal(n, name)) continue;
        write_bytes(&w, n);
        write_u8(&w, 0);
    }
    if (in) {
        write_bytes(&w, name);
        write_u8(&w, 0);
    }
    w.room++;
    write_u8(&w, 0);
    memcpy(events.known, fresh, w.len);
    events.known_len = w.len;
    free(fresh);
}

/* With the guard held. True when something happened; the name then stands in LIST or in what is known. */
static bool happened(struct bytes now, char ret_name[SKF_DEVICE_NAME_MAX], ULONG *ret_event)
{
    struct bytes known = bytes_of(events.known, events.known_len);
    struct bytes in = first_missing(now, known), out = first_missing(known, now);
    if (!in.len && !out.len) return false;
    struct bytes name = in.len ? in : out;
    memcpy(ret_name, name.ptr, name.len);
    ret_name[name.len] = '\0';
    *ret_event = in.len ? 1 : 2;
    remember(bytes_of(ret_name, name.len), in.len > 0);
    return true;
}

static void wait_a_little(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += POLL_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait(&events.changed, &events.guard, &until);
}

/* Looks five times a second, which takes the same way for every transport; returns at once for what happened since
 * the last call. */
SKF_EXPORT ULONG DEVAPI SKF_WaitForDevEvent(LPSTR szDevName, ULONG *pulDevNameLen, ULONG *pulEvent)
{
    char name[SKF_DEVICE_NAME_MAX];
    SKF_ENSURE(szDevName && pulDevNameLen && pulEvent && *pulDevNameLen > 0, SAR_INVALIDPARAMERR);
    uint8_t *list = malloc(SKF_LIST_MAX);
    SKF_ENSURE(list, SAR_MEMORYERR);
    ULONG sar = SAR_OK, event = 0;
    pthread_mutex_lock(&events.guard);
    const uint32_t cancelled = events.cancelled;
    for (;;) {
        pthread_mutex_unlock(&events.guard);
        struct bytes now = list_all(list, SKF_LIST_MAX);
        pthread_mutex_lock(&events.guard);
        if (events.cancelled != cancelled) {
            sar = SAR_NOT_EVENTERR;
            break;
        }
        look(now.ptr, now.len);
        if (happened(now, name, &event)) break;
        wait_a_little();
    }
    pthread_mutex_unlock(&events.guard);
    free(list);
    SKF_TRY(sar);
    *pulEvent = event;
    return skf_give(bytes_of(name, strlen(name) + 1), szDevName, pulDevNameLen);
}

SKF_EXPORT ULONG DEVAPI SKF_CancelWaitForDevEvent(void)
{
    pthread_mutex_lock(&events.guard);
    events.cancelled++;
    pthread_cond_broadcast(&events.changed);
    pthread_mutex_unlock(&events.guard);
    return SAR_OK;
}

/* ---- one key ---- */

static ULONG connect_any(const char *name, struct skf_device *device)
{
    ULONG sar = SAR_DEVICE_REMOVED;
    for (size_t i = 0; skf_transports[i] && sar == SAR_DEVICE_REMOVED; i++) {
        if (!used(skf_transports[i])) continue;
        device->transport = skf_transports[i];
        sar = device->transport->connect(name, &device->link);
    }
    return sar;
}

SKF_EXPORT ULONG DEVAPI SKF_ConnectDev(LPSTR szName, DEVHANDLE *phDev)
{
    struct bytes name;
    SKF_ENSURE(phDev, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_text(szName, SKF_DEVICE_NAME_MAX - 1, &name));
    struct skf_device *device = calloc(1, sizeof *device);
    SKF_ENSURE(device, SAR_MEMORYERR);
    memcpy(device->name, name.ptr, name.len);
    ULONG sar = connect_any(device->name, device);
    if (sar != SAR_OK) {
        free(device);
        return sar;
    }
    pthread_mutex_init(&device->mutex, NULL);
    sar = skf_device_open(device);
    struct skf_entry entry = { .kind = SKF_DEVICE, .device = device };
    if (sar == SAR_OK) sar = skf_handle_new(&entry, phDev);
    if (sar != SAR_OK) {
        device->transport->close(device->link);
        pthread_mutex_destroy(&device->mutex);
        secret_wipe(device, sizeof *device);
        free(device);
    }
    return sar;
}

/* The channel is given back, so that it is not there for whoever sits at the card next. */
static void leave_channel(struct skf_device *device)
{
    struct skf_command c = { .cla = 0xB0, .ins = 0x1E };
    if (device->protected) (void)skf_run(device, &c);
}

SKF_EXPORT ULONG DEVAPI SKF_DisConnectDev(DEVHANDLE hDev)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    leave_channel(use.device);
    skf_handle_free(&use);
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_SetLabel(DEVHANDLE hDev, LPSTR szLabel)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[CARD_LABEL_MAX];
    struct skf_command c = SKF_COMMAND(0x80, 0x02, 0, 0, buffer);
    struct bytes label;
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_TRY(skf_text(szLabel, CARD_LABEL_MAX, &label));
    write_bytes(&c.data, label);
    return skf_run(use.device, &c);
}

/* DEVINFO as it travels has other fields at its beginning and its end. */
static void info_of(struct bytes wire, DEVINFO *ret_info)
{
    struct reader r = reader_of(wire);
    memset(ret_info, 0, sizeof *ret_info);
    (void)read_bytes(&r, 2);
    read_copy(&r, &ret_info->Version, 2);
    read_copy(&r, ret_info->Manufacturer, 64);
    read_copy(&r, ret_info->Issuer, 64);
    read_copy(&r, ret_info->Label, 32);
    read_copy(&r, ret_info->SerialNumber, 32);
    read_copy(&r, &ret_info->HWVersion, 2);
    read_copy(&r, &ret_info->FirmwareVersion, 2);
    ret_info->AlgSymCap = skf_take_u32(&r);
    ret_info->AlgAsymCap = skf_take_u32(&r);
    ret_info->AlgHashCap = skf_take_u32(&r);
    ret_info->DevAuthAlgId = skf_take_u32(&r);
    ret_info->TotalSpace = skf_take_u32(&r);
    ret_info->FreeSpace = skf_take_u32(&r);
    ret_info->MaxECCBufferSize = SM2_PLAINTEXT_MAX;
    ret_info->MaxBufferSize = skf_take_u16(&r);
}

SKF_EXPORT ULONG DEVAPI SKF_GetDevInfo(DEVHANDLE hDev, DEVINFO *pDevInfo)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct skf_command c = { .cla = 0x80, .ins = 0x04 };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pDevInfo, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_run(use.device, &c));
    SKF_ENSURE(c.answer.len == INFO_WIRE, SAR_FAIL);
    info_of(c.answer, pDevInfo);
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_LockDev(DEVHANDLE hDev, ULONG ulTimeOut)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    return use.device->transport->lock(use.device->link, ulTimeOut);
}

SKF_EXPORT ULONG DEVAPI SKF_UnlockDev(DEVHANDLE hDev)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    return use.device->transport->unlock(use.device->link);
}

/* As it is given, without protection. */
SKF_EXPORT ULONG DEVAPI SKF_Transmit(DEVHANDLE hDev, BYTE *pbCommand, ULONG ulCommandLen, BYTE *pbData,
                                     ULONG *pulDataLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct bytes answer;
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbCommand && pbData && pulDataLen, SAR_INVALIDPARAMERR);
    SKF_ENSURE(ulCommandLen >= 4 && ulCommandLen <= CARD_COMMAND_MAX, SAR_INDATALENERR);
    SKF_TRY(skf_run_raw(use.device, bytes_of(pbCommand, ulCommandLen), &answer));
    return skf_give(answer, pbData, pulDataLen);
}

SKF_EXPORT ULONG DEVAPI SKF_GenRandom(DEVHANDLE hDev, BYTE *pbRandom, ULONG ulRandomLen)
{
    enum { CHUNK = 1024 };
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pbRandom, SAR_INVALIDPARAMERR);
    while (ulRandomLen > 0) {
        struct skf_command c = { .cla = 0x80, .ins = 0x50, .expected = ulRandomLen < CHUNK ? ulRandomLen : CHUNK };
        SKF_TRY(skf_run(use.device, &c));
        SKF_ENSURE(c.answer.len == c.expected, SAR_GENRANDERR);
        memcpy(pbRandom, c.answer.ptr, c.expected);
        pbRandom += c.expected;
        ulRandomLen -= (ULONG)c.expected;
    }
    return SAR_OK;
}
