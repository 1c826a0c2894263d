/* Web taken over: a program that is free to send hufu-signer anything tries to obtain what it should not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "stage.h"

static const char *program;

struct scene {
    struct cast *cast;
    struct stage *stage;
    struct cast_peer *peer;
};

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->cast = cast_new((int64_t)time(NULL));
    s->stage = stage_new(NULL);
    stage_start(s->stage, program, NULL);
    s->peer = &s->stage->peer;
    cast_set_up(s->cast, s->peer);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    stage_free(s->stage);
    cast_free(s->cast);
    free(s);
    return 0;
}

/* What all attempts differ from: this one succeeds, also after a restart. */
static void the_right_way_works(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_issued issued;
    struct signer_state where;
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    assert_false(failed(cast_open(s->cast, s->peer, &order)));
    assert_int_equal(stage_stop(s->stage), 0);
    stage_start(s->stage, program, NULL);
    assert_false(failed(stage_greet(s->stage, s->cast, &where)));
    assert_false(failed(cast_issue(s->cast, s->peer, &order, &issued)));
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE(the_right_way_works),
    };
    if (argc != 2) return 2;
    program = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
