#include "tests.h"

#include <stdlib.h>

int play_setup(void **state)
{
    struct play *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->cast = cast_new(NOW);
    p->stage = stage_new(NULL);
    p->stage->now_s = NOW;
    assert_ok(stage_open(p->stage));
    p->peer = &p->stage->peer;
    cast_set_up(p->cast, p->peer);
    *state = p;
    return 0;
}

int play_teardown(void **state)
{
    struct play *p = *state;
    stage_free(p->stage);
    cast_free(p->cast);
    free(p);
    return 0;
}

void play_restart(struct play *play)
{
    struct signer_state state;
    assert_ok(stage_open(play->stage));
    assert_ok(stage_greet(play->stage, play->cast, &state));
    play->stage->now_s++;
}

int main(void)
{
    return test_parts() + test_centre() + test_issue() + test_time() + test_proof() + test_publish() + test_state() +
           test_trail();
}
