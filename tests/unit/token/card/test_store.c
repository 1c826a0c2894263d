/* The image on disk: the process is killed at every system call of a write, and one process has it at a time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "token/card/card_store.h"
#include "token/card/maker.h"

/* ---- calls that can kill: linked with --wrap ---- */

static int calls, kill_at; /* the call (from 1) at which the process ends, before it happens; 0: never */
static bool fail_instead;  /* … or which fails */

static bool fails(void)
{
    if (++calls != kill_at) return false;
    if (!fail_instead) _exit(99);
    return true;
}

int __real_open64(const char *path, int flags, mode_t mode);
int __wrap_open64(const char *path, int flags, mode_t mode);
int __wrap_open64(const char *path, int flags, mode_t mode)
{
    return fails() ? -1 : __real_open64(path, flags, mode);
}

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    bool last = kill_at && calls + 1 == kill_at && !fail_instead;
    if (last) (void)!__real_write(fd, data, len / 2); /* torn */
    return fails() ? -1 : __real_write(fd, data, len);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    return fails() ? -1 : __real_fsync(fd);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    return fails() ? -1 : __real_rename(from, to);
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
    return fails() ? -1 : __real_unlink(path);
}

/* ---- a folder with a card ---- */

struct folder {
    char path[64], maker[96], image[96], fresh[112];
};

static int setup(void **state)
{
    struct folder *f = calloc(1, sizeof *f);
    struct diag diag = { 0 };
    snprintf(f->path, sizeof f->path, "/tmp/hufu-card-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    snprintf(f->maker, sizeof f->maker, "%s/maker", f->path);
    snprintf(f->image, sizeof f->image, "%s/key.image", f->path);
    snprintf(f->fresh, sizeof f->fresh, "%s.new", f->image);
    kill_at = 0;
    assert_false(failed(maker_new(f->maker, &diag)));
    assert_false(failed(maker_card(f->maker, "HF1", f->image, &diag)));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct folder *f = *state;
    static const char *const names[] = { "maker/maker.key", "maker/maker.cer", "maker/transport.key", "maker",
                                         "key.image", "key.image.new" };
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", f->path, names[i]);
        remove(path);
    }
    rmdir(f->path);
    free(f);
    return 0;
}

/* A card whose label tells how often it was written. */
struct plugged {
    struct card_store store;
    struct card card;
};

static struct result plug(const struct folder *f, struct plugged *p)
{
    TRY(card_store_open(&p->store, f->image));
    struct card_io io = card_store_io(&p->store);
    struct result r = card_init(&p->card, &io);
    if (failed(r)) card_store_close(&p->store);
    return r;
}

/* Reads the file whoever has it; 0 when it is no image. */
static uint8_t label_of(const struct folder *f)
{
    static uint8_t image[CARD_IMAGE_MAX];
    static struct card_state state;
    int fd = open(f->image, O_RDONLY);
    ssize_t len = read(fd, image, sizeof image);
    close(fd);
    if (len < 0 || failed(card_state_decode(bytes_of(image, (size_t)len), &state))) return 0;
    return state.label.text[0];
}

static uint16_t set_label(struct card *card, char label)
{
    const uint8_t command[] = { 0x80, 0x02, 0, 0, 1, (uint8_t)label };
    uint8_t answer[CARD_ANSWER_MAX];
    card->channels[0].issuer = true;
    size_t len = card_exchange(card, BYTES(command), answer);
    return (uint16_t)(answer[len - 2] << 8 | answer[len - 1]);
}

/* In a process of its own: writes label B with a fault at call AT. Returns its exit status: 99 killed, 0 written, 1 the
 * card said that it was not; *ret_calls is how many calls the write makes when nothing happens. */
