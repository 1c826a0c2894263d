/* What the agent asks of hufu-agent-helper, the program that loads one SKF library and does nothing else: it may crash
 * or hang with its library, and nobody else does. They talk over the helper's standard input, one question at a time.
 *
 *   question  4 bytes length of the rest, 1 byte enum helper_op, blocks
 *   answer    4 bytes length of the rest, 4 bytes code (enum error), 4 bytes SAR of the library (0: none),
 *             1 byte tries left (HELPER_NO_TRIES: not known), blocks
 * Numbers are big-endian, blocks have their length in 4 bytes before them, as in base/bytes.h.
 *
 * Every question that concerns a USBKey begins with its device name and its serial number; another USBKey under that
 * name is ERROR_AGENT_NO_KEY. Nothing is kept open between questions: some makers' libraries know one device only. */
#pragma once

#include "base/bytes.h"

enum {
    HELPER_MESSAGE_MAX = 64 * 1024,
    HELPER_DEVICES_MAX = 64,
    HELPER_STATEMENT_MAX = 4096,
    HELPER_TEXT_MAX = 128, /* of a device name and of each text of a key */
    HELPER_NO_TRIES = 255,
    HELPER_TIME_MAX_S = 60 /* a helper ends itself when one question takes longer */
};

enum helper_op {
    HELPER_LIST = 1,         /* → for each USBKey: device, serial, label, manufacturer */
    HELPER_STATE,            /* device, serial → u8 enum helper_state, signing certificate, encryption certificate;
                                tries as always. A certificate that is absent is empty */
    HELPER_CHANGE_PIN,       /* device, serial, old, new → */
    HELPER_SIGN,             /* device, serial, PIN, message → signature (64) */
    HELPER_INSPECT,          /* device, serial → challenge (8), card certificate */
    HELPER_OPEN,             /* device, serial, device answer (16), sealed key (116) → point (64), attestation (64) */
    HELPER_PROVE,            /* device, serial, statement → signature (64) */
    HELPER_WRITE,            /* device, serial, signing certificate, encryption certificate, enveloped key → */
    HELPER_CLOSE,            /* device, serial → */
    HELPER_UNLOCK_CHALLENGE, /* device, serial → challenge (16) */
    HELPER_UNLOCK_ANSWER,    /* device, serial, answer (64) → */
    HELPER_DOWNLOAD_OPEN,    /* device, serial, u8 how (HUFU_DOWNLOAD_…) → point (64), attestation (64), container,
                                card certificate */
    HELPER_DOWNLOAD_SIGN,    /* device, serial, PIN, statement → signature (64), possession (64) */
    HELPER_DOWNLOAD_WRITE,   /* device, serial, signing certificate, encryption certificate, enveloped key → */
    HELPER_WRITE_RECOVERED   /* device, serial, encryption certificate, enveloped key → */
};

enum helper_state {
    HELPER_STATE_BLANK,
    HELPER_STATE_MUST_CHANGE,
    HELPER_STATE_READY,
    HELPER_STATE_LOCKED
};
