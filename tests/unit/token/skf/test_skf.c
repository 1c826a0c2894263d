/* The driver over a card in the same process. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>

#include "fixture.h"
#include "token/skf/skf_local.h"

/* ---- production and unlocking ---- */

/* R-APPLY-3, R-KEY-1: made under issuer authentication, closed with 000000, which allows nothing but its change. */
static void r_apply_3_production_from_blank_to_a_signature(void **state)
{
    struct fixture *f = *state;
    uint8_t signature[64], der[4096];
    HUFUFLAGS flags;
    ULONG tries = 99, len = sizeof der;
    BYTE message[] = "HUFU-LOGIN-v1\n";
    assert_int_equal(fixture_state(f), HUFU_BLANK);
    assert_int_equal(HUFU_GetCardCertificate(f->device, der, &len), SAR_OK);
    assert_int_equal(HUFU_Prove(f->device, message, sizeof message, signature), SAR_SECURITY_STATE);
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_SECURITY_STATE);
    fixture_open_production(f);
    assert_int_equal(fixture_state(f), HUFU_PRODUCTION);
    const char *text = world_produce_text(f->w, WORLD_SERIAL, f->point);
    struct sm2_public key;
    assert_false(failed(sm2_public_init(&key, f->point)));
    assert_int_equal(HUFU_Prove(f->device, given(bytes_text(text)), (ULONG)strlen(text), signature), SAR_OK);
    assert_false(failed(sm2_verify(&key, bytes_text(text), signature)));
    assert_int_equal(HUFU_Prove(f->device, message, sizeof message, signature), SAR_INDATAERR);
    const char *later = arena_format(f->w->arena, "%.*s1\n", (int)strlen(text) - 1, text);
    assert_int_equal(HUFU_Prove(f->device, given(bytes_text(later)), (ULONG)strlen(later), signature), SAR_FAIL);
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_CERTNOTFOUNTERR);
    assert_int_equal(fixture_write_production(f), SAR_OK);
    assert_int_equal(fixture_write_production(f), SAR_OK); /* safe to repeat */
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_OK);
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_OK);
    assert_int_equal(fixture_state(f), HUFU_MUST_CHANGE);
    assert_int_equal(HUFU_GetFlags(f->device, &flags), SAR_OK);
    assert_string_equal(flags.Application, CARD_APPLICATION);
    assert_string_equal(flags.Container, CARD_CONTAINER);
    assert_int_equal(flags.TriesLeft, 6);

    assert_int_equal(SKF_OpenApplication(f->device, flags.Application, &f->app), SAR_OK);
    assert_int_equal(SKF_OpenContainer(f->app, flags.Container, &f->container), SAR_OK);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin_initial, &tries), SAR_OK);
    assert_int_equal(HUFU_SignMessage(f->container, message, sizeof message, signature), SAR_USER_PIN_NOT_INITIALIZED);
    assert_int_equal(SKF_ChangePIN(f->app, USER_TYPE, pin_initial, pin, &tries), SAR_OK);
    assert_int_equal(fixture_state(f), HUFU_READY);
    assert_int_equal(HUFU_SignMessage(f->container, message, sizeof message, signature), SAR_USER_NOT_LOGGED_IN);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin_wrong, &tries), SAR_PIN_INCORRECT);
    assert_int_equal(tries, 5);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, &tries), SAR_OK);
    assert_int_equal(HUFU_SignMessage(f->container, message, sizeof message, signature), SAR_OK);
    assert_false(failed(sm2_verify(&key, bytes_of(message, sizeof message), signature)));
    assert_int_equal(SKF_ClearSecureState(f->app), SAR_OK);
    assert_int_equal(HUFU_SignMessage(f->container, message, sizeof message, signature), SAR_USER_NOT_LOGGED_IN);
}

/* R-APPLY-3: an answer that is wrong, used up, or an administrator key for another card. */
/* R-KEY-2: somebody between driver and card who has its certificate, but not its key, sees no PIN. */
static void r_key_2_only_who_has_the_card_s_key_is_talked_to(void **state)
{
    struct fixture *f = *state;
    DEVHANDLE device;
    f->w->card->state.own_key[SM2_KEY_SIZE - 1] ^= 1;
    assert_int_equal(SKF_ConnectDev(key_name, &device), SAR_FAIL);
    f->w->card->state.own_key[SM2_KEY_SIZE - 1] ^= 1;
    assert_int_equal(SKF_ConnectDev(key_name, &device), SAR_OK);
    assert_int_equal(SKF_DisConnectDev(device), SAR_OK);
}

