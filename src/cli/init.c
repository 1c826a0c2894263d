/* `hufu init`: makes an installation's folder, its keys and its first operators. */
#include <fcntl.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"
#include "cli/commands.h"
#include "cli/init_config.h"
#include "cli/init_plan.h"
#include "cli/init_root.h"
#include "cli/installation.h"
#include "cli/place.h"
#include "cli/process.h"

enum { ARENA_MAX = 4 * 1024 * 1024, SECRET_SIZE = 32, TRANSPORT_KEY_SIZE = 16, FILE_MAX = CONFIG_FILE_MAX };
enum { SOCKET_PATH_MAX = 107, SOCKET_NAME_MAX = 48 }; /* of a virtual USBKey in its folder */

struct options {
    const char *folder, *plan, *config, *hsm;
    int64_t secret_fd;
    bool demo, json;
    struct init_ports ports;
};

/* clang-format off */
#define PORT(field) CLI_NUMBER, offsetof(struct options, ports.field), "PORT", 1, 65535
static const struct cli_option options[] = {
    { "folder", CLI_TEXT, offsetof(struct options, folder), "DIR", 0, 0, "where; must be absent or empty (default var)" },
    { "demo", CLI_FLAG, offsetof(struct options, demo), NULL, 0, 0, "a demonstration: virtual USBKeys, sinks, a payment simulator" },
    { "port", PORT(web), "of a demonstration's pages and API (default 8080)" },
    { "paysim-port", PORT(paysim), "of its payment simulator (default 8090)" },
    { "agent-port", PORT(agent), "of its agent (default 18181)" },
    { "status-port", PORT(status), "of OCSP and revocation lists (default 8070)" },
    { "hsm", CLI_TEXT, offsetof(struct options, hsm), "FILE", 0, 0, "section [hsm] of a demonstration: its CA keys lie in that HSM" },
    { "plan", CLI_TEXT, offsetof(struct options, plan), "FILE", 0, 0, "names of the CAs, maker of the USBKeys, first operators (docs/operation.md)" },
    { "config", CLI_TEXT, offsetof(struct options, config), "FILE", 0, 0, "becomes hufu.conf" },
    { "secret-fd", CLI_NUMBER, offsetof(struct options, secret_fd), "FD", 0, 1 << 16, "descriptor with the secret; else the credential \"secret\", or asked for" },
    { "json", CLI_FLAG, offsetof(struct options, json), NULL, 0, 0, "one JSON object" },
};
/* clang-format on */

struct init {
    const struct options *options;
    struct init_folder folder;
    struct init_plan plan;
    struct arena *arena;
    struct diag *diag;
    struct secret secret;
};

/* ---- the parts ---- */

static struct result run_program(struct init *in, const char *const *arguments)
{
    char program[PLACE_PATH_MAX];
    if (!place_program(arguments[0], program)) return diag_log(in->diag, ERROR_PROGRAM_MISSING, "%s", arguments[0]);
    struct process_start start = { .program = program, .log = in->folder.log };
    for (size_t i = 0; arguments[i]; i++) start.arguments[i] = arguments[i];
    pid_t pid;
    int status;
    TRY(process_start(&start, in->diag, &pid));
    if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0) return OK;
    return diag_log(in->diag, ERROR_START_FAILED, "%s", arguments[0]);
}

static struct result make_folders(struct init *in)
{
    static const char *const names[] = { "signer", "web", "ca", "publish", "usbkeys", "sink", "paysim", "agent" };
    size_t count = in->options->demo ? COUNT(names) : 4;
    for (size_t i = 0; i < count; i++) TRY(init_folder_make(&in->folder, names[i], in->diag));
    return OK;
}

static struct result read_file(struct init *in, const char *path, uint8_t *into, size_t room, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, into, room);
    if (fd >= 0) close(fd);
    if (n < 0 || (size_t)n == room) return diag_log(in->diag, ERROR_FOLDER_FAILED, "%s cannot be read", path);
    *ret_len = (size_t)n;
    return OK;
}

/* ---- what a demonstration has ---- */

static struct result make_secret(struct init *in)
{
    uint8_t drawn[SECRET_SIZE];
    char text[2 * SECRET_SIZE + 2];
    random_fill(drawn, sizeof drawn);
    for (size_t i = 0; i < sizeof drawn; i++) snprintf(text + 2 * i, 3, "%02x", drawn[i]);
    secret_wipe(drawn, sizeof drawn);
    in->secret.len = 2 * SECRET_SIZE;
    memcpy(in->secret.bytes, text, in->secret.len);
    text[in->secret.len] = '\n';
    struct result r = init_folder_write(&in->folder, "secret", bytes_of(text, in->secret.len + 1), in->diag);
    secret_wipe(text, sizeof text);
    return r;
}

