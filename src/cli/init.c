/* `hufu init`: makes an installation's folder, its keys and its first operators. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"
#include "cli/commands.h"
#include "cli/init_card.h"
#include "cli/init_config.h"
#include "cli/place.h"
#include "cli/process.h"

enum { ARENA_MAX = 4 * 1024 * 1024, SECRET_SIZE = 32, TRANSPORT_KEY_SIZE = 16, FILE_MAX = 8192 };

#define DEMO_PIN "271828"

struct options {
    const char *folder;
    bool demo, json;
    struct init_ports ports;
};

/* clang-format off */
#define PORT(field) CLI_NUMBER, offsetof(struct options, ports.field), "PORT", 1, 65535
static const struct cli_option options[] = {
    { "folder", CLI_TEXT, offsetof(struct options, folder), "DIR", 0, 0, "where; must be absent or empty (default var)" },
    { "demo", CLI_FLAG, offsetof(struct options, demo), NULL, 0, 0, "a demonstration: virtual USBKeys, sinks, a payment simulator" },
    { "port", PORT(web), "of pages and API (default 8080)" },
    { "paysim-port", PORT(paysim), "of the payment simulator (default 8090)" },
    { "agent-port", PORT(agent), "of the agent (default 18181)" },
    { "json", CLI_FLAG, offsetof(struct options, json), NULL, 0, 0, "one JSON object" },
};

/* Administrators first: the signer seals nothing with fewer than two. */
static const struct init_operator first_operators[] = {
    { "管理员一", "administrator", "HFDEMO0000000001", "operator-administrator-1", DEMO_PIN },
    { "管理员二", "administrator", "HFDEMO0000000002", "operator-administrator-2", DEMO_PIN },
    { "审核员一", "reviewer", "HFDEMO0000000003", "operator-reviewer-1", DEMO_PIN },
    { "审核员二", "reviewer", "HFDEMO0000000004", "operator-reviewer-2", DEMO_PIN },
    { "制证员一", "producer", "HFDEMO0000000005", "operator-producer-1", DEMO_PIN },
    { "财务一", "finance", "HFDEMO0000000006", "operator-finance-1", DEMO_PIN },
    { "审计员一", "auditor", "HFDEMO0000000007", "operator-auditor-1", DEMO_PIN },
};
/* clang-format on */

enum { SOCKET_PATH_MAX = 107, SOCKET_NAME_MAX = 48 }; /* of a virtual USBKey in its folder */

struct init {
    const struct options *options;
    struct init_folder folder;
    struct arena *arena;
    struct diag *diag;
    struct bytes secret; /* as it stands in the file */
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
    static const char *const names[] = { "signer", "web", "usbkeys", "sink", "paysim", "agent", "ca" };
    for (size_t i = 0; i < COUNT(names); i++) TRY(init_folder_make(&in->folder, names[i], in->diag));
    return OK;
}