/* R-APPLY-3, R-RENEW-3: what was encrypted to it could not be read any more. */
static void r_apply_3_an_encryption_key_with_a_certificate_is_not_replaced(void **state)
{
    struct fixture *f = *state;
    fixture_open_production(f);
    assert_int_equal(fixture_write_production(f), SAR_OK);
    struct sm2_private first = f->w->encryption_key;
    assert_false(failed(sm2_private_generate(&f->w->encryption_key, &f->w->drbg)));
    assert_int_equal(fixture_write_production(f), SAR_FAIL);
    f->w->encryption_key = first;
    assert_int_equal(fixture_write_production(f), SAR_OK);
}

static void r_apply_3_only_the_issuer_opens(void **state)
{
    struct fixture *f = *state;
    uint8_t challenge[8], answer[16] = { 0 }, sealed[HUFU_ADMIN_SEALED_LEN];
    world_admin_sealed(f->w, sealed);
    assert_int_equal(HUFU_OpenProduction(f->device, answer, sealed, f->point, f->attestation), SAR_SECURITY_STATE);
    assert_int_equal(HUFU_ProductionChallenge(f->device, challenge), SAR_OK);
    assert_int_equal(HUFU_OpenProduction(f->device, answer, sealed, f->point, f->attestation), SAR_SECURITY_STATE);
    world_device_answer(f->w, challenge, answer);
    sealed[7] ^= 1;
    assert_int_equal(HUFU_OpenProduction(f->device, answer, sealed, f->point, f->attestation), SAR_INDATAERR);
    assert_int_equal(fixture_state(f), HUFU_BLANK);
    sealed[7] ^= 1;
    assert_int_equal(HUFU_OpenProduction(f->device, answer, sealed, f->point, f->attestation), SAR_OK);
    assert_int_equal(HUFU_OpenProduction(f->device, answer, sealed, f->point, f->attestation), SAR_SECURITY_STATE);
}

/* R-APPLY-3: the steps may come over connections of their own. */
static void r_apply_3_the_steps_survive_reconnecting(void **state)
{
    struct fixture *f = *state;
    uint8_t challenge[8], answer[16], sealed[HUFU_ADMIN_SEALED_LEN];
    assert_int_equal(HUFU_ProductionChallenge(f->device, challenge), SAR_OK);
    world_device_answer(f->w, challenge, answer);
    world_admin_sealed(f->w, sealed);
    SKF_DisConnectDev(f->device);
    assert_int_equal(SKF_ConnectDev(key_name, &f->device), SAR_OK);
    assert_int_equal(HUFU_OpenProduction(f->device, answer, sealed, f->point, f->attestation), SAR_OK);
    SKF_DisConnectDev(f->device);
    assert_int_equal(SKF_ConnectDev(key_name, &f->device), SAR_OK);
    assert_int_equal(fixture_write_production(f), SAR_OK);
    SKF_DisConnectDev(f->device);
    assert_int_equal(SKF_ConnectDev(key_name, &f->device), SAR_OK);
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_OK);
}

/* R-UNLOCK-1, R-UNLOCK-2: locked by six, unlocked by the issuer's answer, then 000000 that must be changed. */
static void r_unlock_2_challenge_and_answer(void **state)
{
    struct fixture *f = *state;
    uint8_t challenge[HUFU_UNLOCK_CHALLENGE_LEN], answer[HUFU_UNLOCK_ANSWER_LEN];
    ULONG tries = 99;
    assert_int_equal(HUFU_UnlockChallenge(f->device, challenge), SAR_APPLICATION_NOT_EXISTS);
    fixture_produce(f);
    for (ULONG left = 5; left > 0; left--) {
        assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin_wrong, &tries), SAR_PIN_INCORRECT);
        assert_int_equal(tries, left);
    }
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin_wrong, &tries), SAR_PIN_LOCKED);
    assert_int_equal(tries, 0);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, &tries), SAR_PIN_LOCKED);
    assert_int_equal(fixture_state(f), HUFU_LOCKED);
    memset(answer, 0, sizeof answer);
    assert_int_equal(HUFU_UnlockAnswer(f->device, answer, sizeof answer), SAR_PIN_INCORRECT);
    assert_int_equal(HUFU_UnlockChallenge(f->device, challenge), SAR_OK);
    world_unlock_answer(f->w, challenge, "approval", answer);
    assert_int_equal(HUFU_UnlockAnswer(f->device, answer, sizeof answer - 1), SAR_INDATALENERR);
    assert_int_equal(HUFU_UnlockAnswer(f->device, answer, sizeof answer), SAR_OK);
    assert_int_equal(HUFU_UnlockAnswer(f->device, answer, sizeof answer), SAR_PIN_INCORRECT);
    assert_int_equal(fixture_state(f), HUFU_MUST_CHANGE);
    assert_int_equal(SKF_ChangePIN(f->app, USER_TYPE, pin_initial, pin_wrong, &tries), SAR_OK);
    assert_int_equal(fixture_state(f), HUFU_READY);
}

