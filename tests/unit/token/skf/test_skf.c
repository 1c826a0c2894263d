/* The driver over a card in the same process. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "token/skf/hufu_skf.h"
#include "token/skf/skf_local.h"
#include "world.h"

static char key_name[] = "key";
static char pin_initial[] = "000000", pin[] = "824619", pin_wrong[] = "197340";

struct fixture {
    struct world *w;
    DEVHANDLE device;
    uint8_t point[HUFU_POINT_LEN], attestation[HUFU_SIGNATURE_LEN];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->w = world_new();
    assert_true(skf_local_plug(key_name, f->w->card));
    assert_int_equal(SKF_ConnectDev(key_name, &f->device), SAR_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    SKF_DisConnectDev(f->device);
    skf_local_plug(key_name, NULL);
    world_free(f->w);
    free(f);
    return 0;
}

static ULONG state_of(struct fixture *f)
{
    HUFUFLAGS flags;
    assert_int_equal(HUFU_GetFlags(f->device, &flags), SAR_OK);
    return flags.State;
}

/* ---- production ---- */

static void open_production(struct fixture *f)
{
    uint8_t challenge[HUFU_CHALLENGE_LEN], answer[HUFU_DEVICE_ANSWER_LEN], sealed[HUFU_ADMIN_SEALED_LEN];
    assert_int_equal(HUFU_ProductionChallenge(f->device, challenge), SAR_OK);
    world_device_answer(f->w, challenge, answer);
    world_admin_sealed(f->w, sealed);
    assert_int_equal(HUFU_OpenProduction(f->device, answer, sealed, f->point, f->attestation), SAR_OK);
}

static BYTE *given(struct bytes b)
{
    return (BYTE *)(uintptr_t)b.ptr;
}

static ULONG write_production(struct fixture *f)
{
    uint8_t blob[ENVELOPED_KEY_SIZE];
    struct bytes sign = world_certificate(f->w, f->point, &profile_holder_signing);
    struct bytes enc = world_certificate(f->w, f->w->encryption_key.public.point, &profile_holder_encryption);
    world_envelope(f->w, f->point, blob);
    return HUFU_WriteProduction(f->device, given(sign), (ULONG)sign.len, given(enc), (ULONG)enc.len, blob, sizeof blob);
}

static void produce(struct fixture *f)
{
    open_production(f);
    assert_int_equal(write_production(f), SAR_OK);
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_OK);
}

static void open_holder(struct fixture *f, HAPPLICATION *app, HCONTAINER *container)
{
    HUFUFLAGS flags;
    assert_int_equal(HUFU_GetFlags(f->device, &flags), SAR_OK);
    assert_int_equal(SKF_OpenApplication(f->device, flags.Application, app), SAR_OK);
    assert_int_equal(SKF_OpenContainer(*app, flags.Container, container), SAR_OK);
}

/* R-APPLY-3, R-KEY-1: made under issuer authentication, closed with 000000, which allows nothing but its change. */
static void r_apply_3_production_from_blank_to_a_signature(void **state)
{
    struct fixture *f = *state;
    uint8_t signature[64];
    HAPPLICATION app;
    HCONTAINER container;
    ULONG tries = 99;
    BYTE message[] = "HUFU-LOGIN-v1\n";
    assert_int_equal(state_of(f), HUFU_BLANK);
    open_production(f);
    assert_int_equal(state_of(f), HUFU_PRODUCTION);
    const char *text = world_produce_text(f->w, WORLD_SERIAL, f->point);
    struct sm2_public key;
    assert_false(failed(sm2_public_init(&key, f->point)));
    assert_int_equal(HUFU_Prove(f->device, given(bytes_text(text)), (ULONG)strlen(text), signature), SAR_OK);
    assert_false(failed(sm2_verify(&key, bytes_text(text), signature)));
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_CERTNOTFOUNTERR);
    assert_int_equal(write_production(f), SAR_OK);
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_OK);
    assert_int_equal(HUFU_CloseProduction(f->device), SAR_OK);
    assert_int_equal(state_of(f), HUFU_MUST_CHANGE);

    open_holder(f, &app, &container);
    assert_int_equal(SKF_VerifyPIN(app, USER_TYPE, pin_initial, &tries), SAR_OK);
    assert_int_equal(HUFU_SignMessage(container, message, sizeof message, signature), SAR_USER_PIN_NOT_INITIALIZED);
    assert_int_equal(SKF_ChangePIN(app, USER_TYPE, pin_initial, pin, &tries), SAR_OK);
    assert_int_equal(state_of(f), HUFU_READY);
    assert_int_equal(HUFU_SignMessage(container, message, sizeof message, signature), SAR_USER_NOT_LOGGED_IN);
    assert_int_equal(SKF_VerifyPIN(app, USER_TYPE, pin_wrong, &tries), SAR_PIN_INCORRECT);
    assert_int_equal(tries, 5);
    assert_int_equal(SKF_VerifyPIN(app, USER_TYPE, pin, &tries), SAR_OK);
    assert_int_equal(HUFU_SignMessage(container, message, sizeof message, signature), SAR_OK);
    assert_false(failed(sm2_verify(&key, bytes_of(message, sizeof message), signature)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(r_apply_3_production_from_blank_to_a_signature, setup, teardown),
    };
    (void)produce;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
