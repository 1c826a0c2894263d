/* What runs out, while there is still time to do something about it: certificates of the CAs, of operators and of the
 * OCSP responder, and lists that are not made here. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/doctor.h"
#include "ipc/signer_api.h"
#include "merkle/inspect.h"
#include "pki/certificate.h"
#include "pki/crl.h"

/* A CA cannot give a whole year's certificate any more when it has less itself, and its successor takes time. */
enum {
    CA_DAYS = 400,
    OPERATOR_DAYS = 30,
    LIST_DAYS = 30,
    OPERATORS_MAX = 256,
    ARENA_MAX = 1024 * 1024,
    FILE_MAX = 256 * 1024,
    NAME_ROOM = 256
};

struct looking {
    struct doctor *doctor;
    struct arena *arena;
    int64_t now_s;
    size_t found; /* that run out */
};

/* What ends at END_S: nothing is said while more than DAYS are left. */
static void tell(struct looking *l, const char *what, int64_t end_s, int days, const char *mend)
{
    char when[CIVIL_TEXT_MAX];
    if (end_s - l->now_s > (int64_t)days * DAY_S) return;
    const bool over = end_s < l->now_s;
    civil_people(end_s, when);
    struct finding *f = doctor_find(l->doctor, "validity", over ? FINDING_WRONG : FINDING_WARNING,
                                    over ? cli_words("%s 已于 %s 到期", "%s ran out on %s")
                                         : cli_words("%s 将于 %s 到期", "%s runs out on %s"),
                                    what, when);
    doctor_mend(f, "%s", mend);
    l->found++;
}

static struct bytes read_file(struct looking *l, const char *folder, const char *name)
{
    uint8_t *into = arena_take(l->arena, FILE_MAX);
    const char *path = arena_format(l->arena, "%s/%s/%s", l->doctor->installation->folder, folder, name);
    int fd = into && path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd < 0 ? -1 : read(fd, into, FILE_MAX);
    if (fd >= 0) close(fd);
    return bytes_of(into, n > 0 ? (size_t)n : 0);
}

/* Each file of FOLDER whose name ends in ENDING. */
static void each_file(struct looking *l, const char *folder, const char *ending,
                      void (*look)(struct looking *l, const char *folder, const char *name))
{
    char path[INSTALLATION_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", l->doctor->installation->folder, folder);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        size_t len = strlen(e->d_name), end = strlen(ending);
        arena_reset(l->arena);
        if (len > end && text_equal(e->d_name + len - end, ending)) look(l, folder, e->d_name);
    }
    if (dir) closedir(dir);
}

static void look_at_ca(struct looking *l, const char *folder, const char *name)
{
    char what[NAME_ROOM + 64];
    struct certificate *c;
    struct bytes der = read_file(l, folder, name);
    if (!der.len || failed(certificate_parse(der, l->arena, &c))) return;
    snprintf(what, sizeof what, cli_words("CA 证书 ca/%s", "The certificate ca/%s"), name);
    tell(l, what, c->not_after_s, CA_DAYS,
         cli_words("准备新的 CA 和密钥仪式：hufu ceremony，见 docs/operation.md",
                   "Prepare its successor and a ceremony: hufu ceremony, docs/operation.md"));
}

/* Lists of the CAs here are made anew by themselves; one that is not was brought from where the root is. */
static void look_at_list(struct looking *l, const char *folder, const char *name)
{
    char what[NAME_ROOM + 64];
    struct crl crl;
    if (text_starts(name, "issuing") || text_starts(name, "operators")) return;
    struct bytes der = read_file(l, folder, name);
    if (!der.len || failed(crl_parse(der, &crl))) return;
    snprintf(what, sizeof what, cli_words("吊销列表 publish/crl/%s", "The list publish/crl/%s"), name);
    tell(l, what, crl.next_update_s, LIST_DAYS,
         cli_words("在离线根所在的机器上签发新列表（hufu ceremony），放到 publish/crl/",
                   "Make a new one where the root is (hufu ceremony) and put it into publish/crl/"));
}

/* ---- operators and the responder: as the journal has them ---- */

struct person {
    char serial[64], name[NAME_ROOM];
    int64_t not_after_s;
};

struct people {
    struct arena *arena;
    struct person all[OPERATORS_MAX];
    size_t count;
    int64_t responder_end_s; /* 0: there is none */
};