/* R-UNLOCK-2: the same by the names that makers have for it, for the application of production and no other. */
static void r_unlock_2_as_other_makers_call_it(void **state)
{
    struct fixture *f = *state;
    uint8_t challenge[HUFU_UNLOCK_CHALLENGE_LEN], answer[HUFU_UNLOCK_ANSWER_LEN] = { 0 };
    ULONG tries = 99;
    fixture_produce(f);
    HAPPLICATION produced = f->app;
    for (int i = 0; i < 6; i++) SKF_VerifyPIN(f->app, USER_TYPE, pin_wrong, &tries);
    assert_int_equal(fixture_state(f), HUFU_LOCKED);
    fixture_third_party(f);
    assert_int_equal(SKF_GenRemoteUnblockRequest(f->app, challenge, sizeof challenge), SAR_NOTSUPPORTYETERR);
    assert_int_equal(SKF_RemoteUnblockPIN(f->app, answer, sizeof answer, &tries), SAR_NOTSUPPORTYETERR);
    assert_int_equal(SKF_GenRemoteUnblockRequest(produced, challenge, 8), SAR_INDATALENERR);
    assert_int_equal(SKF_GenRemoteUnblockRequest(produced, NULL, 16), SAR_INVALIDPARAMERR);
    assert_int_equal(SKF_GenRemoteUnblockRequest(produced, challenge, sizeof challenge), SAR_OK);
    world_unlock_answer(f->w, challenge, "approval", answer);
    assert_int_equal(SKF_RemoteUnblockPIN(produced, answer, sizeof answer - 1, &tries), SAR_INDATALENERR);
    assert_int_equal(SKF_RemoteUnblockPIN(produced, answer, sizeof answer, &tries), SAR_OK);
    assert_int_equal(tries, 6);
    assert_int_equal(fixture_state(f), HUFU_MUST_CHANGE);
    assert_int_equal(SKF_RemoteUnblockPIN(produced, answer, sizeof answer, NULL), SAR_PIN_INCORRECT);
}

/* R-KEY-1: which PINs the key takes, as the driver tells it. */
static void r_key_1_pins(void **state)
{
    struct fixture *f = *state;
    char weak[] = "123456", small[] = "12345", large[] = "12345678901234567";
    ULONG max, left;
    BOOL initial;
    fixture_third_party(f);
    assert_int_equal(SKF_GetPINInfo(f->app, USER_TYPE, &max, &left, &initial), SAR_OK);
    assert_int_equal(max, 6);
    assert_int_equal(left, 6);
    assert_true(initial);
    assert_int_equal(SKF_ChangePIN(f->app, USER_TYPE, pin, weak, NULL), SAR_PIN_INVALID);
    assert_int_equal(SKF_ChangePIN(f->app, USER_TYPE, pin, small, NULL), SAR_PIN_LEN_RANGE);
    assert_int_equal(SKF_ChangePIN(f->app, USER_TYPE, pin, large, NULL), SAR_PIN_LEN_RANGE);
    assert_int_equal(SKF_ChangePIN(f->app, 2, pin, pin_wrong, NULL), SAR_USER_TYPE_INVALID);
    assert_int_equal(SKF_ChangePIN(f->app, USER_TYPE, pin, NULL, NULL), SAR_INVALIDPARAMERR);
    assert_int_equal(SKF_ChangePIN(f->app, USER_TYPE, pin_wrong, pin_admin, &left), SAR_PIN_INCORRECT);
    assert_int_equal(left, 5);
    assert_int_equal(SKF_ChangePIN(f->app, USER_TYPE, pin, pin_wrong, NULL), SAR_OK);
    assert_int_equal(SKF_GetPINInfo(f->app, USER_TYPE, &max, &left, &initial), SAR_OK);
    assert_false(initial);
    assert_int_equal(left, 6);
    assert_int_equal(SKF_UnblockPIN(f->app, pin_wrong, pin, &left), SAR_PIN_INCORRECT);
    assert_int_equal(left, 5);
    assert_int_equal(SKF_UnblockPIN(f->app, pin_admin, pin, &left), SAR_OK);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, NULL), SAR_OK);
}

