/* What libhufu-skf offers beyond GM/T 0016: the keys' own protection, production, and unlocking from afar.
 * A program that may also meet other makers' libraries looks these names up (dlsym) and goes without where they
 * are absent. The commands behind them are in docs/PROTOCOL.card.
 *
 * A key that is pulled in the middle of a call is as before or as after. Lengths of fixed buffers stand in brackets.
 * The key's serial number is DEVINFO.SerialNumber.
 *
 * How the agent's steps are made of these:
 *   keys              SKF_EnumDev, SKF_ConnectDev, SKF_GetDevInfo, HUFU_GetFlags, then SKF_OpenApplication and
 *                     SKF_OpenContainer with the names that the flags give, SKF_ExportCertificate of both kinds
 *   change-pin        SKF_OpenApplication, SKF_ChangePIN(USER_TYPE); in state HUFU_MUST_CHANGE the old PIN is 000000
 *   sign              SKF_VerifyPIN(USER_TYPE), HUFU_SignMessage with the text of the statement, SKF_ClearSecureState
 *   inspect           SKF_GetDevInfo, HUFU_ProductionChallenge, HUFU_GetCardCertificate
 *   open              HUFU_OpenProduction
 *   prove             HUFU_Prove
 *   write             HUFU_WriteProduction
 *   write-recovered   HUFU_WriteRecovered
 *   close             HUFU_CloseProduction
 *   unlock-challenge  HUFU_UnlockChallenge
 *   unlock-answer     HUFU_UnlockAnswer
 *   download-open     HUFU_OpenDownload, HUFU_GetCardCertificate
 *   download-sign     SKF_VerifyPIN(USER_TYPE), HUFU_ProveDownload, SKF_ClearSecureState
 *   download-write    HUFU_WriteDownload
 * Challenges and an open production belong to the card and outlive its power: the device may be connected anew, and the
 * key plugged in anew, between the steps. What SKF_VerifyPIN opened belongs to the device handle. */
#pragma once

#include "token/skf/skf.h"

#define HUFU_SKF_VERSION 1u

enum {
    HUFU_CHALLENGE_LEN = 8,
    HUFU_DEVICE_ANSWER_LEN = 16,
    HUFU_ADMIN_SEALED_LEN = 116,
    HUFU_POINT_LEN = 64,         /* X ‖ Y */
    HUFU_SIGNATURE_LEN = 64,     /* r ‖ s */
    HUFU_UNLOCK_CHALLENGE_LEN = 16,
    HUFU_UNLOCK_ANSWER_LEN = 64,
    HUFU_MESSAGE_MAX = 8192
};

/* HUFUFLAGS.State */
#define HUFU_BLANK       0u /* no application of ours on it */
#define HUFU_PRODUCTION  1u /* production was opened and not yet closed */
#define HUFU_MUST_CHANGE 2u /* the PIN is 000000 and allows nothing but its own change */
#define HUFU_READY       3u
#define HUFU_LOCKED      4u /* no tries left: R-UNLOCK */

#pragma pack(push, 1)
typedef struct {
    ULONG State;
    ULONG TriesLeft, TriesMax; /* of the user's PIN; 0 when blank */
    CHAR Application[36];      /* name of our application; "" when blank */
    CHAR Container[68];        /* name of the current container; "" when there is none */
} HUFUFLAGS;
#pragma pack(pop)

/* *pulVersion becomes HUFU_SKF_VERSION. */
ULONG DEVAPI HUFU_GetVersion(ULONG *pulVersion);

/* How the key stands; asks for nothing and changes nothing. */
ULONG DEVAPI HUFU_GetFlags(DEVHANDLE hDev, HUFUFLAGS *pFlags);

/* The maker's certificate for the card's own key, DER. SAR_CERTNOTFOUNTERR for a card without. */
ULONG DEVAPI HUFU_GetCardCertificate(DEVHANDLE hDev, BYTE *pbCert, ULONG *pulCertLen);

/* The card's signature over the HUFU-ATTEST-v1 of the container's signing key, which was made inside.
 * pbAttestation: [64]. SAR_KEYNOTFOUNTERR when there is none yet. */
ULONG DEVAPI HUFU_GetAttestation(HCONTAINER hContainer, BYTE *pbAttestation);