static int write_with_fault(const struct folder *f, int at, bool fail)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct plugged *p = calloc(1, sizeof *p);
        if (failed(plug(f, p))) _exit(50);
        calls = 0;
        kill_at = at;
        fail_instead = fail;
        uint16_t sw = set_label(&p->card, 'B');
        int after = calls;
        kill_at = 0;
        if (sw == 0x9000) _exit(at ? 0 : 100 + after);
        /* What the card has in memory is what is on disk. */
        bool same = p->card.dead || p->card.state.label.text[0] == label_of(f);
        _exit(same ? 1 : 51);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void put_label(const struct folder *f, char label)
{
    struct plugged *p = calloc(1, sizeof *p);
    assert_false(failed(plug(f, p)));
    assert_int_equal(set_label(&p->card, label), 0x9000);
    card_store_close(&p->store);
    free(p);
}

static void killed_at_every_call_of_a_write(void **state)
{
    const struct folder *f = *state;
    put_label(f, 'A');
    int count = write_with_fault(f, 0, false) - 100;
    assert_true(count >= 6); /* unlink, open, write, fsync, rename, open and fsync of the folder */
    for (int at = 1; at <= count; at++) {
        put_label(f, 'A');
        assert_int_equal(write_with_fault(f, at, false), 99);
        uint8_t label = label_of(f);
        assert_true(label == 'A' || label == 'B');
        put_label(f, 'C'); /* what was left behind hinders nobody */
        assert_int_equal(label_of(f), 'C');
        assert_int_equal(access(f->fresh, F_OK), -1);
    }
}

static void every_call_of_a_write_fails(void **state)
{
    const struct folder *f = *state;
    put_label(f, 'A');
    int count = write_with_fault(f, 0, false) - 100;
    for (int at = 1; at <= count; at++) {
        put_label(f, 'A');
        int status = write_with_fault(f, at, true);
        if (status != 1 && status != 0) fail_msg("call %d: %d", at, status); /* 0: it was already written */
        uint8_t label = label_of(f);
        assert_true(label == 'A' || label == 'B');
    }
}

static void one_process_has_the_image(void **state)
{
    const struct folder *f = *state;
    struct plugged *p = calloc(1, sizeof *p), *second = calloc(1, sizeof *second);
    assert_false(failed(plug(f, p)));
    for (int round = 0; round < 2; round++) {
        pid_t pid = fork();
        if (pid == 0) _exit(plug(f, second).code == ERROR_CARD_BUSY ? 0 : 1);
        int status;
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        assert_int_equal(set_label(&p->card, 'D'), 0x9000); /* the file is another one now, and locked as well */
    }
    card_store_close(&p->store);
    assert_false(failed(plug(f, second)));
    card_store_close(&second->store);
    free(p);
    free(second);
}

static void what_is_there_is_not_overwritten(void **state)
{
    const struct folder *f = *state;
    struct diag diag = { 0 };
    struct stat s;
    assert_int_equal(maker_new(f->maker, &diag).code, ERROR_CARD_EXISTS);
    assert_int_equal(maker_card(f->maker, "HF1", f->image, &diag).code, ERROR_CARD_EXISTS);
    assert_int_equal(maker_card(f->maker, "", f->fresh, &diag).code, ERROR_CARD_SERIAL);
    assert_int_equal(maker_card(f->maker, "a/b", f->fresh, &diag).code, ERROR_CARD_SERIAL);
    assert_int_equal(maker_card(f->maker, "123456789012345678901234567890123", f->fresh, &diag).code,
                     ERROR_CARD_SERIAL);
    assert_int_equal(maker_card("/nonexistent", "HF1", f->fresh, &diag).code, ERROR_CARD_MAKER);
    assert_int_equal(stat(f->image, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
    put_label(f, 'A');
    assert_int_equal(stat(f->image, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
}

static void other_files_are_no_images(void **state)
{
    const struct folder *f = *state;
    struct plugged *p = calloc(1, sizeof *p);
    int fd = open(f->image, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, "not an image", 12), 12);
    close(fd);
    assert_int_equal(plug(f, p).code, ERROR_CARD_IMAGE);
    assert_int_equal(card_store_open(&p->store, "/nonexistent/x").code, ERROR_NOT_FOUND);
    free(p);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(killed_at_every_call_of_a_write), T(every_call_of_a_write_fails), T(one_process_has_the_image),
        T(what_is_there_is_not_overwritten), T(other_files_are_no_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