/* ---- containers ---- */

static void holders_keys_sign_no_digests(void **state)
{
    struct fixture *f = *state;
    uint8_t digest[32] = { 0 };
    ECCSIGNATUREBLOB signature;
    fixture_produce(f);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, NULL), SAR_OK);
    assert_int_equal(SKF_ECCSignData(f->container, digest, 32, &signature), SAR_KEYUSAGEERR);
    f->app = NULL;
    fixture_third_party(f);
    assert_int_equal(SKF_ECCSignData(f->container, digest, 32, &signature), SAR_OK);
    assert_int_equal(HUFU_ForbidDigests(f->container), SAR_OK);
    assert_int_equal(SKF_ECCSignData(f->container, digest, 32, &signature), SAR_KEYUSAGEERR);
}

static void certificates(void **state)
{
    struct fixture *f = *state;
    uint8_t der[4096];
    ULONG len = 0, type = 99;
    fixture_produce(f);
    assert_int_equal(SKF_GetContainerType(f->container, &type), SAR_OK);
    assert_int_equal(type, 2);
    for (BOOL sign = 0; sign <= 1; sign++) {
        assert_int_equal(SKF_ExportCertificate(f->container, sign, NULL, &len), SAR_OK);
        ULONG needed = len;
        len = needed - 1;
        assert_int_equal(SKF_ExportCertificate(f->container, sign, der, &len), SAR_BUFFER_TOO_SMALL);
        assert_int_equal(len, needed);
        assert_int_equal(SKF_ExportCertificate(f->container, sign, der, &len), SAR_OK);
        struct certificate *c;
        assert_false(failed(certificate_parse(bytes_of(der, len), f->w->arena, &c)));
        assert_memory_equal(c->key.point, sign ? f->point : f->w->encryption_key.public.point, 64);
    }
    assert_int_equal(SKF_ImportCertificate(f->container, TRUE, der, len), SAR_USER_NOT_LOGGED_IN);
    assert_int_equal(SKF_ImportCertificate(f->container, TRUE, NULL, len), SAR_INVALIDPARAMERR);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, NULL), SAR_OK);
    assert_int_equal(SKF_ImportCertificate(f->container, FALSE, der, len), SAR_INDATAERR); /* the other pair's */
    assert_int_equal(SKF_ImportCertificate(f->container, TRUE, der, len - 1), SAR_INDATAERR);
    assert_int_equal(SKF_ImportCertificate(f->container, TRUE, der, len), SAR_OK);
}

/* Names as in SKF: lists, lengths, what is there twice or not at all. */
static void names_and_lists(void **state)
{
    struct fixture *f = *state;
    char list[64], app[] = "THIRD", c[] = "C", none[] = "NONE", longest[80];
    HCONTAINER second;
    HAPPLICATION again;
    ULONG len = sizeof list;
    fixture_third_party(f);
    assert_int_equal(SKF_EnumApplication(f->device, list, &len), SAR_OK);
    assert_int_equal(len, 7);
    assert_memory_equal(list, "THIRD\0", 7);
    len = 3;
    assert_int_equal(SKF_EnumContainer(f->app, list, &len), SAR_OK);
    assert_memory_equal(list, "C\0", 3);
    assert_int_equal(SKF_CreateContainer(f->app, c, &second), SAR_CONTAINER_EXISTS);
    assert_int_equal(SKF_OpenContainer(f->app, none, &second), SAR_CONTAINER_NOT_EXISTS);
    assert_int_equal(SKF_DeleteContainer(f->app, none), SAR_CONTAINER_NOT_EXISTS);
    assert_int_equal(SKF_OpenApplication(f->device, none, &again), SAR_APPLICATION_NOT_EXISTS);
    assert_int_equal(SKF_CreateApplication(f->device, app, pin_admin, 6, pin, 6, 16, &again), SAR_APPLICATION_EXISTS);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(SKF_OpenContainer(f->app, longest, &second), SAR_NAMELENERR);
    longest[64] = '\0';
    assert_int_equal(SKF_CreateContainer(f->app, longest, &second), SAR_OK); /* 64: the most */
    assert_int_equal(SKF_DeleteContainer(f->app, longest), SAR_OK);
    assert_int_equal(SKF_OpenApplication(f->device, longest, &again), SAR_APPLICATION_NAME_INVALID);
    char label[] = "label";
    assert_int_equal(SKF_SetLabel(f->device, label), SAR_OK);
    assert_int_equal(SKF_DeleteApplication(f->device, app), SAR_OK);
    assert_int_equal(SKF_DeleteApplication(f->device, app), SAR_APPLICATION_NOT_EXISTS);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, NULL), SAR_APPLICATION_NOT_EXISTS);
}

