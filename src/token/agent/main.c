/* hufu-agent: lets web pages of listed origins use the person's USBKey (docs/PROTOCOL.agent). */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "token/agent/agent.h"
#include "token/agent/config.h"
#include "token/agent/origin_list.h"

static const char usage[] =
    "usage: hufu-agent --config FILE [--insecure-dev] [-t]\n"
    "Lets web pages of the origins in section [agent] of FILE use USBKeys, on 127.0.0.1.\n"
    "  --insecure-dev  for development only: pages on http://*.localhost too, PINs from the page, pairing without a\n"
    "                  window, requests of other users of this machine\n"
    "  -t              checks the configuration and ends\n";

struct options {
    const char *config;
    bool insecure_dev, test;
};

static bool parse_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            o->config = argv[++i];
        else if (strcmp(argv[i], "--insecure-dev") == 0)
            o->insecure_dev = true;
        else if (strcmp(argv[i], "-t") == 0)
            o->test = true;
        else
            return false;
    }
    return o->config != NULL;
}

/* Our own library where the packages put it, and where the build does. */
static const char *default_libraries(const char *own, struct arena *arena)
{
#ifdef _WIN32
    static const char *const places[] = { "%s\\hufu-skf.dll" };
#else
    static const char *const places[] = { "%s/libhufu-skf.so", "%s/../skf/libhufu-skf.so" };
#endif
    for (size_t i = 0; i < COUNT(places); i++) {
        char path[SYSTEM_PATH_MAX];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        int n = snprintf(path, sizeof path, places[i], own);
#pragma GCC diagnostic pop
        if (n > 0 && n < (int)sizeof path && system_trusted_file(path)) return arena_text(arena, bytes_text(path));
    }
    return "";
}

static struct result read_origin_list(struct agent *agent, const struct agent_config *config, struct arena *arena,
                                      struct diag *diag)
{
    struct bytes point;
    struct sm2_public key;
    if (!config->origin_list_key || failed(text_from_hex(arena, config->origin_list_key, &point)) ||
        failed(sm2_public_init(&key, point.ptr)))
        return diag_log(diag, ERROR_CONFIG, "origin_list: origin_list_key is no public key");
    uint8_t *list = arena_take(arena, ORIGIN_LIST_MAX);
    ENSURE(list, ERROR_OUT_OF_ROOM);
    size_t len;
    if (failed(system_read_file(config->origin_list, list, ORIGIN_LIST_MAX, &len)))
        return diag_log(diag, ERROR_CONFIG, "origin_list: cannot be read");
    return origin_list_read(bytes_of(list, len), &key, diag, &agent->origins);
}

static struct result prepare_origins(struct agent *agent, const struct agent_config *config, struct arena *arena,
                                     struct diag *diag)
{
    agent->origins.any_localhost = agent->insecure_dev;
    if (config->origins) TRY(origins_add(&agent->origins, config->origins, false, diag));
    if (config->origin_list) TRY(read_origin_list(agent, config, arena, diag));
    if (config->production_origins) TRY(origins_add(&agent->origins, config->production_origins, true, diag));
    return OK;
}

static struct result prepare_pairings(struct agent *agent, const struct agent_config *config, struct diag *diag)
{
    char folder[SYSTEM_PATH_MAX], path[SYSTEM_PATH_MAX];
    if (config->folder) {
        snprintf(folder, sizeof folder, "%s", config->folder);
        if (failed(system_make_folder(folder))) return diag_log(diag, ERROR_IO, "cannot make folder %s", folder);
    } else if (failed(system_state_folder(folder))) {
        return diag_log(diag, ERROR_IO, "cannot make the state folder of the person");
    }
    system_log_to(folder);
    int n = snprintf(path, sizeof path, "%s/pairings", folder);
    ENSURE(n > 0 && n < (int)sizeof path, ERROR_IO);
    return pairings_init(&agent->pairings, path, diag);
}

static struct result prepare(struct agent *agent, const struct options *options, struct arena *arena,
                             struct diag *diag)
{
    struct agent_config config;
    TRY(config_read(options->config, "agent", agent_config_options, agent_config_options_count, arena, diag, &config));
    char own[SYSTEM_PATH_MAX], helper[SYSTEM_PATH_MAX];
    TRY(system_own_folder(own));
    TRY(system_program("hufu-agent-helper", helper));
    TRY(system_program("hufu-agent-window", agent->window));
    agent->port = (uint16_t)config.port;
    agent->insecure_dev = options->insecure_dev;
    pthread_mutex_init(&agent->window_lock, NULL);
    pthread_mutex_init(&agent->count_lock, NULL);
    TRY(prepare_origins(agent, &config, arena, diag));
    if (!options->test) TRY(prepare_pairings(agent, &config, diag)); /* a check leaves nothing behind */
    if (config.usbkeys) TRY(system_set_variable("HUFU_USBKEYS", config.usbkeys));
    const char *libraries = config.libraries ? config.libraries : default_libraries(own, arena);
    TRY(libraries_init(&agent->libraries, libraries, helper, options->insecure_dev, diag));
    keys_init(&agent->keys, &agent->libraries);
    return OK;
}

static struct result run(struct agent *agent, const struct options *options, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(CALL_ARENA_MAX);
    TRY(system_init());
    TRY(prepare(agent, options, arena, diag));
    if (options->test) return OK;
    struct net_listener listener;
    TRY(net_listen(agent->port, diag, &listener));
    log_event(LOG_LEVEL_INFO, "ready", "port=%u libraries=%zu origins=%zu%s", (unsigned)agent->port,
              agent->libraries.count, agent->origins.count, agent->insecure_dev ? " insecure-dev" : "");
    serve(agent, &listener);
    net_listener_done(&listener);
    return OK;
}

int main(int argc, char **argv)
{
    struct options options = { 0 };
    if (!parse_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    log_init("agent");
    struct agent *agent = calloc(1, sizeof *agent);
    if (!agent) abort();
    struct diag diag = { 0 };
    struct result r = run(agent, &options, &diag);
    if (failed(r)) log_failure("start", r, &diag);
    /* Threads that still answer use what AGENT points to: the process ends with it, and its helpers end too. */
    return failed(r) ? 1 : 0;
}
