/* The functions of PC/SC, found in its library when that is there. */
#pragma once

#ifdef _WIN32
#include "base/windows_api.h"
#endif
#include <winscard.h>

/* Windows has these functions with char and with wchar_t; names of readers are char here. */
#ifdef _WIN32
typedef SCARD_READERSTATEA skf_reader_state;
#else
typedef SCARD_READERSTATE skf_reader_state;
#endif

struct skf_pcsc {
    __typeof__(&SCardEstablishContext) establish;
    __typeof__(&SCardReleaseContext) release;
#ifdef _WIN32
    __typeof__(&SCardListReadersA) list_readers;
    __typeof__(&SCardConnectA) connect;
    __typeof__(&SCardGetStatusChangeA) get_status_change;
#else
    __typeof__(&SCardListReaders) list_readers;
    __typeof__(&SCardConnect) connect;
    __typeof__(&SCardGetStatusChange) get_status_change;
#endif
    __typeof__(&SCardReconnect) reconnect;
    __typeof__(&SCardDisconnect) disconnect;
    __typeof__(&SCardTransmit) transmit;
    __typeof__(&SCardBeginTransaction) begin_transaction;
    __typeof__(&SCardEndTransaction) end_transaction;
    const SCARD_IO_REQUEST *t1;
};

/* Loaded at the first call; NULL where there is no such library. */
const struct skf_pcsc *skf_pcsc_get(void);
