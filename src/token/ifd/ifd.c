/* A handler for pcscd (IFD handler 3.0): shows virtual USBKeys as cards in readers. DEVICENAME in its configuration is
 * the socket of one key, or "FOLDER:N": the N-th reader (from 0) for the keys that are plugged in below FOLDER; each
 * takes a key that no other one has, and keeps it until that is pulled.
 *
 * pcscd calls a reader's functions from one thread at a time and those of different readers side by side. */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ifdhandler.h>
#include <reader.h>

#include "token/card/card_client.h"

enum { READERS_MAX = 16, PATH_SIZE = 512 };

static const char suffix[] = ".sock";

struct reader_slot {
    bool open;
    char place[PATH_SIZE];   /* socket, or folder */
    bool folder;
    char socket[PATH_SIZE];  /* of the key that is in it; "" when there is none */
    struct card_client client;
};

/* By the number that pcscd gives to a reader (the upper half of LUN). */
static struct reader_slot slots[READERS_MAX];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static struct reader_slot *slot_of(DWORD lun)
{
    DWORD number = lun >> 16;
    return number < READERS_MAX ? &slots[number] : NULL;
}

static struct reader_slot *open_slot(DWORD lun)
{
    struct reader_slot *s = slot_of(lun);
    return s && s->open ? s : NULL;
}

/* ---- which key is in a reader ---- */

/* With the guard held. */
static bool taken(const char *socket)
{
    for (size_t i = 0; i < READERS_MAX; i++)
        if (slots[i].open && strcmp(slots[i].socket, socket) == 0) return true;
    return false;
}

static bool is_socket_name(const char *name)
{
    size_t len = strlen(name), end = sizeof suffix - 1;
    return len > end && name[0] != '.' && strcmp(name + len - end, suffix) == 0;
}

/* The first key of the folder that nobody has; with the guard held. */
static bool find_key(const struct reader_slot *s, char ret_socket[PATH_SIZE])
{
    DIR *dir = opendir(s->place);
    bool found = false;
    for (const struct dirent *e; dir && !found && (e = readdir(dir));) {
        if (!is_socket_name(e->d_name)) continue;
        int n = snprintf(ret_socket, PATH_SIZE, "%s/%s", s->place, e->d_name);
        found = n > 0 && n < PATH_SIZE && !taken(ret_socket) && card_client_answers(ret_socket);
    }
    if (dir) closedir(dir);
    return found;
}

/* Whether a key is in it now; takes one if there is one to be had. */
static bool look(struct reader_slot *s)
{
    char socket[PATH_SIZE];
    if (s->client.s >= 0) {
        if (card_client_alive(&s->client)) return true;
        card_client_close(&s->client);
    }
    if (s->socket[0] && card_client_answers(s->socket)) return true;
    pthread_mutex_lock(&guard);
    s->socket[0] = '\0';
    bool found = s->folder ? find_key(s, socket) : card_client_answers(s->place);
    if (found) snprintf(s->socket, sizeof s->socket, "%s", s->folder ? socket : s->place);
    pthread_mutex_unlock(&guard);
    return found;
}

/* ---- opening and closing readers ---- */

RESPONSECODE IFDHCreateChannelByName(DWORD Lun, LPSTR DeviceName)
{
    struct reader_slot *s = slot_of(Lun);
    if (!s || s->open || !DeviceName || strlen(DeviceName) >= sizeof s->place) return IFD_COMMUNICATION_ERROR;
    memset(s, 0, sizeof *s);
    s->client.s = -1;
    strncpy(s->place, DeviceName, sizeof s->place - 1);
    char *colon = strrchr(s->place, ':');
    s->folder = colon != NULL;
    if (colon) *colon = '\0';
    pthread_mutex_lock(&guard);
    s->open = true;
    pthread_mutex_unlock(&guard);
    return IFD_SUCCESS;
}

