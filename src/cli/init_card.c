#include "cli/init_card.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/place.h"
#include "cli/process.h"
#include "cli/usbkey.h"
#include "pki/certificate.h"

enum { LIST_MAX = 4096, PATIENCE_MS = 10 * 1000, AGAIN_MS = 5 };

/* ---- the virtual USBKey ---- */

static struct result start_card(const char *const *arguments, int log, struct diag *diag, pid_t *ret_pid)
{
    char program[PLACE_PATH_MAX];
    if (!place_program("hufu-card", program)) return diag_log(diag, ERROR_PROGRAM_MISSING, "hufu-card");
    struct process_start start = { .program = program, .log = log };
    for (size_t i = 0; arguments[i]; i++) start.arguments[i] = arguments[i];
    return process_start(&start, diag, ret_pid);
}

static int status_of(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *part(const struct init_folder *folder, const struct init_operator *operator, const char *end)
{
    return arena_format(folder->arena, "%s/usbkeys/%s.%s", folder->draft, operator->image, end);
}

struct result init_card_make(const struct init_folder *folder, const struct init_operator *operator, struct diag *diag)
{
    const char *image = part(folder, operator, "image"), *maker = init_folder_path(folder, "maker");
    ENSURE(image && maker, ERROR_OUT_OF_ROOM);
    const char *arguments[] = { "hufu-card", "--new",    "--image", image, "--serial", operator->card,
                                "--maker",   maker, NULL };
    pid_t pid;
    TRY(start_card(arguments, folder->log, diag, &pid));
    return status_of(pid) == 0 ? OK : diag_log(diag, ERROR_DEMO_CARD, "%s", image);
}

/* ---- the driver ---- */

struct device {
    DEVHANDLE handle;
    struct diag *diag;
};

static struct result ask(const struct device *d, const char *what, ULONG r)
{
    return r == SAR_OK ? OK : diag_log(d->diag, ERROR_DEMO_KEY, "%s answers %08X", what, (unsigned)r);
}

static struct result wait_for_card(struct device *d, const char *card)
{
    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += AGAIN_MS) {
        if (usbkey_connect(card, &d->handle)) return OK;
        struct timespec pause = { 0, AGAIN_MS * 1000000L };
        nanosleep(&pause, NULL);
    }
    return diag_log(d->diag, ERROR_DEMO_KEY, "%s is not plugged in", card);
}

/* ---- production ---- */

struct made {
    BYTE public_key[HUFU_POINT_LEN], attestation[HUFU_SIGNATURE_LEN];
    struct bytes card_certificate;
};

/* The signer recognizes the USBKey, and the USBKey the signer; then the key pair is made in it. */
static struct result open_production(const struct device *d, struct init_signer *signer,
                                     const struct init_operator *operator, struct arena *arena, struct made *ret_made)
{
    BYTE challenge[HUFU_CHALLENGE_LEN], *certificate = arena_take(arena, CERTIFICATE_MAX);
    ULONG len = CERTIFICATE_MAX;
    struct signer_card_opened opened = { 0 };
    ENSURE(certificate, ERROR_OUT_OF_ROOM);
    TRY(ask(d, "HUFU_ProductionChallenge", HUFU_ProductionChallenge(d->handle, challenge)));
    TRY(ask(d, "HUFU_GetCardCertificate", HUFU_GetCardCertificate(d->handle, certificate, &len)));
    ret_made->card_certificate = bytes_of(certificate, len);
    const struct signer_first_card asked = { operator->card, BYTES(challenge), ret_made->card_certificate };
    TRY(init_signer_ask(signer, SIGNER_FIRST_CARD, &signer_first_card_shape, &asked, &signer_card_opened_shape, arena,
                        d->diag, &opened));
    ENSURE(opened.device_answer.len == HUFU_DEVICE_ANSWER_LEN && opened.admin_sealed.len == HUFU_ADMIN_SEALED_LEN,
           ERROR_IPC_BROKEN);
    /* The driver's interface knows no const. */
    return ask(d, "HUFU_OpenProduction",
               HUFU_OpenProduction(d->handle, (BYTE *)(uintptr_t)opened.device_answer.ptr,
                                   (BYTE *)(uintptr_t)opened.admin_sealed.ptr, ret_made->public_key,
                                   ret_made->attestation));
}

static struct result certify(const struct device *d, struct init_signer *signer, const struct init_operator *operator,
                             const struct made *made, struct arena *arena, struct bytes *ret_certificate)
{
    const struct signer_first_operator asked = {
        .name = operator->name,
        .roles = operator->roles,
        .card = operator->card,
        .public_key = BYTES(made->public_key),
        .attestation = BYTES(made->attestation),
        .card_certificate = made->card_certificate,
    };
    struct signer_operator_done done = { 0 };
    TRY(init_signer_ask(signer, SIGNER_FIRST_OPERATOR, &signer_first_operator_shape, &asked,
                        &signer_operator_done_shape, arena, d->diag, &done));
    *ret_certificate = done.certificate;
    return OK;
}