static void files(void **state)
{
    struct fixture *f = *state;
    char name[] = "data", none[] = "none";
    static BYTE data[10000], back[10000];
    char list[64];
    FILEATTRIBUTE info;
    ULONG len = sizeof back;
    for (size_t i = 0; i < sizeof data; i++) data[i] = (BYTE)(i * 7);
    fixture_third_party(f);
    assert_int_equal(SKF_CreateFile(f->app, name, sizeof data, SECURE_ANYONE_ACCOUNT, SECURE_USER_ACCOUNT), SAR_OK);
    assert_int_equal(SKF_CreateFile(f->app, name, 1, SECURE_ANYONE_ACCOUNT, 0), SAR_FILE_ALREADY_EXIST);
    assert_int_equal(SKF_WriteFile(f->app, name, 0, data, sizeof data), SAR_OK);
    assert_int_equal(SKF_WriteFile(f->app, name, 1, data, sizeof data), SAR_INDATAERR);
    assert_int_equal(SKF_ReadFile(f->app, name, 0, sizeof data, NULL, &len), SAR_OK);
    assert_int_equal(len, sizeof data);
    len--;
    assert_int_equal(SKF_ReadFile(f->app, name, 0, sizeof data, back, &len), SAR_BUFFER_TOO_SMALL);
    assert_int_equal(SKF_ReadFile(f->app, name, 0, sizeof data, back, &len), SAR_OK);
    assert_memory_equal(back, data, sizeof data);
    assert_int_equal(SKF_ReadFile(f->app, name, 9990, 100, back, &len), SAR_OK); /* to its end */
    assert_int_equal(len, 10);
    assert_memory_equal(back, data + 9990, 10);
    assert_int_equal(SKF_ReadFile(f->app, name, 10000, 1, back, &len), SAR_INDATAERR);
    assert_int_equal(SKF_ReadFile(f->app, none, 0, 1, back, &len), SAR_FILE_NOT_EXIST);
    assert_int_equal(SKF_GetFileInfo(f->app, name, &info), SAR_OK);
    assert_int_equal(info.FileSize, sizeof data);
    assert_string_equal(info.FileName, "data");
    len = sizeof list;
    assert_int_equal(SKF_EnumFiles(f->app, list, &len), SAR_OK);
    assert_memory_equal(list, "data\0", 6);
    assert_int_equal(SKF_DeleteFile(f->app, name), SAR_OK);
    assert_int_equal(SKF_DeleteFile(f->app, name), SAR_FILE_NOT_EXIST);
}

/* ---- handles ---- */

/* Closed, foreign, of another kind or invented: always SAR_INVALIDHANDLEERR, never anything worse. */
static void stale_handles(void **state)
{
    struct fixture *f = *state;
    DEVHANDLE second;
    HANDLE hash;
    BYTE byte[64] = { 0 };
    ULONG len = 64;
    fixture_third_party(f);
    assert_int_equal(SKF_DigestInit(f->device, SGD_SM3, NULL, NULL, 0, &hash), SAR_OK);
    assert_int_equal(SKF_ECCSignData(f->app, byte, 32, NULL), SAR_INVALIDHANDLEERR);
    assert_int_equal(SKF_VerifyPIN(f->device, USER_TYPE, pin, NULL), SAR_INVALIDHANDLEERR);
    assert_int_equal(SKF_DigestUpdate(f->container, byte, 1), SAR_INVALIDHANDLEERR);
    assert_int_equal(SKF_CloseHandle(f->container), SAR_INVALIDHANDLEERR);
    static const uintptr_t invented[] = { 0, 1, 2, 1024, 1025, 4096, 0x7fffffff, 0xffffffff, UINTPTR_MAX, 0xdeadbeef };
    for (size_t i = 0; i < COUNT(invented); i++) {
        void *h = (void *)invented[i];
        if (h == f->device || h == f->app || h == f->container || h == hash) continue;
        assert_int_equal(SKF_DisConnectDev(h), SAR_INVALIDHANDLEERR);
        assert_int_equal(SKF_CloseApplication(h), SAR_INVALIDHANDLEERR);
        assert_int_equal(SKF_CloseContainer(h), SAR_INVALIDHANDLEERR);
        assert_int_equal(SKF_CloseHandle(h), SAR_INVALIDHANDLEERR);
    }
    assert_int_equal(SKF_CloseHandle(hash), SAR_OK);
    assert_int_equal(SKF_CloseHandle(hash), SAR_INVALIDHANDLEERR);
    assert_int_equal(SKF_DigestFinal(hash, byte, &len), SAR_INVALIDHANDLEERR);
    /* the place is used again, the handle is not */
    HANDLE next;
    assert_int_equal(SKF_DigestInit(f->device, SGD_SM3, NULL, NULL, 0, &next), SAR_OK);
    assert_ptr_not_equal(next, hash);
    assert_int_equal(SKF_DigestFinal(hash, byte, &len), SAR_INVALIDHANDLEERR);
    /* with the application its containers go, with the device everything */
    assert_int_equal(SKF_CloseApplication(f->app), SAR_OK);
    assert_int_equal(SKF_CloseContainer(f->container), SAR_INVALIDHANDLEERR);
    assert_int_equal(SKF_ConnectDev(key_name, &second), SAR_OK);
    assert_int_equal(SKF_DisConnectDev(f->device), SAR_OK);
    assert_int_equal(SKF_DigestFinal(next, byte, &len), SAR_INVALIDHANDLEERR);
    assert_int_equal(SKF_DisConnectDev(f->device), SAR_INVALIDHANDLEERR);
    f->device = second;
    assert_int_equal(SKF_GenRandom(f->device, byte, 8), SAR_OK);
}

