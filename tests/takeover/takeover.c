#include "takeover.h"

#include <stdlib.h>
#include <time.h>

const char *takeover_program;

int scene_setup(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->cast = cast_new((int64_t)time(NULL));
    s->stage = stage_new(NULL);
    stage_start(s->stage, takeover_program, NULL);
    s->peer = &s->stage->peer;
    cast_set_up(s->cast, s->peer);
    *state = s;
    return 0;
}

int scene_teardown(void **state)
{
    struct scene *s = *state;
    stage_free(s->stage);
    cast_free(s->cast);
    free(s);
    return 0;
}

void refused(struct scene *scene, struct result got, uint16_t type, enum error error)
{
    struct journal_refused refusal;
    if (!failed(got) || (error && got.code != error))
        fail_msg("%s instead of %s", error_find(got.code)->name, error_find(error)->name);
    struct cast_record last = cast_journal(scene->cast, scene->peer, cast_journal_size(scene->cast, scene->peer) - 1);
    assert_int_equal(last.type, JOURNAL_REFUSED);
    cast_read(scene->cast, &last, &journal_refused_shape, &refusal);
    assert_int_equal(refusal.type, type);
    assert_int_equal(refusal.error, got.code);
}

void order_refused(struct scene *scene, struct cast_order *order, enum error error)
{
    struct signer_issued issued;
    int before = cast_count(scene->cast, scene->peer, JOURNAL_ISSUED);
    struct result open = cast_open(scene->cast, scene->peer, order);
    if (failed(open))
        refused(scene, open, SIGNER_CARD, error);
    else
        refused(scene, cast_issue(scene->cast, scene->peer, order, &issued), SIGNER_ISSUE, error);
    /* And it is not the opening alone that stands in the way. */
    if (failed(open)) assert_true(failed(cast_issue(scene->cast, scene->peer, order, &issued)));
    assert_int_equal(cast_count(scene->cast, scene->peer, JOURNAL_ISSUED), before);
}

void opened_order(struct scene *scene, struct cast_order *ret_order)
{
    cast_order(scene->cast, ret_order);
    cast_sign_order(scene->cast, ret_order);
    assert_ok(cast_open(scene->cast, scene->peer, ret_order));
}

const char *alter_line(struct cast *cast, const char *text, size_t line)
{
    char *copy = arena_text(cast->arena, bytes_text(text)), *end = copy;
    for (size_t i = 0; i <= line; i++) {
        end = strchr(end, '\n');
        assert_non_null(end);
        if (i < line) end++;
    }
    char *last = end - 1;
    *last = *last == '1' ? '2' : '1';
    /* The last byte of a Chinese character does not stand alone. */
    if ((unsigned char)end[-2] >= 0x80) memmove(last - 2, last, strlen(last) + 1);
    return copy;
}

/* What all attempts differ from: this one succeeds, also after a restart. */
static void the_right_way_works(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    struct signer_issued issued;
    struct signer_state where;
    opened_order(s, &order);
    assert_int_equal(stage_stop(s->stage), 0);
    stage_start(s->stage, takeover_program, NULL);
    assert_ok(stage_greet(s->stage, s->cast, &where));
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { SCENE(the_right_way_works) };
    if (argc != 2) return 2;
    takeover_program = argv[1];
    int bad = cmocka_run_group_tests_name("right way", tests, NULL, NULL);
    return bad + takeover_approvals() + takeover_production() + takeover_download() + takeover_register() + takeover_services() +
           takeover_custody() + takeover_protocol();
}