static struct result change_pin(const struct device *d, const char *pin)
{
    HAPPLICATION application;
    ULONG tries;
    TRY(ask(d, "SKF_OpenApplication", SKF_OpenApplication(d->handle, (char[]){ "HUFU" }, &application)));
    char new_pin[SKF_PIN_MAX + 1] = { 0 };
    strncpy(new_pin, pin, SKF_PIN_MAX);
    struct result r = ask(d, "SKF_ChangePIN",
                          SKF_ChangePIN(application, USER_TYPE, (char[]){ "000000" }, new_pin, &tries));
    SKF_CloseApplication(application);
    return r;
}

static struct result produce(const struct device *d, struct init_signer *signer, const struct init_operator *operator,
                             struct arena *arena, const char **ret_serial)
{
    struct made made = { .card_certificate = { 0 } };
    struct bytes certificate = { 0 };
    struct certificate *parsed;
    TRY(open_production(d, signer, operator, arena, &made));
    TRY(certify(d, signer, operator, &made, arena, &certificate));
    TRY(certificate_parse(certificate, arena, &parsed));
    TRY(ask(d, "HUFU_WriteProduction", HUFU_WriteProduction(d->handle, (BYTE *)(uintptr_t)certificate.ptr,
                                                            (ULONG)certificate.len, NULL, 0, NULL, 0)));
    TRY(ask(d, "HUFU_CloseProduction", HUFU_CloseProduction(d->handle)));
    if (operator->pin) TRY(change_pin(d, operator->pin));
    *ret_serial = certificate_serial_text(parsed, arena);
    ENSURE(*ret_serial, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result init_card_produce_plugged(const struct init_folder *folder, struct init_signer *signer,
                                        const struct init_operator *operator, struct diag *diag,
                                        const char **ret_serial)
{
    struct device d = { .diag = diag };
    TRY(wait_for_card(&d, operator->card));
    struct result r = produce(&d, signer, operator, folder->arena, ret_serial);
    SKF_DisConnectDev(d.handle);
    return r;
}

struct result init_card_produce(const struct init_folder *folder, struct init_signer *signer,
                                const struct init_operator *operator, struct diag *diag, const char **ret_serial)
{
    const char *image = part(folder, operator, "image"), *socket = part(folder, operator, "sock");
    ENSURE(image && socket, ERROR_OUT_OF_ROOM);
    const char *arguments[] = { "hufu-card", "--image", image, "--socket", socket, NULL };
    pid_t pid;
    const char *usbkeys = init_folder_path(folder, "usbkeys");
    if (!usbkeys || setenv("HUFU_USBKEYS", usbkeys, 1) != 0) abort(); /* where the driver looks */
    TRY(start_card(arguments, folder->log, diag, &pid));
    struct result r = init_card_produce_plugged(folder, signer, operator, diag, ret_serial);
    kill(pid, SIGTERM);
    status_of(pid);
    return r;
}

/* ---- a USBKey that a person has ---- */

static bool is_taken(const struct init_operator *operators, size_t which, const char *card)
{
    for (size_t i = 0; i < which; i++)
        if (strcmp(operators[i].card, card) == 0) return true;
    return false;
}

/* The one USBKey that is plugged in and belongs to nobody before; NULL: none, or several. */
static const char *find_fresh(const struct init_folder *folder, const struct init_operator *operators, size_t which)
{
    char names[LIST_MAX];
    ULONG size = sizeof names;
    const char *found = NULL;
    if (SKF_EnumDev(TRUE, names, &size) != SAR_OK) return NULL;
    for (char *name = names; *name; name += strlen(name) + 1) {
        DEVHANDLE handle;
        DEVINFO info;
        if (SKF_ConnectDev(name, &handle) != SAR_OK) continue;
        bool told = SKF_GetDevInfo(handle, &info) == SAR_OK;
        SKF_DisConnectDev(handle);
        char card[sizeof info.SerialNumber + 1] = { 0 };
        memcpy(card, info.SerialNumber, sizeof info.SerialNumber);
        if (!told || is_taken(operators, which, card)) continue;
        if (found) return NULL;
        found = arena_text(folder->arena, bytes_text(card));
    }
    return found;
}

struct result init_card_ask(const struct init_folder *folder, struct init_operator *operators, size_t which,
                            struct diag *diag)
{
    struct init_operator *o = &operators[which];
    while (!o->card) {
        char line[8];
        printf(cli_words("请插入 %s（%s）的 USBKey，只插这一把，然后按回车：",
                         "Plug in the USBKey of %s (%s), no other fresh one, then press Enter: "),
               o->name, o->roles);
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin)) return diag_log(diag, ERROR_DEMO_KEY, "for %s", o->name);
        o->card = find_fresh(folder, operators, which);
        if (o->card) printf("%s\n", o->card);
    }
    return OK;
}
