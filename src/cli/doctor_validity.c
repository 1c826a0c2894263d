/* What runs out, while there is still time to do something about it (pki/validity.h): certificates of the CAs, of
 * operators and of the OCSP responder, lists that are not made here, and the calendar of working days; and, read from
 * the same journal, whether encryption keys have custodians. */
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
#include "pki/validity.h"

enum {
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

static void tell(struct looking *l, enum validity_kind kind, const char *name, int64_t end_s)
{
    const struct validity v = { kind, name, end_s };
    const enum validity_state state = validity_state(&v, l->now_s);
    char words[VALIDITY_TEXT_MAX];
    if (state == VALIDITY_GOOD) return;
    validity_words(&v, l->now_s, cli_english(), words);
    struct finding *f = doctor_find(l->doctor, "validity", state == VALIDITY_OVER && validity_stops(kind)
                                                               ? FINDING_WRONG : FINDING_WARNING, "%s", words);
    doctor_mend(f, "%s", validity_mend(kind, cli_english()));
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
    struct certificate *c;
    struct bytes der = read_file(l, folder, name);
    if (der.len && !failed(certificate_parse(der, l->arena, &c))) tell(l, VALIDITY_CA, name, c->not_after_s);
}

/* Lists of the CAs here are made anew by themselves; one that is not was brought from where the root is. */
static void look_at_list(struct looking *l, const char *folder, const char *name)
{
    struct crl crl;
    if (text_starts(name, "issuing") || text_starts(name, "operators")) return;
    struct bytes der = read_file(l, folder, name);
    if (der.len && !failed(crl_parse(der, &crl))) tell(l, VALIDITY_LIST, name, crl.next_update_s);
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
    int64_t custody_version, threshold; /* of the custodial key; 0: there are no custodians */
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

static void take_custody(struct people *p, struct bytes body)
{
    struct journal_custody c;
    struct reader r = reader_of(body);
    if (failed(shape_read(&journal_custody_shape, &r, p->arena, &c))) return;
    p->custody_version = c.version;
    p->threshold = c.threshold;
}

static struct result take(void *context, uint64_t index, const struct ledger_record *record)
{
    struct people *p = context;
    struct journal_responder responder;
    struct certificate *c;
    struct reader r = reader_of(record->body);
    arena_reset(p->arena);
    if (record->type == JOURNAL_OPERATOR) take_operator(p, record->body);
    if (record->type == JOURNAL_CUSTODY) take_custody(p, record->body);
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
    for (size_t i = 0; i < p->count; i++)
        if (is_last(p, &p->all[i])) tell(l, VALIDITY_OPERATOR, p->all[i].name, p->all[i].not_after_s);
    if (p->responder_end_s) tell(l, VALIDITY_RESPONDER, NULL, p->responder_end_s);
}

/* Without them no authority can ever be given a holder's encryption key. A demonstration needs none. */
static void look_at_custody(struct looking *l, const struct people *p)
{
    if (p->custody_version) {
        doctor_find(l->doctor, "custodians", FINDING_GOOD,
                    cli_words("加密密钥有保管人：托管密钥第 %lld 版，任意 %lld 人可用",
                              "Encryption keys have custodians: custodial key %lld, any %lld of them open it"),
                    (long long)p->custody_version, (long long)p->threshold);
    } else if (!l->doctor->installation->demo.on) {
        struct finding *f = doctor_find(l->doctor, "custodians", FINDING_WARNING, "%s",
                                        cli_words("加密密钥没有保管人", "Encryption keys have no custodians"));
        doctor_mend(f, "%s", cli_words("用 hufu ceremony 任命保管人，否则依法调取时没有人能打开加密密钥",
                                       "Appoint them by hufu ceremony: no authority could be given a key without"));
    }
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
    if (!failed(inspect_each(folder, &diag, take, people))) {
        look_at_people(l, people);
        look_at_custody(l, people);
    }
    arena_free(people->arena);
    free(people);
}

/* ---- the calendar ---- */

/* Whose year has no file, counts Monday to Friday. */
static void look_at_calendar(struct looking *l)
{
    enum { YEARS_MAX = 100 };
    const struct installation *i = l->doctor->installation;
    struct diag diag = { 0 };
    char path[INSTALLATION_PATH_MAX + 32], name[CIVIL_TEXT_MAX];
    const char *folder = NULL;
    const int first = civil_shanghai(l->now_s).year;
    int year = first;
    if (failed(config_peek(i->config, "web", "calendar", l->arena, &diag, &folder)) || !folder) return;
    for (; year < first + YEARS_MAX; year++) {
        snprintf(path, sizeof path, "%s%s%s/%d.txt", folder[0] == '/' ? "" : i->folder,
                 folder[0] == '/' ? "" : "/", folder, year);
        if (access(path, F_OK) != 0) break;
    }
    const struct validity v = validity_calendar(year - 1, name);
    tell(l, v.kind, v.name, v.end_s);
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
    arena_reset(arena);
    look_at_calendar(&l);
    if (l.found == 0)
        doctor_find(d, "validity", FINDING_GOOD, "%s",
                    cli_words("CA、操作员和应答证书以及工作日历近期都不会到期",
                              "No certificate of CAs, operators or responder runs out soon, nor does the calendar"));
}
