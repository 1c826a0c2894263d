/* hufu-hsm --config FILE --signer FD [--pin FD]: the only process that loads the library of a hardware security module,
 * so that what the library does wrong harms nothing else. Signs what the signer hands it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "hsm/serve.h"
#include "process/arguments.h"
#include "process/sandbox.h"

static const char usage[] = "usage: hufu-hsm --config FILE --signer FD [--pin FD] [--insecure-dev]\n"
                            "       hufu-hsm --config FILE -t\n"
                            "Started by hufu serve. Signs with keys in a hardware security module (PKCS#11).\n"
                            "  -t  check the section [hsm] of the configuration and end\n";

enum { ARENA_MAX = 256 * 1024, PIN_ROOM = 256, FOLDERS_MAX = 16 };

struct options {
    struct arguments given;
    uint64_t signer, pin; /* UINT64_MAX: none */
};

struct pin {
    char text[PIN_ROOM];
    size_t len;
};

/* The first line of FD, which is closed. What others may read is no PIN. */
static struct result take_pin(int fd, struct diag *diag, struct pin *ret_pin)
{
    struct stat st;
    bool private = fstat(fd, &st) == 0 && (st.st_mode & S_IRWXO) == 0;
    ssize_t n = private ? pread(fd, ret_pin->text, sizeof ret_pin->text, 0) : -1;
    close(fd);
    if (!private) return diag_log(diag, ERROR_HSM_PIN, "pin_file may be read by other users");
    if (n < 0 || n == (ssize_t)sizeof ret_pin->text) return diag_log(diag, ERROR_HSM_PIN, "pin_file holds no PIN");
    const char *end = memchr(ret_pin->text, '\n', (size_t)n);
    ret_pin->len = end ? (size_t)(end - ret_pin->text) : (size_t)n;
    return OK;
}

/* Calls TAKE with each of the words of LIST, which may be NULL. */
static bool each_word(const char *list, struct arena *arena, bool (*take)(void *context, const char *word),
                      void *context)
{
    for (const char *at = list ? list : ""; *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        const char *word = len ? arena_text(arena, bytes_of(at, len)) : NULL;
        if (len && (!word || !take(context, word))) return false;
        at += len;
    }
    return true;
}

static bool put_variable(void *context, const char *word)
{
    return strchr(word, '=') && putenv((char *)(uintptr_t)word) == 0; /* lives as long as the process */
}

struct folders {
    struct sandbox_folder all[FOLDERS_MAX];
    size_t count;
    unsigned rights;
};

static bool add_folder(void *context, const char *word)
{
    struct folders *f = context;
    if (f->count == FOLDERS_MAX || word[0] != '/') return false;
    f->all[f->count++] = (struct sandbox_folder){ word, f->rights };
    return true;
}

static struct result check(const struct hsm_settings *settings, struct arena *arena, struct diag *diag,
                           struct folders *ret_folders)
{
    ret_folders->rights = SANDBOX_READ;
    bool good = each_word(settings->reads, arena, add_folder, ret_folders);
    ret_folders->rights = SANDBOX_READ | SANDBOX_WRITE;
    good = good && each_word(settings->writes, arena, add_folder, ret_folders);
    if (!good) return diag_log(diag, ERROR_CONFIG, "hsm: reads, writes: at most %d absolute paths", FOLDERS_MAX);
    if (access(settings->module, R_OK) != 0)
        return diag_log(diag, ERROR_CONFIG, "hsm: module: %s: %s", settings->module, strerror(errno));
    return OK;
}

/* After the library is loaded, which maps code, and before it is begun, which may start threads. */
static struct result close_off(const struct hsm_settings *settings, const struct folders *folders, bool insecure_dev,
                               struct diag *diag)
{
    const struct sandbox sandbox = { SANDBOX_FILES | (settings->network ? SANDBOX_CONNECT : 0), folders->all,
                                     folders->count };
    if (settings->sandbox) return sandbox_enter(&sandbox, insecure_dev, diag);
    log_event(LOG_LEVEL_WARNING, "no-sandbox", "the configuration says so: the library may do what its user may");
    return OK;
}

static struct result run(const struct options *options, struct arena *arena, struct diag *diag)
{
    struct hsm_settings settings;
    struct folders folders = { .count = 0 };
    struct diag unreadable = { 0 };
    struct token *token;
    struct pin pin = { .len = 0 };
    TRY(config_read(options->given.config, "hsm", hsm_options, hsm_options_count, arena, diag, &settings));
    TRY(check(&settings, arena, diag, &folders));
    if (options->given.test) return OK;
    /* Without a PIN the signer is told so with each request, and the rest of the service goes on. */
    if (options->pin != UINT64_MAX && failed(take_pin((int)options->pin, &unreadable, &pin)))
        log_failure("pin", FAIL(ERROR_HSM_PIN), &unreadable);
    if (!each_word(settings.variables, arena, put_variable, NULL))
        return diag_log(diag, ERROR_CONFIG, "hsm: variables: not NAME=VALUE");
    int signals = arguments_signals(); /* before the library's threads, if it has any */
    struct result r = token_new(&settings, pin.text, pin.len, diag, &token);
    secret_wipe(&pin, sizeof pin);
    TRY(r);
    r = close_off(&settings, &folders, options->given.insecure_dev, diag);
    if (!failed(r)) log_event(LOG_LEVEL_INFO, "ready", "module=%s token=%s", settings.module, settings.token);
    if (!failed(r)) r = serve(token, (int)options->signer, signals, settings.call_seconds);
    token_free(token);
    return r;
}

int main(int argc, char **argv)
{
    struct options options = { .signer = UINT64_MAX, .pin = UINT64_MAX };
    const struct arguments_form form = { true, 2, { { "signer", ARGUMENT_FD_MAX, true, &options.signer },
                                                    { "pin", ARGUMENT_FD_MAX, false, &options.pin } } };
    int code;
    if (!arguments_read(argc, argv, &form, &options.given, &code))
        return fputs(usage, code ? stderr : stdout), code;
    log_init("hsm");
    struct diag diag = { 0 };
    struct arena *arena = arena_new(ARENA_MAX);
    struct result r = run(&options, arena, &diag);
    if (failed(r)) log_failure("stop", r, &diag);
    arena_free(arena);
    return failed(r);
}
