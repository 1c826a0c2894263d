#include "office.h"

#include <dirent.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/files_api.h"
#include "ipc/relay_api.h"
#include "ipc/supervise_api.h"
#include "service/audit.h"
#include "service/calendar.h"
#include "service/notice.h"
#include "service/sms.h"

const char *const office_numbers[4] = { "11010519491231002X", "440524188001010014", "110105199003070017",
                                        "310101198506150024" };

/* ---- the peers ---- */

struct relay_thread {
    pthread_t thread;
    pthread_mutex_t lock;
    int socket, control; /* control: the supervisor's end; the relay's alone */
    enum error fails[2];
    bool holds;
    struct sent sent[OFFICE_SENT_MAX];
    size_t count;
};

static enum error keep_notice(struct relay_thread *relay, int channel, const struct relay_notice *notice)
{
    pthread_mutex_lock(&relay->lock);
    enum error fails = relay->fails[channel];
    if (fails == ERROR_NONE && relay->count < OFFICE_SENT_MAX) {
        struct sent *s = &relay->sent[relay->count++];
        s->channel = channel;
        s->id = notice->id;
        snprintf(s->to, sizeof s->to, "%s", notice->to);
        snprintf(s->subject, sizeof s->subject, "%s", notice->subject ? notice->subject : "");
        snprintf(s->text, sizeof s->text, "%s", notice->text);
    }
    pthread_mutex_unlock(&relay->lock);
    for (bool holds = true; holds; usleep(200)) {
        pthread_mutex_lock(&relay->lock);
        holds = relay->holds;
        pthread_mutex_unlock(&relay->lock);
    }
    return fails;
}

static struct result take_notice(struct relay_thread *relay, const struct ipc_message *asked, struct arena *arena)
{
    struct reader r = reader_of(asked->body);
    struct relay_notice notice;
    struct relay_sent receipt = { "receipt" };
    TRY(shape_read(&relay_notice_shape, &r, arena, &notice));
    enum error fails = keep_notice(relay, asked->type == RELAY_SMS ? SENT_SMS : SENT_EMAIL, &notice);
    return fails == ERROR_NONE ? ipc_answer(relay->socket, asked, &relay_sent_shape, &receipt)
                               : ipc_answer_failure(relay->socket, asked, fails, NULL);
}

static void *run_peer(void *closure)
{
    struct relay_thread *peer = closure;
    uint8_t *buffer = malloc(IPC_MESSAGE_MAX);
    struct arena *arena = arena_new(1 << 20);
    struct files_inspected found = { .type = "pdf", .pages = 1 };
    struct ipc_message asked;
    bool alive = !failed(ipc_hello(peer->socket));
    while (alive && !failed(ipc_read(peer->socket, buffer, &asked))) {
        if (asked.fd >= 0) close(asked.fd);
        struct result told = asked.type == FILES_INSPECT
                                 ? ipc_answer(peer->socket, &asked, &files_inspected_shape, &found)
                                 : take_notice(peer, &asked, arena);
        if (failed(told)) abort();
        arena_reset(arena);
    }
    arena_free(arena);
    free(buffer);
    return NULL;
}

static void *say_hello(void *closure)
{
    IGNORE(ipc_hello(((struct relay_thread *)closure)->control));
    return NULL;
}

static void hand_over(int control, const char *name, int socket)
{
    struct supervise_peer told = { name };
    struct ipc_message head = { .type = SUPERVISE_PEER, .fd = socket };
    assert_ok(ipc_write_record(control, &head, &supervise_peer_shape, &told));
    close(socket);
}

