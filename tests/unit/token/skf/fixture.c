#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "fixture.h"

#include "token/skf/skf_local.h"

char key_name[] = "key", pin_initial[] = "000000", pin[] = "824619", pin_wrong[] = "197340", pin_admin[] = "731946";

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->w = world_new();
    assert_true(skf_local_plug(key_name, f->w->card));
    assert_int_equal(SKF_ConnectDev(key_name, &f->device), SAR_OK);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    SKF_DisConnectDev(f->device);
    skf_local_plug(key_name, NULL);
    world_free(f->w);
    free(f);
    return 0;
}

ULONG fixture_state(struct fixture *f)
{
    HUFUFLAGS flags;
    assert_int_equal(HUFU_GetFlags(f->device, &flags), SAR_OK);
    return flags.State;
}

BYTE *given(struct bytes b)
{
    return (BYTE *)(uintptr_t)b.ptr;
}

void fixture_open_production(struct fixture *f)
{
    uint8_t challenge[HUFU_CHALLENGE_LEN], answer[HUFU_DEVICE_ANSWER_LEN], sealed[HUFU_ADMIN_SEALED_LEN];
    assert_int_equal(HUFU_ProductionChallenge(f->device, challenge), SAR_OK);
    world_device_answer(f->w, challenge, answer);
    world_admin_sealed(f->w, sealed);
    assert_int_equal(HUFU_OpenProduction(f->device, answer, sealed, f->point, f->attestation), SAR_OK);
}

ULONG fixture_write_production(struct fixture *f)
{
    uint8_t blob[ENVELOPED_KEY_SIZE];
    struct bytes sign = world_certificate(f->w, f->point, &profile_holder_signing);
    struct bytes enc = world_certificate(f->w, f->w->encryption_key.public.point, &profile_holder_encryption);
    world_envelope(f->w, f->point, blob);
    return HUFU_WriteProduction(f->device, given(sign), (ULONG)sign.len, given(enc), (ULONG)enc.len, blob, sizeof blob);
}

void fixture_produce(struct fixture *f)
{
    HUFUFLAGS flags;
    fixture_open_production(f);
    assert_int_equal(fixture_write_production(f), SAR_OK);
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_OK);
    assert_int_equal(HUFU_GetFlags(f->device, &flags), SAR_OK);
    assert_int_equal(SKF_OpenApplication(f->device, flags.Application, &f->app), SAR_OK);
    assert_int_equal(SKF_OpenContainer(f->app, flags.Container, &f->container), SAR_OK);
    assert_int_equal(SKF_ChangePIN(f->app, USER_TYPE, pin_initial, pin, NULL), SAR_OK);
}

void fixture_third_party(struct fixture *f)
{
    uint8_t challenge[16], answer[16];
    char app[] = "THIRD", container[] = "C";
    ECCPUBLICKEYBLOB blob;
    assert_int_equal(SKF_GenRandom(f->device, challenge, 8), SAR_OK);
    world_device_answer(f->w, challenge, answer);
    assert_int_equal(SKF_DevAuth(f->device, answer, sizeof answer), SAR_OK);
    assert_int_equal(SKF_CreateApplication(f->device, app, pin_admin, 6, pin, 6, SECURE_USER_ACCOUNT, &f->app), SAR_OK);
    assert_int_equal(SKF_VerifyPIN(f->app, USER_TYPE, pin, NULL), SAR_OK);
    assert_int_equal(SKF_CreateContainer(f->app, container, &f->container), SAR_OK);
    assert_int_equal(SKF_GenECCKeyPair(f->container, SGD_SM2_1, &blob), SAR_OK);
    memcpy(f->point, blob.XCoordinate + 32, 32);
    memcpy(f->point + 32, blob.YCoordinate + 32, 32);
}
