#include "web/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_gen.h"
#include "base/log.h"
#include "base/secret.h"
#include "process/sandbox.h"
#include "service/agreement.h"
#include "service/authority.h"
#include "service/calendar.h"
#include "service/journal.h"
#include "service/seal.h"
#include "service/trail.h"
#include "web/data_key.h"
#include "web/job_table.h"
#include "web/pages.h"
#include "web/peer_greeting.h"

enum { HOSTS = 3, HOST_MAX = 256, PATH_ROOM = 1024, FOLDERS_MAX = 16 };

struct site {
    const struct web_config *config;
    struct clock clock;
    struct calendar *calendar;
    struct app app;
    char host_names[HOSTS][HOST_MAX];
    struct call_host hosts[HOSTS];
    struct pages *pages;
    struct jobs *jobs;
    struct router *router;
    struct http *http;
};

/* ---- what the rules call ---- */

static void publish(void *context, const char *topic, const char *event)
{
    const struct site *site = context;
    sse_publish(site->app.sse, topic, "change", bytes_text(event));
}

static void end_streams(void *context, const struct id *account_or_session)
{
    const struct site *site = context;
    sse_end(site->app.sse, account_or_session);
}

static void wake_job(void *context, const char *name)
{
    const struct site *site = context;
    jobs_wake(site->jobs, name);
}

/* ---- before the process is closed off ---- */

/* "https://portal.example:8443" → its host as browsers send it. */
static struct result name_host(const char *origin, char into[HOST_MAX], struct diag *diag)
{
    const char *from = text_starts(origin, "https://")  ? origin + 8
                       : text_starts(origin, "http://") ? origin + 7
                                                        : "";
    size_t len = strlen(from);
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz.-:";
    if (len == 0 || len >= HOST_MAX || strspn(from, allowed) != len)
        return diag_log(diag, ERROR_CONFIG, "%s: is no origin: http(s)://host[:port], lower case", origin);
    memcpy(into, from, len + 1);
    return OK;
}

static struct result name_hosts(struct site *site, struct diag *diag)
{
    const struct service_settings *s = &site->config->settings;
    const char *const origins[HOSTS] = { s->portal_origin, s->console_origin, s->platform_origin };
    static const enum call_host_kind kinds[HOSTS] = { CALL_HOST_PORTAL, CALL_HOST_CONSOLE, CALL_HOST_PLATFORM };
    for (size_t i = 0; i < HOSTS; i++) {
        TRY(name_host(origins[i], site->host_names[i], diag));
        site->hosts[i] = (struct call_host){ kinds[i], site->host_names[i], origins[i] };
    }
    return OK;
}

static struct result open_uploads(struct site *site, struct diag *diag)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/uploads", site->config->folder);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) return diag_log(diag, ERROR_IO, "%s: %s", path, strerror(errno));
    site->app.service.upload_folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (site->app.service.upload_folder < 0) return diag_log(diag, ERROR_IO, "%s: %s", path, strerror(errno));
    return OK;
}

/* Its own folder, the pages; a database elsewhere is reached by a socket. */
static struct result close_off(const struct site *site, bool insecure_dev, struct diag *diag)
{
    const struct web_config *c = site->config;
    bool remote = text_starts(c->database, "postgres");
    struct sandbox_folder folders[FOLDERS_MAX] = { { c->folder, SANDBOX_READ | SANDBOX_WRITE } };
    static const char *const remote_read[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf",
                                               "/etc/nsswitch.conf", "/etc/ssl", "/etc/passwd" };
    size_t count = 1;
    if (c->pages && access(c->pages, R_OK) == 0)
        folders[count++] = (struct sandbox_folder){ c->pages, SANDBOX_READ };
    if (c->downloads && access(c->downloads, R_OK) == 0)
        folders[count++] = (struct sandbox_folder){ c->downloads, SANDBOX_READ };
    for (size_t i = 0; remote && i < COUNT(remote_read); i++)
        if (access(remote_read[i], R_OK) == 0)
            folders[count++] = (struct sandbox_folder){ remote_read[i], SANDBOX_READ };
    struct sandbox sandbox = { SANDBOX_FILES | SANDBOX_ACCEPT | (remote ? SANDBOX_CONNECT : 0), folders, count };
    return sandbox_enter(&sandbox, insecure_dev, diag);
}