static struct result make_maker(struct init *in)
{
    const char *arguments[] = { "hufu-card", "--new-maker", "--maker", init_folder_path(&in->folder, "maker"), NULL };
    ENSURE(arguments[3], ERROR_OUT_OF_ROOM);
    return run_program(in, arguments);
}

static struct result make_paysim(struct init *in)
{
    const struct init_ports *p = &in->options->ports;
    const char *arguments[] = {
        "hufu-paysim", "--init", "--listen", arena_format(in->arena, "127.0.0.1:%lld", (long long)p->paysim),
        "--folder", init_folder_path(&in->folder, "paysim"), NULL,
    };
    ENSURE(arguments[3] && arguments[5], ERROR_OUT_OF_ROOM);
    return run_program(in, arguments);
}

/* A section [hsm] and nothing else, which the demonstration's configuration ends with. */
static struct result read_hsm(struct init *in, struct bytes *ret_text)
{
    static const char *const sections[] = { "hsm", NULL };
    const char *path = in->options->hsm;
    uint8_t *text = arena_take(in->arena, FILE_MAX + 1);
    size_t len;
    *ret_text = (struct bytes){ 0 };
    if (!path) return OK;
    ENSURE(text, ERROR_OUT_OF_ROOM);
    TRY(config_check_sections(path, sections, in->arena, in->diag));
    TRY(read_file(in, path, text, FILE_MAX + 1, &len));
    *ret_text = bytes_of(text, len);
    return OK;
}

static struct result prepare_demo(struct init *in)
{
    if (strlen(in->folder.draft) + SOCKET_NAME_MAX > SOCKET_PATH_MAX)
        return diag_log(in->diag, ERROR_FOLDER_FAILED, "%s: the path is too long for sockets", in->folder.place);
    struct bytes hsm;
    TRY(make_secret(in));
    TRY(make_maker(in));
    TRY(make_paysim(in));
    TRY(read_hsm(in, &hsm));
    TRY(init_config_demo(&in->folder, &in->options->ports, hsm, in->diag));
    TRY(init_plan_demo(&in->folder, &in->plan));
    for (size_t i = 0; i < in->plan.operator_count; i++)
        TRY(init_card_make(&in->folder, &in->plan.operators[i], in->diag));
    return OK;
}

/* ---- what an installation is given ---- */

static struct result prepare_installation(struct init *in)
{
    uint8_t *text = arena_take(in->arena, FILE_MAX + 1);
    size_t len;
    struct installation installation;
    ENSURE(text, ERROR_OUT_OF_ROOM);
    TRY(init_plan_read(in->options->plan, in->arena, in->diag, &in->plan));
    TRY(read_file(in, in->options->config, text, FILE_MAX + 1, &len));
    TRY(init_folder_write(&in->folder, "hufu.conf", bytes_of(text, len), in->diag));
    TRY(installation_open(in->folder.draft, in->diag, &installation));
    struct result r = installation.demo.on || installation.serve.secret_file
                          ? diag_log(in->diag, ERROR_CONFIG, "%s: [demo] and secret_file are for init --demo",
                                     in->options->config)
                          : secret_read(&installation, (int)in->options->secret_fd, false, in->diag, &in->secret);
    installation_done(&installation);
    return r;
}

/* ---- keys and operators ---- */

static struct result begin_signer(struct init *in, struct init_signer *signer)
{
    const struct init_plan *plan = &in->plan;
    uint8_t *certificate = arena_take(in->arena, CERTIFICATE_MAX + 1), transport[TRANSPORT_KEY_SIZE + 1];
    size_t certificate_len, transport_len;
    ENSURE(certificate, ERROR_OUT_OF_ROOM);
    TRY(read_file(in, plan->maker_certificate, certificate, CERTIFICATE_MAX + 1, &certificate_len));
    TRY(read_file(in, plan->maker_transport_key, transport, sizeof transport, &transport_len));
    const struct signer_begin begin = {
        .organization = plan->organization,
        .country = plan->country,
        .root_name = plan->root_name,
        .issuing_name = plan->issuing_name,
        .operators_name = plan->operators_name,
        .maker_certificate = bytes_of(certificate, certificate_len),
        .maker_transport_key = bytes_of(transport, transport_len),
    };
    struct signer_state state;
    struct result r = plan->root_certificate
                          ? init_root_begin(&in->folder, signer, plan, &begin, in->diag, &state)
                          : init_signer_ask(signer, SIGNER_BEGIN, &signer_begin_shape, &begin, &signer_state_shape,
                                            in->arena, in->diag, &state);
    secret_wipe(transport, sizeof transport);
    return r;
}