static void many_handles(void **state)
{
    struct fixture *f = *state;
    enum { TOO_MANY = 1100 };
    static HANDLE hashes[TOO_MANY];
    int made = 0;
    while (made < TOO_MANY && SKF_DigestInit(f->device, SGD_SM3, NULL, NULL, 0, &hashes[made]) == SAR_OK) made++;
    assert_in_range(made, 1000, 1024);
    assert_int_equal(SKF_DigestInit(f->device, SGD_SM3, NULL, NULL, 0, &hashes[made]), SAR_MEMORYERR);
    for (int i = 0; i < made; i++) assert_int_equal(SKF_CloseHandle(hashes[i]), SAR_OK);
    assert_int_equal(SKF_DigestInit(f->device, SGD_SM3, NULL, NULL, 0, &hashes[0]), SAR_OK);
}

/* Two connections of one program: what was opened in one is not open in the other. */
static void connections_are_apart(void **state)
{
    struct fixture *f = *state;
    uint8_t message[8] = { 1 }, signature[64];
    char app[] = CARD_APPLICATION, container[] = CARD_CONTAINER;
    DEVHANDLE device;
    HAPPLICATION other;
    HCONTAINER other_container;
    fixture_produce(f);
    assert_int_equal(SKF_ConnectDev(key_name, &device), SAR_OK);
    assert_int_equal(SKF_OpenApplication(device, app, &other), SAR_OK);
    assert_int_equal(SKF_OpenContainer(other, container, &other_container), SAR_OK);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, NULL), SAR_OK);
    assert_int_equal(HUFU_SignMessage(other_container, message, 8, signature), SAR_USER_NOT_LOGGED_IN);
    assert_int_equal(HUFU_SignMessage(f->container, message, 8, signature), SAR_OK);
    assert_int_equal(SKF_CloseApplication(other), SAR_OK);
    assert_int_equal(HUFU_SignMessage(f->container, message, 8, signature), SAR_OK);
    /* a second handle to the same application: closing it leaves the first one open */
    assert_int_equal(SKF_OpenApplication(f->device, app, &other), SAR_OK);
    assert_int_equal(SKF_CloseApplication(other), SAR_OK);
    assert_int_equal(HUFU_SignMessage(f->container, message, 8, signature), SAR_OK);
    assert_int_equal(SKF_DisConnectDev(device), SAR_OK);
}

/* More connections than the card has channels for: who had to make place notices only that the PIN is asked again. */
static void more_programs_than_channels(void **state)
{
    struct fixture *f = *state;
    DEVHANDLE devices[12];
    uint8_t message[8] = { 1 }, signature[64], der[4096];
    ULONG len = sizeof der;
    fixture_produce(f);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, NULL), SAR_OK);
    for (size_t i = 0; i < COUNT(devices); i++) assert_int_equal(SKF_ConnectDev(key_name, &devices[i]), SAR_OK);
    assert_int_equal(SKF_ExportCertificate(f->container, TRUE, der, &len), SAR_OK); /* opened again by itself */
    assert_int_equal(HUFU_SignMessage(f->container, message, 8, signature), SAR_USER_NOT_LOGGED_IN);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, NULL), SAR_OK);
    assert_int_equal(HUFU_SignMessage(f->container, message, 8, signature), SAR_OK);
    for (size_t i = 0; i < COUNT(devices); i++) {
        assert_int_equal(SKF_GenRandom(devices[i], der, 16), SAR_OK);
        assert_int_equal(SKF_DisConnectDev(devices[i]), SAR_OK);
    }
}