/* By channel number only: there is no such thing here. */
RESPONSECODE IFDHCreateChannel(DWORD Lun, DWORD Channel)
{
    (void)Lun, (void)Channel;
    return IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHCloseChannel(DWORD Lun)
{
    struct reader_slot *s = open_slot(Lun);
    if (!s) return IFD_COMMUNICATION_ERROR;
    card_client_close(&s->client);
    pthread_mutex_lock(&guard);
    s->open = false;
    s->socket[0] = '\0';
    pthread_mutex_unlock(&guard);
    return IFD_SUCCESS;
}

static RESPONSECODE give(const uint8_t *value, DWORD len, PDWORD Length, PUCHAR Value)
{
    if (*Length < len) return IFD_ERROR_INSUFFICIENT_BUFFER;
    memcpy(Value, value, len);
    *Length = len;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHGetCapabilities(DWORD Lun, DWORD Tag, PDWORD Length, PUCHAR Value)
{
    static const uint8_t one = 1, yes = 1, readers = READERS_MAX;
    switch (Tag) {
    case TAG_IFD_ATR:
    case SCARD_ATTR_ATR_STRING:
        return open_slot(Lun) ? give(card_atr.ptr, (DWORD)card_atr.len, Length, Value) : IFD_COMMUNICATION_ERROR;
    case TAG_IFD_SLOTS_NUMBER: return give(&one, 1, Length, Value);
    case TAG_IFD_SIMULTANEOUS_ACCESS: return give(&readers, 1, Length, Value);
    case TAG_IFD_THREAD_SAFE: return give(&yes, 1, Length, Value);
    default: return IFD_ERROR_TAG;
    }
}

RESPONSECODE IFDHSetCapabilities(DWORD Lun, DWORD Tag, DWORD Length, PUCHAR Value)
{
    (void)Lun, (void)Tag, (void)Length, (void)Value;
    return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHSetProtocolParameters(DWORD Lun, DWORD Protocol, UCHAR Flags, UCHAR PTS1, UCHAR PTS2, UCHAR PTS3)
{
    (void)Lun, (void)Flags, (void)PTS1, (void)PTS2, (void)PTS3;
    return Protocol == SCARD_PROTOCOL_T1 ? IFD_SUCCESS : IFD_PROTOCOL_NOT_SUPPORTED;
}

/* ---- power, presence, commands ---- */

/* Connected to the key that is in it, power off and on. */
static bool power_up(struct reader_slot *s, uint8_t atr[MAX_ATR_SIZE], size_t *ret_len)
{
    if (!look(s)) return false;
    if (s->client.s < 0 && failed(card_client_open(&s->client, s->socket))) return false;
    return !failed(card_client_ask(&s->client, CARD_FRAME_RESET, (struct bytes){ 0 }, CARD_CLIENT_PATIENCE_MS, atr,
                                   MAX_ATR_SIZE, ret_len));
}

RESPONSECODE IFDHPowerICC(DWORD Lun, DWORD Action, PUCHAR Atr, PDWORD AtrLength)
{
    struct reader_slot *s = open_slot(Lun);
    uint8_t atr[MAX_ATR_SIZE];
    size_t len = 0;
    *AtrLength = 0;
    if (!s) return IFD_COMMUNICATION_ERROR;
    if (Action == IFD_POWER_DOWN) {
        /* A key that is plugged in has power: only its rights go. */
        if (s->client.s >= 0)
            IGNORE(card_client_ask(&s->client, CARD_FRAME_RESET, (struct bytes){ 0 }, CARD_CLIENT_PATIENCE_MS, atr,
                                   sizeof atr, &len)); /* a key that is gone has lost them as well */
        card_client_close(&s->client);
        return IFD_SUCCESS;
    }
    if (Action != IFD_POWER_UP && Action != IFD_RESET) return IFD_NOT_SUPPORTED;
    if (!power_up(s, atr, &len)) return IFD_ERROR_POWER_ACTION;
    memcpy(Atr, atr, len);
    *AtrLength = (DWORD)len;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHTransmitToICC(DWORD Lun, SCARD_IO_HEADER SendPci, PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer,
                               PDWORD RxLength, PSCARD_IO_HEADER RecvPci)
{
    struct reader_slot *s = open_slot(Lun);
    size_t len = 0;
    DWORD room = *RxLength;
    (void)SendPci;
    *RxLength = 0;
    if (!s || s->client.s < 0) return IFD_ICC_NOT_PRESENT;
    if (TxLength > CARD_FRAME_PAYLOAD_MAX) return IFD_COMMUNICATION_ERROR;
    struct result r = card_client_ask(&s->client, CARD_FRAME_COMMAND, bytes_of(TxBuffer, TxLength), CARD_CLIENT_FOREVER,
                                      RxBuffer, room, &len);
    if (failed(r)) return IFD_COMMUNICATION_ERROR;
    if (RecvPci) RecvPci->Protocol = 1;
    *RxLength = (DWORD)len;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHControl(DWORD Lun, DWORD ControlCode, PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer,
                         DWORD RxLength, LPDWORD BytesReturned)
{
    (void)Lun, (void)ControlCode, (void)TxBuffer, (void)TxLength, (void)RxBuffer, (void)RxLength;
    *BytesReturned = 0;
    return IFD_ERROR_NOT_SUPPORTED;
}

RESPONSECODE IFDHICCPresence(DWORD Lun)
{
    struct reader_slot *s = open_slot(Lun);
    if (!s) return IFD_COMMUNICATION_ERROR;
    return look(s) ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}