/* Signs a message under the identity 1234567812345678; the card hashes it with Z itself. Needs the user's PIN.
 * ulMessageLen: 1 to HUFU_MESSAGE_MAX. pbSignature: [64].
 * SAR_USER_NOT_LOGGED_IN; SAR_USER_PIN_NOT_INITIALIZED while the PIN must be changed; SAR_KEYNOTFOUNTERR. */
ULONG DEVAPI HUFU_SignMessage(HCONTAINER hContainer, BYTE *pbMessage, ULONG ulMessageLen, BYTE *pbSignature);

/* Makes this container the current one (renewal). Needs the user's PIN, and a signing certificate in it. */
ULONG DEVAPI HUFU_SetCurrentContainer(HCONTAINER hContainer);

/* Forbids for good that this container's key signs bare digests (SKF_ECCSignData answers SAR_KEYUSAGEERR from then
 * on). Needs the user's PIN. Containers made by HUFU_OpenProduction are so from the beginning. */
ULONG DEVAPI HUFU_ForbidDigests(HCONTAINER hContainer);

/* An encryption pair made inside, for a container of the program's own application that has none: what is encrypted to
 * it is read by SKF_ECCDecrypt alone. Needs the user's PIN.
 *   pbPublicKey   [64] out
 *   pbAttestation [64] out, the card's signature over its HUFU-ATTEST-ENCRYPTION-v1; given this once
 * SAR_FAIL: there is one already, or the application is the one that production made. */
ULONG DEVAPI HUFU_GenEncryptionKeyPair(HCONTAINER hContainer, BYTE *pbPublicKey, BYTE *pbAttestation);

/* ---- production: under issuer authentication instead of the user's PIN ---- */

/* The challenge that the issuer answers. pbChallenge: [8]. It stays the same until it was answered, and never comes
 * back. */
ULONG DEVAPI HUFU_ProductionChallenge(DEVHANDLE hDev, BYTE *pbChallenge);

/* Authenticates the issuer, puts in the administrator key, makes application and container anew (what was there is
 * erased) and a fresh signing key in it.
 *   pbDeviceAnswer  [16]  card_device_answer for the last challenge
 *   pbAdminSealed   [116] card_admin_seal for this card
 *   pbPublicKey     [64]  out
 *   pbAttestation   [64]  out, as HUFU_GetAttestation
 * SAR_SECURITY_STATE: the answer does not fit the challenge, or was used before. SAR_INDATAERR: the administrator key
 * is not for this card. Nothing is changed then. */
ULONG DEVAPI HUFU_OpenProduction(DEVHANDLE hDev, BYTE *pbDeviceAnswer, BYTE *pbAdminSealed, BYTE *pbPublicKey,
                                 BYTE *pbAttestation);

/* The fresh key's signature over the HUFU-PRODUCE-v2 that names this card and this key, or over the HUFU-ATTEST-v1 of
 * this very key. One text for each key: the same text may be signed again, another one of the same kind is refused.
 * pbSignature: [64].
 * SAR_SECURITY_STATE: no production is open. SAR_INDATAERR: another text than these. SAR_FAIL: this key has signed
 * another one of its kind already; production must be opened anew. */
ULONG DEVAPI HUFU_Prove(DEVHANDLE hDev, BYTE *pbStatement, ULONG ulStatementLen, BYTE *pbSignature);

/* Writes certificates (DER) and the ENVELOPEDKEYBLOB of the encryption key, each checked against the key it is for.
 * pbEncCert and pbEnvelopedKey are both NULL (lengths 0) for a USBKey without an encryption key.
 * SAR_SECURITY_STATE: no production is open. SAR_INDATAERR: malformed, or for another key. */
ULONG DEVAPI HUFU_WriteProduction(DEVHANDLE hDev, BYTE *pbSignCert, ULONG ulSignCertLen, BYTE *pbEncCert,
                                  ULONG ulEncCertLen, BYTE *pbEnvelopedKey, ULONG ulEnvelopedKeyLen);