static struct relay_thread *start_peer(int control, const char *name)
{
    struct relay_thread *peer = calloc(1, sizeof *peer);
    int pair[2];
    pthread_mutex_init(&peer->lock, NULL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    peer->socket = pair[0];
    peer->control = control;
    pthread_create(&peer->thread, NULL, run_peer, peer);
    hand_over(control, name, pair[1]);
    return peer;
}

void office_peer(struct office *office, const char *name, int socket)
{
    hand_over(office->relay->control, name, socket);
}

static void start_peers(struct office *office)
{
    struct relay_thread supervisor = { 0 };
    int control[2];
    pthread_t hello;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
    supervisor.control = control[0];
    pthread_create(&hello, NULL, say_hello, &supervisor);
    assert_ok(peers_new(control[1], NULL, NULL, &office->service.peers));
    pthread_join(hello, NULL);
    office->relay = start_peer(control[0], "relay");
}

void office_start_files(struct office *office)
{
    office->files = start_peer(office->relay->control, "files");
}

static void stop_peers(struct office *office)
{
    struct relay_thread *const threads[] = { office->relay, office->files };
    peers_free(office->service.peers);
    close(office->relay->control);
    for (size_t i = 0; i < COUNT(threads) && threads[i]; i++) {
        pthread_join(threads[i]->thread, NULL);
        close(threads[i]->socket);
        free(threads[i]);
    }
}

size_t office_sent(struct office *office, const struct sent **ret_sent)
{
    pthread_mutex_lock(&office->relay->lock);
    size_t count = office->relay->count;
    pthread_mutex_unlock(&office->relay->lock);
    *ret_sent = office->relay->sent;
    return count;
}

void office_relay_fails(struct office *office, int channel, enum error error)
{
    pthread_mutex_lock(&office->relay->lock);
    office->relay->fails[channel] = error;
    pthread_mutex_unlock(&office->relay->lock);
}

void office_relay_holds(struct office *office, bool holds)
{
    pthread_mutex_lock(&office->relay->lock);
    office->relay->holds = holds;
    pthread_mutex_unlock(&office->relay->lock);
}

/* ---- the office ---- */

static int64_t now(const struct clock *clock)
{
    return clock->offset_s;
}

static void note_end(void *context, const struct id *id)
{
    struct office *office = context;
    office->ended = *id;
}

static void note_wake(void *context, const char *name)
{
    struct office *office = context;
    snprintf(office->woken, sizeof office->woken, "%s", name);
}

/* One database for all tests, a schema for each: making a database takes seconds. */
static void fresh_schema(struct server *server, char *url, size_t room)
{
    static char database[300];
    static unsigned schemas;
    char sql[60];
    if (!database[0]) server_fresh(server, database, sizeof database);
    PGconn *c = PQconnectdb(database);
    snprintf(sql, sizeof sql, "CREATE SCHEMA s%u", ++schemas);
    PGresult *r = PQexec(c, sql);
    assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
    PQclear(r);
    PQfinish(c);
    snprintf(url, room, "%s&options=-csearch_path%%3Ds%u%%20-csynchronous_commit%%3Doff", database, schemas);
}

int office_set_up(void **state)
{
    struct server *server = *state;
    struct office *office = calloc(1, sizeof *office);
    struct service *service = &office->service;
    char url[400];
    /* In memory where there is such a place: a thousand commits are a thousand syncs. */
    snprintf(office->folder, sizeof office->folder, "%s/hufu-office-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(office->folder));
    snprintf(url, sizeof url, "sqlite:%s/hufu.db", office->folder);
    if (server) fresh_schema(server, url, sizeof url);
    office->clock = (struct clock){ now, OFFICE_NOW };
    office->arena = arena_new(64 << 20);
    office->client = "192.0.2.7";
    struct store_options options = { .url = url, .readers = 2 };
    struct result r = store_open(&options, &office->diag, &service->store);
    if (failed(r)) fail_msg("%s", office->diag.log);
    service->clock = &office->clock;
    service->settings = (struct service_settings){
        .brand = "国资CA", .portal_address = "https://portal.example/yyxt", .portal_origin = "https://portal.example",
        .console_origin = "https://console.example", .platform_origin = "https://platform.example",
        .relying_party = "国资监管平台", .sms_per_hour = 20, .parcel_seconds = 1800
    };
    service->upload_folder = open(office->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    memset(service->data_key, 7, sizeof service->data_key);
    service->end = note_end;
    service->wake = note_wake;
    service->web = office;
    service->authorities = authorities_new();
    assert_ok(calendar_load(CALENDAR_FOLDER, &office->diag, &office->calendar));
    service->calendar = office->calendar;
    start_peers(office);
    *state = office;
    return 0;
}

/* ---- its folder ---- */

static size_t office_files(struct office *office, void (*visit)(const char *path, void *context), void *context)
{
    DIR *folder = opendir(office->folder);
    size_t count = 0;
    assert_non_null(folder);
    for (const struct dirent *e; (e = readdir(folder));) {
        char path[500];
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", office->folder, e->d_name);
        visit(path, context);
        count++;
    }
    closedir(folder);
    return count;
}

static void remove_file(const char *path, void *context)
{
    assert_int_equal(unlink(path), 0);
}

struct search {
    const char *text;
    bool found;
};

static void search_file(const char *path, void *context)
{
    struct search *search = context;
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(f);
    char *content = malloc(size + 1);
    rewind(f);
    assert_int_equal(fread(content, 1, size, f), size);
    search->found = search->found || memmem(content, size, search->text, strlen(search->text));
    free(content);
    fclose(f);
}

bool office_folder_holds(struct office *office, const char *text)
{
    struct search search = { text, false };
    office_files(office, search_file, &search);
    return search.found;
}

static void count_upload(const char *path, void *context)
{
    *(size_t *)context += !strstr(path, "hufu.db");
}

size_t office_uploads(struct office *office)
{
    size_t count = 0;
    office_files(office, count_upload, &count);
    return count;
}

int office_tear_down(void **state)
{
    struct office *office = *state;
    stop_peers(office);
    store_close(office->service.store);
    authorities_free(office->service.authorities);
    calendar_free(office->calendar);
    close(office->service.upload_folder);
    arena_free(office->arena);
    size_t files = office_files(office, remove_file, NULL);
    assert_true(files < 1000);
    assert_int_equal(rmdir(office->folder), 0);
    free(office);
    return 0;
}

struct act office_act(struct office *office)
{
    office->diag = (struct diag){ 0 };
    return (struct act){ .service = &office->service, .arena = office->arena, .diag = &office->diag,
                         .now_s = office->clock.offset_s, .kind = ACTOR_OPERATOR, .name = "管理员一",
                         .serial = "0123456789abcdef0123456789abcdef", .roles = "administrator",
                         .client = office->client, .request = "request" };
}

void office_pass(struct office *office, int64_t seconds)
{
    office->clock.offset_s += seconds;
}

void office_run_jobs(struct office *office)
{
    for (size_t tried = 1, made, sms, email; tried;) {
        assert_ok(sms_make_wanted(&office->service, &made));
        assert_ok(notice_send_due(&office->service, "sms", &sms));
        assert_ok(notice_send_due(&office->service, "email", &email));
        tried = made + sms + email;
    }
}

struct organization_row office_organization(struct office *office)
{
    struct act act = office_act(office);
    struct organization_row what = { .name = "虎符科技有限公司", .credit_code = "91350100M000100Y43",
                                     .address = "北京市朝阳区一号" }, made;
    struct result r = directory_organization_new(&act, &what, &made);
    if (r.code == ERROR_ORGANIZATION_EXISTS) {
        struct organization_row *rows;
        size_t count;
        const char *next;
        assert_ok(directory_organization_list(&act, NULL, &rows, &count, &next));
        return rows[0];
    }
    assert_ok(r);
    return made;
}

struct account_row office_account(struct office *office, const char *mobile, const char *number)
{
    struct organization_row organization = office_organization(office);
    struct act act = office_act(office);
    struct account_new what = { .organization = organization.id, .name = "张三", .document_type = "id-card",
                                .document_number = number, .mobile = mobile, .email = "zhangsan@example.com" };
    struct account_row account;
    struct result r = directory_account_new(&act, &what, &account);
    if (failed(r)) fail_msg("account: %s %s", error_find(r.code)->name, office->diag.detail);
    return account;
}

size_t office_notices(struct office *office, struct notice_row **ret_rows)
{
    struct act act = office_act(office);
    size_t count;
    const char *next;
    assert_ok(notice_list(&act, &(struct notice_wish){ 0 }, ret_rows, &count, &next));
    return count;
}

size_t office_audits(struct office *office, struct audit_row **ret_rows)
{
    struct act act = office_act(office);
    size_t count;
    const char *next;
    assert_ok(audit_list(&act, &(struct audit_wish){ 0 }, ret_rows, &count, &next));
    return count;
}