static void take_operator(struct people *p, struct bytes body)
{
    struct journal_operator o;
    struct certificate *c;
    struct reader r = reader_of(body);
    if (failed(shape_read(&journal_operator_shape, &r, p->arena, &o)) || !o.change || !o.serial || !o.name) return;
    if (text_equal(o.change, "remove")) {
        for (size_t i = 0; i < p->count; i++)
            if (text_equal(p->all[i].serial, o.serial)) p->all[i] = p->all[--p->count];
        return;
    }
    if (p->count == OPERATORS_MAX || failed(certificate_parse(o.certificate, p->arena, &c))) return;
    struct person *person = &p->all[p->count++];
    snprintf(person->serial, sizeof person->serial, "%s", o.serial);
    snprintf(person->name, sizeof person->name, "%s", o.name);
    person->not_after_s = c->not_after_s;
}

static struct result take(void *context, uint64_t index, const struct ledger_record *record)
{
    struct people *p = context;
    struct journal_responder responder;
    struct certificate *c;
    struct reader r = reader_of(record->body);
    arena_reset(p->arena);
    if (record->type == JOURNAL_OPERATOR) take_operator(p, record->body);
    if (record->type != JOURNAL_RESPONDER || failed(shape_read(&journal_responder_shape, &r, p->arena, &responder)))
        return OK;
    if (!failed(certificate_parse(responder.certificate, p->arena, &c))) p->responder_end_s = c->not_after_s;
    return OK;
}

/* Whoever has a later certificate too is not in need of one. */
static bool is_last(const struct people *p, const struct person *person)
{
    for (size_t i = 0; i < p->count; i++)
        if (text_equal(p->all[i].name, person->name) && p->all[i].not_after_s > person->not_after_s) return false;
    return true;
}

static void look_at_people(struct looking *l, const struct people *p)
{
    char what[NAME_ROOM + 64];
    for (size_t i = 0; i < p->count; i++) {
        if (!is_last(p, &p->all[i])) continue;
        snprintf(what, sizeof what, cli_words("操作员 %s 的证书", "The certificate of the operator %s"),
                 p->all[i].name);
        tell(l, what, p->all[i].not_after_s, OPERATOR_DAYS,
             cli_words("由两名管理员签名续期；管理员不足两名在期内时谁也不能再登记",
                       "Two administrators renew it by signature; without two in force nobody can be entered"));
    }
    /* The signer makes a new one by itself long before. */
    if (p->responder_end_s)
        tell(l, cli_words("OCSP 应答证书", "The certificate of the OCSP responder"), p->responder_end_s, 1,
             cli_words("启动 hufu serve，签发服务会自己更换；仍不更换请看日志",
                       "Start hufu serve: the signer makes another one by itself; if it does not, see the log"));
}

static void look_at_journal(struct looking *l)
{
    char folder[INSTALLATION_PATH_MAX + 32];
    struct diag diag = { 0 };
    struct people *people = calloc(1, sizeof *people);
    if (!people) abort();
    people->arena = arena_new(ARENA_MAX);
    snprintf(folder, sizeof folder, "%s/signer/journal", l->doctor->installation->folder);
    /* Whoever may not read the journal is told nothing of it. */
    if (!failed(inspect_each(folder, &diag, take, people))) look_at_people(l, people);
    arena_free(people->arena);
    free(people);
}

/* A demonstration may stand in another time. */
static int64_t time_there(const struct doctor *d, struct arena *arena)
{
    struct clock clock = { .now = clock_system };
    struct diag diag = { 0 };
    const char *value = NULL;
    if (!failed(config_peek(d->installation->config, "signer", "clock_offset_s", arena, &diag, &value)) && value)
        clock.offset_s = strtoll(value, NULL, 10);
    return clock_now(&clock);
}

void doctor_look_at_validity(struct doctor *d)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct looking l = { .doctor = d, .arena = arena, .now_s = time_there(d, arena) };
    each_file(&l, "ca", ".cer", look_at_ca);
    each_file(&l, "publish/crl", ".crl", look_at_list);
    look_at_journal(&l);
    if (l.found == 0)
        doctor_find(d, "validity", FINDING_GOOD, "%s",
                    cli_words("CA、操作员和应答证书近期都不会到期",
                              "No certificate of CAs, operators or responder runs out soon"));
}