static void pulled_key(void **state)
{
    struct fixture *f = *state;
    BYTE byte[16];
    ULONG present = 99, len = 0;
    fixture_produce(f);
    assert_int_equal(SKF_GetDevState(key_name, &present), SAR_OK);
    assert_int_equal(present, DEV_PRESENT_STATE);
    skf_local_plug(key_name, NULL);
    assert_int_equal(SKF_GetDevState(key_name, &present), SAR_OK);
    assert_int_equal(present, DEV_ABSENT_STATE);
    assert_int_equal(SKF_GenRandom(f->device, byte, 8), SAR_DEVICE_REMOVED);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, NULL), SAR_DEVICE_REMOVED);
    assert_int_equal(SKF_EnumDev(TRUE, NULL, &len), SAR_OK);
    assert_int_equal(len, 1);
    skf_local_plug(key_name, f->w->card); /* the old connection stays dead: it is another insertion */
    assert_int_equal(SKF_GenRandom(f->device, byte, 8), SAR_DEVICE_REMOVED);
}

/* ---- threads ---- */

struct thread_work {
    DEVHANDLE device;
    ULONG bad;
};

static void *random_in_a_loop(void *context)
{
    struct thread_work *work = context;
    for (int i = 0; i < 200; i++) {
        BYTE bytes[32];
        HANDLE hash;
        ULONG len = sizeof bytes, sar = SKF_GenRandom(work->device, bytes, 16);
        if (sar == SAR_OK) sar = SKF_DigestInit(work->device, SGD_SM3, NULL, NULL, 0, &hash);
        if (sar == SAR_OK) sar = SKF_Digest(hash, bytes, 16, bytes, &len);
        if (sar == SAR_OK) sar = SKF_CloseHandle(hash);
        if (sar != SAR_OK) work->bad = sar;
    }
    return NULL;
}

static void threads_share_a_connection(void **state)
{
    struct fixture *f = *state;
    struct thread_work work[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        work[i] = (struct thread_work){ f->device, SAR_OK };
        assert_int_equal(pthread_create(&threads[i], NULL, random_in_a_loop, &work[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(work[i].bad, SAR_OK);
    }
}

/* ---- a card of the 2012 commands only ---- */

/* Answers the commands beyond the standard with "not known", as another maker's card does. */
static void cards_of_2012(void **state)
{
    struct fixture *f = *state;
    ULONG tries = 99;
    BYTE digest[32] = { 5 };
    ECCSIGNATUREBLOB signature;
    SKF_DisConnectDev(f->device);
    f->w->card->state.own_certificate.len = 0; /* then no channel can be opened */
    assert_int_equal(SKF_ConnectDev(key_name, &f->device), SAR_OK);
    fixture_third_party(f);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin_wrong, &tries), SAR_PIN_INCORRECT);
    assert_int_equal(tries, 5);
    assert_int_equal(SKF_ChangePIN(f->app, USER_TYPE, pin, pin_wrong, &tries), SAR_OK);
    assert_int_equal(SKF_UnblockPIN(f->app, pin_admin, pin, &tries), SAR_OK);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, &tries), SAR_OK);
    assert_int_equal(SKF_ECCSignData(f->container, digest, 32, &signature), SAR_OK);
    assert_int_equal(f->w->card->state.applications[0].user.kind, CARD_PIN_2012);
    BYTE key[16] = { 0 };
    assert_int_equal(SKF_ChangeDevAuthKey(f->device, key, 16), SAR_NOTSUPPORTYETERR);
}

/* The issuer's key can be changed through a channel. */
static void device_key(void **state)
{
    struct fixture *f = *state;
    BYTE fresh[16] = { 1 }, challenge[8], answer[16];
    assert_int_equal(SKF_ChangeDevAuthKey(f->device, fresh, 16), SAR_SECURITY_STATE);
    fixture_third_party(f);
    assert_int_equal(SKF_ChangeDevAuthKey(f->device, fresh, 15), SAR_INDATALENERR);
    assert_int_equal(SKF_ChangeDevAuthKey(f->device, fresh, 16), SAR_OK);
    assert_int_equal(SKF_GenRandom(f->device, challenge, 8), SAR_OK);
    world_device_answer(f->w, challenge, answer);
    assert_int_equal(SKF_DevAuth(f->device, answer, 16), SAR_SECURITY_STATE);
    assert_int_equal(SKF_GenRandom(f->device, challenge, 8), SAR_OK);
    card_device_answer(fresh, challenge, answer);
    assert_int_equal(SKF_DevAuth(f->device, answer, 16), SAR_OK);
}