/* Brings an encryption key of before into the key in production (R-LOST-4): the ENVELOPEDKEYBLOB, enveloped for the
 * fresh signing key, and its certificate. It gets a container of its own, in which SKF_ECCDecrypt works as in any; the
 * same one again: SAR_OK. HUFU_WriteProduction need not come first.
 * SAR_SECURITY_STATE: no production is open. SAR_INDATAERR: malformed, or for another key. SAR_NO_ROOM: all
 * containers are taken. */
ULONG DEVAPI HUFU_WriteRecovered(DEVHANDLE hDev, BYTE *pbEncCert, ULONG ulEncCertLen, BYTE *pbEnvelopedKey,
                                 ULONG ulEnvelopedKeyLen);

/* Ends production: PIN 000000, must-change. Again on a key that was just closed: SAR_OK.
 * SAR_SECURITY_STATE: no production is open. SAR_CERTNOTFOUNTERR: no signing certificate in it yet. */
ULONG DEVAPI HUFU_CloseProduction(DEVHANDLE hDev);

/* ---- unlock (R-UNLOCK-2) ---- */

/* The challenge of an unlock. pbChallenge: [16]. It stays the same until it was answered rightly, and never comes
 * back. SAR_APPLICATION_NOT_EXISTS on a blank key. */
ULONG DEVAPI HUFU_UnlockChallenge(DEVHANDLE hDev, BYTE *pbChallenge);

/* The CA's answer (card_unlock_answer), [64]. The PIN is then 000000 and must be changed.
 * SAR_PIN_INCORRECT: not the answer to the challenge, for another key, or used before. SAR_FAIL: this approval has
 * unlocked the key already. SAR_APPLICATION_NOT_EXISTS on a blank key. */
ULONG DEVAPI HUFU_UnlockAnswer(DEVHANDLE hDev, BYTE *pbAnswer, ULONG ulAnswerLen);

/* ---- download (R-RENEW-3, R-CHANGE-2): new certificates for a key that has left production ---- */

enum { HUFU_CONTAINER_MAX = 64 };
#define HUFU_DOWNLOAD_GOING_ON 0u /* the key that is in the making, or a fresh one */
#define HUFU_DOWNLOAD_ANEW     1u /* a fresh one in any case */
#define HUFU_DOWNLOAD_LOOK     2u /* only the one that is in the making */

/* A fresh signing key beside the one in use, in a container of its own; the one in use goes on until
 * HUFU_WriteDownload. The same key again until then, also after the power was off.
 *   szContainer   [65] out, its name
 *   pbPublicKey   [64] out
 *   pbAttestation [64] out, as HUFU_GetAttestation
 * SAR_CONTAINER_NOT_EXISTS: nothing is in the making (HUFU_DOWNLOAD_LOOK). SAR_NO_ROOM: no container is free.
 * SAR_USER_PIN_NOT_INITIALIZED, SAR_PIN_LOCKED. */
ULONG DEVAPI HUFU_OpenDownload(DEVHANDLE hDev, ULONG ulHow, LPSTR szContainer, BYTE *pbPublicKey, BYTE *pbAttestation);

/* Both keys' signatures over the HUFU-DOWNLOAD-v1 that names this card, that container and its key. Needs the user's
 * PIN: with it the holder agrees that the certificates are written.
 *   pbSignature   [64] out, by the key in use
 *   pbPossession  [64] out, by the new one
 * SAR_INDATAERR: another text. SAR_CONTAINER_NOT_EXISTS: nothing is in the making. */
ULONG DEVAPI HUFU_ProveDownload(HAPPLICATION hApplication, BYTE *pbStatement, ULONG ulStatementLen, BYTE *pbSignature,
                                BYTE *pbPossession);

/* Writes certificates and encryption key, each checked against the new key, and makes its container the current one;
 * HUFU_ProveDownload comes first. After a change of holder everything else is gone and the PIN is 000000, to be
 * changed. The same certificates again: SAR_OK.
 * SAR_USER_NOT_LOGGED_IN: not proved. SAR_CONTAINER_NOT_EXISTS: nothing is in the making. SAR_INDATAERR: malformed, or
 * for another key. */
ULONG DEVAPI HUFU_WriteDownload(DEVHANDLE hDev, BYTE *pbSignCert, ULONG ulSignCertLen, BYTE *pbEncCert,
                                ULONG ulEncCertLen, BYTE *pbEnvelopedKey, ULONG ulEnvelopedKeyLen);