/* Not in the arena: it is wiped at the end. */
static struct result make_secret(struct init *in, char text[2 * SECRET_SIZE + 2])
{
    uint8_t drawn[SECRET_SIZE];
    random_fill(drawn, sizeof drawn);
    for (size_t i = 0; i < sizeof drawn; i++) snprintf(text + 2 * i, 3, "%02x", drawn[i]);
    secret_wipe(drawn, sizeof drawn);
    in->secret = bytes_of(text, 2 * SECRET_SIZE);
    text[2 * SECRET_SIZE] = '\n';
    return init_folder_write(&in->folder, "secret", bytes_of(text, 2 * SECRET_SIZE + 1), in->diag);
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

/* ---- keys and operators ---- */

static struct result read_file(struct init *in, const char *name, uint8_t *into, size_t room, size_t *ret_len)
{
    const char *path = init_folder_path(&in->folder, name);
    FILE *f = path ? fopen(path, "rbe") : NULL;
    if (!f) return diag_log(in->diag, ERROR_FOLDER_FAILED, "%s", name);
    size_t n = fread(into, 1, room, f);
    bool good = !ferror(f) && n < room;
    fclose(f);
    if (!good) return diag_log(in->diag, ERROR_FOLDER_FAILED, "%s", name);
    *ret_len = n;
    return OK;
}

static struct result begin_signer(struct init *in, struct init_signer *signer)
{
    uint8_t *certificate = arena_take(in->arena, FILE_MAX), transport[TRANSPORT_KEY_SIZE + 1];
    size_t certificate_len, transport_len;
    ENSURE(certificate, ERROR_OUT_OF_ROOM);
    TRY(read_file(in, "maker/maker.cer", certificate, FILE_MAX, &certificate_len));
    TRY(read_file(in, "maker/transport.key", transport, sizeof transport, &transport_len));
    const struct signer_begin begin = {
        .organization = "国资CA（演示）",
        .country = "CN",
        .root_name = "国资CA 演示根",
        .issuing_name = "国资CA 演示签发",
        .operators_name = "国资CA 演示操作员",
        .maker_certificate = bytes_of(certificate, certificate_len),
        .maker_transport_key = bytes_of(transport, transport_len),
    };
    struct signer_state state;
    struct result r = init_signer_ask(signer, SIGNER_BEGIN, &signer_begin_shape, &begin, &signer_state_shape, in->arena,
                                      in->diag, &state);
    secret_wipe(transport, sizeof transport);
    return r;
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

static struct result register_operators(struct init *in, struct init_signer *signer, json_t *people)
{
    for (size_t i = 0; i < COUNT(first_operators); i++) {
        const struct init_operator *o = &first_operators[i];
        const char *serial;
        TRY(init_card_make(&in->folder, o, in->diag));
        TRY(init_card_produce(&in->folder, signer, o, in->diag, &serial));
        json_array_append_new(people, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", o->image, "person", o->name,
                                                "roles", o->roles, "card", o->card, "certificate", serial, "pin",
                                                o->pin));
    }
    return OK;
}

static struct result write_people(struct init *in, const json_t *people)
{
    char *text = json_dumps(people, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    ENSURE(text, ERROR_OUT_OF_ROOM);
    struct result r = init_folder_write(&in->folder, "usbkeys/people.json", bytes_text(text), in->diag);
    free(text);
    return r;
}

static struct result set_up_signer(struct init *in, json_t *people)
{
    struct init_signer signer;
    struct signer_state state;
    TRY(init_signer_start(init_folder_path(&in->folder, "hufu.conf"), in->secret, in->folder.log, in->diag, &signer));
    struct result r = begin_signer(in, &signer);
    if (!failed(r)) r = register_operators(in, &signer, people);
    if (!failed(r))
        r = init_signer_ask(&signer, SIGNER_SEAL, NULL, NULL, &signer_state_shape, in->arena, in->diag, &state);
    if (!failed(r)) r = write_authorities(in, &state);
    init_signer_stop(&signer);
    return r;
}

/* ---- all of it ---- */

static struct result make_all(struct init *in, char secret[2 * SECRET_SIZE + 2])
{
    TRY(make_folders(in));
    TRY(make_secret(in, secret));
    TRY(make_maker(in));
    TRY(make_paysim(in));
    TRY(init_config_demo(&in->folder, &in->options->ports, in->diag));
    json_t *people = json_array();
    struct result r = set_up_signer(in, people);
    if (!failed(r)) r = write_people(in, people);
    json_decref(people);
    TRY(r);
    return init_folder_publish(&in->folder, in->diag);
}

static struct result init_demo(struct init *in)
{
    char secret[2 * SECRET_SIZE + 2];
    TRY(init_folder_begin(in->options->folder, in->arena, in->diag, &in->folder));
    if (strlen(in->folder.draft) + SOCKET_NAME_MAX > SOCKET_PATH_MAX) {
        init_folder_done(&in->folder);
        return diag_log(in->diag, ERROR_FOLDER_FAILED, "%s: the path is too long for sockets", in->folder.place);
    }
    struct result r = make_all(in, secret);
    if (failed(r)) init_folder_tell_log(&in->folder);
    secret_wipe(secret, sizeof secret);
    init_folder_done(&in->folder);
    return r;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { .folder = "var", .ports = { 8080, 8090, 18181 } };
    int exit_status;
    if (!cli_parse(command, argc, argv, &o, NULL, &exit_status)) return exit_status;
    if (!o.demo) {
        fprintf(stderr, cli_words("hufu init：请加 --demo\n", "hufu init: add --demo\n"));
        return CLI_USAGE;
    }
    struct diag diag = { 0 };
    struct arena *arena = arena_new(ARENA_MAX);
    struct init in = { .options = &o, .arena = arena, .diag = &diag };
    log_init("init");
    struct result r = init_demo(&in);
    if (!failed(r)) printf(o.json ? "{\"folder\": \"%s\"}\n" : "%s\n", in.folder.place);
    arena_free(arena);
    return failed(r) ? cli_fail(r, &diag) : EXIT_SUCCESS;
}

const struct cli_command command_init = {
    .name = "init",
    .summary = "makes an installation: folder, keys, first operators",
    .about = "Makes the folder of an installation: configuration, secret, the CA's keys, and the first operators with\n"
             "their USBKeys. What is made is whole or not there at all.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