static void transmit(void **state)
{
    struct fixture *f = *state;
    BYTE command[] = { 0x80, 0x50, 0, 0, 8 }, answer[16];
    ULONG len = sizeof answer;
    assert_int_equal(SKF_Transmit(f->device, command, sizeof command, answer, &len), SAR_OK);
    assert_int_equal(len, 10);
    assert_memory_equal(answer + 8, "\x90\0", 2);
    len = 9;
    assert_int_equal(SKF_Transmit(f->device, command, sizeof command, answer, &len), SAR_BUFFER_TOO_SMALL);
    assert_int_equal(SKF_Transmit(f->device, command, 3, answer, &len), SAR_INDATALENERR);
    assert_int_equal(SKF_Transmit(f->device, NULL, 5, answer, &len), SAR_INVALIDPARAMERR);
}

/* R-LOST-4: keys of before each get a container of their own, while production is open and as long as there is room. */
static void r_lost_4_recovered_keys_have_containers_of_their_own(void **state)
{
    struct fixture *f = *state;
    uint8_t blob[ENVELOPED_KEY_SIZE];
    struct bytes der = world_certificate(f->w, f->w->encryption_key.public.point, &profile_holder_encryption);
    fixture_open_production(f);
    world_envelope(f->w, f->point, blob);
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_CERTNOTFOUNTERR);
    assert_int_equal(fixture_write_production(f), SAR_OK);
    for (int again = 0; again < 2; again++)
        assert_int_equal(HUFU_WriteRecovered(f->device, given(der), (ULONG)der.len, blob, sizeof blob), SAR_OK);
    blob[sizeof blob - 1] ^= 1;
    assert_int_equal(HUFU_WriteRecovered(f->device, given(der), (ULONG)der.len, blob, sizeof blob), SAR_INDATAERR);
    assert_int_equal(HUFU_WriteRecovered(f->device, given(der), (ULONG)der.len, blob, sizeof blob - 1),
                     SAR_INDATALENERR);
    /* another key than the certificate's */
    assert_false(failed(sm2_private_generate(&f->w->encryption_key, &f->w->drbg)));
    world_envelope(f->w, f->point, blob);
    assert_int_equal(HUFU_WriteRecovered(f->device, given(der), (ULONG)der.len, blob, sizeof blob), SAR_INDATAERR);
    ULONG sar = SAR_OK;
    for (int i = 2; i < CARD_CONTAINERS_MAX && sar == SAR_OK; i++) {
        der = world_certificate(f->w, f->w->encryption_key.public.point, &profile_holder_encryption);
        sar = HUFU_WriteRecovered(f->device, given(der), (ULONG)der.len, blob, sizeof blob);
        assert_int_equal(sar, SAR_OK);
        assert_false(failed(sm2_private_generate(&f->w->encryption_key, &f->w->drbg)));
        world_envelope(f->w, f->point, blob);
    }
    der = world_certificate(f->w, f->w->encryption_key.public.point, &profile_holder_encryption);
    assert_int_equal(HUFU_WriteRecovered(f->device, given(der), (ULONG)der.len, blob, sizeof blob), SAR_NO_ROOM);
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_OK);
    assert_int_equal(HUFU_WriteRecovered(f->device, given(der), (ULONG)der.len, blob, sizeof blob), SAR_SECURITY_STATE);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(r_apply_3_production_from_blank_to_a_signature),
        T(r_lost_4_recovered_keys_have_containers_of_their_own),
        T(r_key_2_only_who_has_the_card_s_key_is_talked_to),
        T(r_apply_3_an_encryption_key_with_a_certificate_is_not_replaced),
        T(r_apply_3_only_the_issuer_opens),
        T(r_apply_3_the_steps_survive_reconnecting),
        T(r_unlock_2_challenge_and_answer),
        T(r_unlock_2_as_other_makers_call_it),
        T(r_key_1_pins),
        T(holders_keys_sign_no_digests),
        T(certificates),
        T(names_and_lists),
        T(files),
        T(stale_handles),
        T(many_handles),
        T(connections_are_apart),
        T(more_programs_than_channels),
        T(pulled_key),
        T(threads_share_a_connection),
        T(cards_of_2012),
        T(device_key),
        T(transmit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