static struct result register_operators(struct init *in, struct init_signer *signer, json_t *people)
{
    for (size_t i = 0; i < in->plan.operator_count; i++) {
        struct init_operator *o = &in->plan.operators[i];
        const char *serial;
        if (o->image) {
            TRY(init_card_produce(&in->folder, signer, o, in->diag, &serial));
        } else {
            TRY(init_card_ask(&in->folder, in->plan.operators, i, in->diag));
            TRY(init_card_produce_plugged(&in->folder, signer, o, in->diag, &serial));
        }
        json_array_append_new(people, json_pack("{s:s*, s:s, s:s, s:s, s:s, s:s*}", "name", o->image, "person", o->name,
                                                "roles", o->roles, "card", o->card, "certificate", serial, "pin",
                                                o->pin));
    }
    return OK;
}

/* For `hufu ca show` and whoever is to trust them. */
static struct result write_authorities(struct init *in, const struct signer_state *state)
{
    const struct {
        const char *name;
        struct bytes der;
    } all[] = { { "ca/root.cer", state->root_certificate }, { "ca/issuing.cer", state->issuing_certificate },
                { "ca/operators.cer", state->operators_certificate } };
    for (size_t i = 0; i < COUNT(all); i++) TRY(init_folder_write(&in->folder, all[i].name, all[i].der, in->diag));
    return OK;
}

static struct result set_up_signer(struct init *in, json_t *people)
{
    struct init_signer signer;
    struct signer_state state;
    struct installation installation;
    TRY(installation_open(in->folder.draft, in->diag, &installation));
    struct result r = init_signer_start(&installation, bytes_of(in->secret.bytes, in->secret.len), in->folder.log,
                                        in->diag, &signer);
    installation_done(&installation);
    TRY(r);
    r = begin_signer(in, &signer);
    if (!failed(r)) r = register_operators(in, &signer, people);
    if (!failed(r))
        r = init_signer_ask(&signer, SIGNER_SEAL, NULL, NULL, &signer_state_shape, in->arena, in->diag, &state);
    if (!failed(r)) r = write_authorities(in, &state);
    init_signer_stop(&signer);
    return r;
}

static struct result write_people(struct init *in, const json_t *people)
{
    char *text = json_dumps(people, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    struct result r = init_folder_write(&in->folder, "usbkeys/people.json", bytes_text(text), in->diag);
    free(text);
    return r;
}

/* ---- all of it ---- */

static struct result make_all(struct init *in)
{
    TRY(make_folders(in));
    TRY(in->options->demo ? prepare_demo(in) : prepare_installation(in));
    json_t *people = json_array();
    struct result r = set_up_signer(in, people);
    if (!failed(r) && in->options->demo) r = write_people(in, people);
    json_decref(people);
    TRY(r);
    TRY(init_folder_give_all(&in->folder, in->diag));
    return init_folder_publish(&in->folder, in->diag);
}

static struct result init(struct init *in)
{
    TRY(init_folder_begin(in->options->folder, in->arena, in->diag, &in->folder));
    struct result r = make_all(in);
    if (failed(r)) init_folder_tell_log(&in->folder);
    secret_wipe(&in->secret, sizeof in->secret);
    init_folder_done(&in->folder);
    return r;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { .folder = "var", .secret_fd = -1, .ports = { 8080, 8090, 18181, 8070 } };
    int exit_status;
    if (!cli_parse(command, argc, argv, &o, NULL, &exit_status)) return exit_status;
    if (o.demo ? o.plan || o.config : !o.plan || !o.config || o.hsm) {
        fputs(cli_words("hufu init：演示系统用 --demo；正式系统用 --plan 和 --config\n",
                        "hufu init: --demo for a demonstration; --plan and --config for an installation\n"), stderr);
        return CLI_USAGE;
    }
    struct diag diag = { 0 };
    struct arena *arena = arena_new(ARENA_MAX);
    struct init *in = calloc(1, sizeof *in);
    if (!in) abort();
    *in = (struct init){ .options = &o, .arena = arena, .diag = &diag };
    log_init("init");
    struct result r = init(in);
    if (!failed(r)) printf(o.json ? "{\"folder\": \"%s\"}\n" : "%s\n", in->folder.place);
    free(in);
    arena_free(arena);
    return failed(r) ? cli_fail(r, &diag) : EXIT_SUCCESS;
}

const struct cli_command command_init = {
    .name = "init",
    .summary = "makes an installation: folder, keys, first operators",
    .about = "Makes the folder of an installation: configuration, the CA's keys, and the first operators with\n"
             "their USBKeys. What is made is whole or not there at all. --demo makes all of it up. Otherwise\n"
             "--plan names the CAs and the people, --config is the configuration, and each person's USBKey is\n"
             "asked for in turn.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