/* ---- behind it ---- */

static struct result open_store(struct site *site, struct diag *diag)
{
    struct service *service = &site->app.service;
    struct store_options options = { .url = site->config->database, .readers = (unsigned)site->config->readers };
    TRY(store_open(&options, diag, &service->store));
    struct result r = seal_check(service);
    if (failed(r)) return diag_log(diag, r.code, "the database was sealed under another data key");
    r = agreement_seed(service);
    if (failed(r)) return diag_log(diag, r.code, "an agreement that was published has changed its words");
    return OK;
}

static struct result start_engine(struct site *site, const struct site_options *options, struct diag *diag)
{
    const struct web_config *c = site->config;
    struct router_options router = { .app = &site->app, .clock = &site->clock, .operations = api_operations,
                                     .operation_count = api_operation_count, .hosts = site->hosts,
                                     .host_count = HOSTS, .sse = site->app.sse, .identify = app_identify,
                                     .repeat_find = app_repeat_find, .repeat_keep = app_repeat_keep };
    struct http_options http = { .socket = options->listen, .proxied = c->proxied,
                                 .upload_folder = site->app.service.upload_folder, .workers = (unsigned)c->workers };
    site->router = router_new(&router);
    struct http_handler api = router_handler(site->router), all = pages_handler(site->pages, &api);
    return http_start(&http, &all, diag, &site->http);
}

static struct result start(struct site *site, const struct site_options *options, struct diag *diag)
{
    const struct web_config *c = site->config;
    struct service *service = &site->app.service;
    struct pages_options pages = { c->pages, c->downloads, site->hosts, HOSTS, c->settings.agent, c->settings.brand };
    TRY(name_hosts(site, diag));
    TRY(data_key_open(c->folder, options->process_key, diag, service->data_key));
    TRY(open_uploads(site, diag));
    TRY(calendar_load(c->settings.calendar_folder, diag, &site->calendar));
    service->calendar = site->calendar;
    TRY(pages_new(&pages, diag, &site->pages));
    TRY(close_off(site, options->insecure_dev, diag));
    TRY(open_store(site, diag));
    TRY(sse_new(&(struct sse_options){ 0 }, &site->app.sse));
    TRY(peers_new(options->control, peer_greeting, service, &service->peers));
    site->jobs = jobs_start(service, job_table, job_table_count);
    return start_engine(site, options, diag);
}

struct result site_start(const struct site_options *options, struct diag *diag, struct site **ret_site)
{
    struct site *site = calloc(1, sizeof *site);
    if (!site) abort();
    site->config = options->config;
    site->clock = (struct clock){ clock_system, options->config->clock_offset_s };
    site->app.service = (struct service){ .clock = &site->clock, .settings = options->config->settings,
                                          .upload_folder = -1, .publish = publish, .end = end_streams,
                                          .wake = wake_job, .web = site, .authorities = authorities_new(),
                                          .journal = journal_new() };
    struct result r = start(site, options, diag);
    if (failed(r))
        site_stop(site);
    else
        *ret_site = site;
    return r;
}

/* Nothing writes any more but this. */
static void keep_trail(struct service *service)
{
    struct result r = trail_stop(service);
    if (failed(r)) log_failure("trail", r, NULL);
}

void site_stop(struct site *site)
{
    struct service *service = &site->app.service;
    const bool served = site->http != NULL;
    if (served) http_stop(site->http);
    jobs_stop(site->jobs);
    if (served) keep_trail(service);
    peers_free(service->peers);
    if (service->store) store_close(service->store);
    sse_free(site->app.sse);
    router_free(site->router);
    pages_free(site->pages);
    calendar_free(site->calendar);
    authorities_free(service->authorities);
    journal_free(service->journal);
    if (service->upload_folder >= 0) close(service->upload_folder);
    secret_wipe(service->data_key, sizeof service->data_key);
    free(site);
}
