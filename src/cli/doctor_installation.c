/* What the installation must have. */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/doctor.h"
#include "cli/health.h"
#include "cli/hsm.h"
#include "cli/listen.h"
#include "cli/place.h"
#include "cli/process.h"

enum { SAID_MAX = 2048, DISK_MB_MIN = 200, DISK_MB_LOW = 2048 };

/* ---- programs, and what each says about its own section ---- */

/* Runs PROGRAM with ARGUMENTS; its exit status, and the last line it said. */
static int ask_program(const char *path, const char *const *arguments, char said[SAID_MAX])
{
    int log = memfd_create("said", MFD_CLOEXEC), status = -1;
    struct process_start start = { .program = path, .log = log };
    for (size_t i = 0; arguments[i]; i++) start.arguments[i] = arguments[i];
    pid_t pid;
    said[0] = '\0';
    if (log < 0 || failed(process_start(&start, NULL, &pid))) return -1;
    waitpid(pid, &status, 0);
    ssize_t n = pread(log, said, SAID_MAX - 1, 0);
    said[n > 0 ? n : 0] = '\0';
    close(log);
    char *end = strrchr(said, '\n');
    if (end) *end = '\0';
    char *line = strrchr(said, '\n');
    if (line) memmove(said, line + 1, strlen(line + 1) + 1);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* "2026-… error signer stop code=4000 name=CONFIG /var/hufu.conf:3: …": from the file on. */
static const char *without_head(const char *said)
{
    const char *name = strstr(said, " name=");
    const char *words = name ? strchr(name + 1, ' ') : NULL;
    return words ? words + 1 : said;
}

static void look_at_program(struct doctor *d, const char *program, const char *section)
{
    char path[PLACE_PATH_MAX], said[SAID_MAX];
    if (!place_program(program, path)) {
        struct finding *f = doctor_find(d, "program", FINDING_WRONG,
                                        cli_words("缺少程序 %s", "The program %s is missing"), program);
        doctor_mend(
            f, "%s",
            cli_words("重新编译（script/build）或重新安装", "Build (script/build) or install it again"));
        return;
    }
    const char *const help[] = { program, "--help", NULL };
    if (ask_program(path, help, said) != 0 && !text_equal(program, "hufu-agent")) {
        struct finding *f = doctor_find(d, "program", FINDING_WRONG,
                                        cli_words("%s 不能运行：%s", "%s does not run: %s"), program, said);
        doctor_mend(
            f, "%s",
            cli_words("安装缺少的库：script/setup", "Install the library that is missing: script/setup"));
        return;
    }
    if (!section || !d->installation) return;
    const char *const check[] = { program, "--config", d->installation->config, "-t", NULL };
    bool good = ask_program(path, check, said) == 0;
    struct finding *f = doctor_find(
        d, "configuration", good ? FINDING_GOOD : FINDING_WRONG,
        good ? cli_words("配置的 [%s] 一节没有问题", "The section [%s] of the configuration is well%s")
             : cli_words("配置的 [%s] 一节有错：%s", "The section [%s] of the configuration is wrong: %s"),
        section, good ? "" : without_head(said));
    if (!good)
        doctor_mend(f, "%s",
                    cli_words("按提示修改；各项见 docs/configuration.md",
                              "Correct it; docs/configuration.md tells every option"));
}

static void look_at_programs(struct doctor *d)
{
    static const struct {
        const char *program, *section;
        bool demo;
    } all[] = {
        { "hufu-web", "web", false },  { "hufu-signer", "signer", false }, { "hufu-relay", "relay", false },
        { "hufu-files", NULL, false }, { "hufu-agent", "agent", true },    { "hufu-card", NULL, true },
        { "hufu-paysim", NULL, true },
    };
    bool demo = d->installation && d->installation->demo.on;
    if (d->installation && d->installation->serve.status_listen) look_at_program(d, "hufu-status", "status");
    if (d->installation && d->installation->hsm_module) look_at_program(d, "hufu-hsm", "hsm");
    for (size_t i = 0; i < COUNT(all); i++)
        if (!all[i].demo || demo) look_at_program(d, all[i].program, all[i].section);
}

static void look_at_fonts(struct doctor *d)
{
    char path[PLACE_PATH_MAX], said[SAID_MAX];
    const char *const check[] = { "hufu-files", "-t", NULL };
    if (!place_program("hufu-files", path)) return;
    bool good = ask_program(path, check, said) == 0;
    struct finding *f =
        doctor_find(d, "fonts", good ? FINDING_GOOD : FINDING_WRONG, "%s",
                    good ? cli_words("受理表的中文字体已安装", "The font of the form is installed")
                         : cli_words("缺少打印受理表的中文字体", "The font that the form needs is missing"));
    if (!good) doctor_mend(f, "apt-get install fonts-noto-cjk");
}

/* ---- the folder ---- */

static void look_at_modes(struct doctor *d)
{
    /* Who may read these may be the CA, or everybody's sessions. */
    static const char *const private[] = { "secret", "signer",       "signer/keys", "signer/journal",
                                           "web",    "web/data.key", "web/uploads", "web/hufu.db",
                                           "maker",  "paysim",       "sink",        "usbkeys" };
    char first[INSTALLATION_PATH_MAX + 32] = "";
    for (size_t i = 0; i < COUNT(private); i++) {
        char path[INSTALLATION_PATH_MAX + 32];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", d->installation->folder, private[i]);
        if (lstat(path, &st) != 0 || (st.st_mode & 077) == 0) continue;
        if (!first[0]) memcpy(first, path, sizeof first);
    }
    struct finding *f;
    if (!first[0]) {
        doctor_find(d, "permissions", FINDING_GOOD, "%s",
                    cli_words("只有所有者能读取密钥和数据", "Only their owner reads keys and data"));
        return;
    }
    f = doctor_find(d, "permissions", FINDING_WRONG,
                    cli_words("其他用户可以读取 %s", "Other users may read %s"), first);
    doctor_mend(f, "chmod -R go= %s", first);
}

/* The folder of a process that runs as a user of its own must be that user's. */
static void look_at_owner(struct doctor *d, const char *part, const char *user)
{
    char path[INSTALLATION_PATH_MAX + 32];
    struct stat st;
    if (!user) return;
    const struct passwd *who = getpwnam(user);
    if (!who) {
        struct finding *f = doctor_find(d, "user", FINDING_WRONG,
                                        cli_words("系统用户 %s 不存在", "There is no user %s"), user);
        doctor_mend(f, "useradd --system --no-create-home %s", user);
        return;
    }
    snprintf(path, sizeof path, "%s/%s", d->installation->folder, part);
    if (lstat(path, &st) != 0 || st.st_uid == who->pw_uid) return;
    struct finding *f =
        doctor_find(d, "owner", FINDING_WRONG, cli_words("%s 不属于用户 %s", "%s does not belong to user %s"),
                    path, user);
    doctor_mend(f, "chown -R %s %s", user, path);
}

static void look_at_disk(struct doctor *d)
{
    struct statvfs v;
    if (statvfs(d->installation->folder, &v) != 0) return;
    unsigned long mb = (unsigned long)((unsigned long long)v.f_bavail * v.f_frsize / (1024 * 1024));
    enum finding_state state = mb < DISK_MB_MIN   ? FINDING_WRONG
                               : mb < DISK_MB_LOW ? FINDING_WARNING
                                                  : FINDING_GOOD;
    struct finding *f =
        doctor_find(d, "disk", state, cli_words("磁盘剩余 %lu MB", "%lu MB are free on the disk"), mb);
    if (state != FINDING_GOOD)
        doctor_mend(f, cli_words("清理 %s 所在的磁盘", "Make room on the disk of %s"),
                    d->installation->folder);
    if (v.f_files && v.f_favail < v.f_files / 50) {
        f = doctor_find(
            d, "inodes", FINDING_WARNING, "%s",
            cli_words("磁盘的文件数即将用尽", "The disk is about to have no room for more files"));
        doctor_mend(f, "%s", cli_words("删除不需要的小文件", "Remove small files that are not needed"));
    }
}

static void look_at_secret(struct doctor *d)
{
    const struct installation *i = d->installation;
    if (!i->serve.secret_file) {
        doctor_find(d, "secret", FINDING_GOOD, "%s",
                    cli_words("启动密钥由 systemd 凭据、--secret-fd 或终端提供",
                              "The secret comes as credential, by --secret-fd or at the prompt"));
        return;
    }
    struct diag diag = { 0 };
    struct secret secret = { .len = 0 };
    bool good = !failed(secret_read(i, -1, i->demo.on, &diag, &secret));
    secret_wipe(&secret, sizeof secret);
    struct finding *f =
        doctor_find(d, "secret", good ? FINDING_GOOD : FINDING_WRONG, "%s",
                    good ? cli_words("启动密钥可以读取", "The secret can be read") : diag.log);
    if (!good)
        doctor_mend(f, "%s",
                    cli_words("恢复 secret 文件，并 chmod 600",
                              "Restore the file and chmod 600 it; without it no key can be opened"));
}

static void look_at_pin(struct doctor *d)
{
    const char *path = d->installation->hsm_pin_file;
    struct stat st;
    if (!d->installation->hsm_module || !path) return;
    bool there = stat(path, &st) == 0, private = there && (st.st_mode & S_IRWXO) == 0;
    struct finding *f = doctor_find(d, "pin", private ? FINDING_GOOD : FINDING_WRONG,
                                    private ? cli_words("加密机口令文件 %s 只有所有者能读取", "Only its owner reads %s")
                                    : there ? cli_words("其他用户可以读取加密机口令文件 %s", "Other users may read %s")
                                            : cli_words("没有加密机口令文件 %s", "There is no file %s of the HSM's PIN"),
                                    path);
    if (there && !private) doctor_mend(f, "chmod 600 %s", path);
    if (!there) doctor_mend(f, "%s", cli_words("把口令写入该文件，并 chmod 600", "Write the PIN to it, and chmod 600 it"));
}

static void look_at_draft(struct doctor *d)
{
    char path[INSTALLATION_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s.init", d->installation->folder);
    if (access(path, F_OK) != 0) return;
    struct finding *f =
        doctor_find(d, "draft", FINDING_WARNING,
                    cli_words("留有一次没有完成的初始化：%s", "An init that did not end left %s"), path);
    doctor_mend(f, "rm -r %s", path);
}

/* ---- ports and what runs ---- */

static bool is_running(const struct installation *i, struct place *place)
{
    struct place p;
    if (failed(place_open(i->folder, NULL, &p))) return false;
    json_int_t pid = json_integer_value(json_object_get(p.state, "pid"));
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld", (long long)pid);
    if (pid <= 0 || access(path, F_OK) != 0) {
        place_done(&p);
        return false;
    }
    *place = p;
    return true;
}

/* While it does not run, each of its ports must be free. */
static void look_at_ports(struct doctor *d)
{
    const struct installation *i = d->installation;
    const char *agent = strstr(i->agent, "://");
    const char *const addresses[] = { i->serve.listen, i->demo.on ? i->demo.paysim : NULL,
                                      agent ? agent + 3 : NULL, i->serve.status_listen };
    for (size_t k = 0; k < COUNT(addresses); k++) {
        struct diag diag = { 0 };
        int s;
        if (!addresses[k] || text_starts(addresses[k], "unix:")) continue;
        if (!failed(listen_open(addresses[k], NULL, &diag, &s))) {
            close(s);
            doctor_find(d, "port", FINDING_GOOD, cli_words("%s 空闲", "%s is free"), addresses[k]);
            continue;
        }
        struct finding *f =
            doctor_find(d, "port", FINDING_WRONG, cli_words("不能使用 %s", "%s cannot be had"), diag.log);
        doctor_mend(f, "%s",
                    cli_words("停止占用端口的程序，或在 hufu.conf 中换一个端口",
                              "Stop what has it, or choose another port in hufu.conf"));
    }
}

static void look_at_health(struct doctor *d, const struct place *place)
{
    struct diag diag = { 0 };
    json_t *health = NULL;
    struct result r = health_ask(d->installation, &diag, &health);
    const char *status = failed(r) ? diag.log : client_text(health, "status");
    bool good = !failed(r) && text_equal(status, "ok");
    struct finding *f =
        doctor_find(d, "health", good ? FINDING_GOOD : FINDING_WRONG,
                    good ? cli_words("系统正在运行（%zu 个进程）%s", "It runs, in %zu processes%s")
                         : cli_words("系统在运行（%zu 个进程），但不能正常答复：%s",
                                     "It runs, in %zu processes, but does not answer well: %s"),
                    json_object_size(json_object_get(place->state, "processes")), good ? "" : status);
    if (!good)
        doctor_mend(f, "%s", cli_words("查看日志中的 error 行", "See the lines with error in the log"));
    json_decref(health);
}

/* What the signer told last: it looks every now and then, and more often while something is wrong. */
static void look_at_hsm(struct doctor *d)
{
    char state[HSM_STATE_MAX];
    if (!hsm_state(d->installation, state)) return;
    const struct error_entry *e = hsm_error(state);
    struct finding *f = doctor_find(d, "hsm", e ? FINDING_WRONG : FINDING_GOOD, "%s%s",
                                    e ? cli_words(e->zh, e->en) : cli_words("加密机就绪：", "The HSM is "),
                                    e ? "" : state);
    if (e) doctor_mend(f, "%s", cli_words(e->hint_zh, e->hint_en));
}

static void look_at_what_runs(struct doctor *d)
{
    struct place place;
    if (!is_running(d->installation, &place)) {
        doctor_find(d, "running", FINDING_GOOD, "%s", cli_words("系统没有在运行", "It is not running"));
        look_at_ports(d);
        return;
    }
    look_at_health(d, &place);
    look_at_hsm(d);
    place_done(&place);
}

void doctor_look_at_installation(struct doctor *d)
{
    look_at_programs(d);
    look_at_fonts(d);
    const struct installation *i = d->installation;
    if (!i) return;
    look_at_modes(d);
    look_at_owner(d, "web", i->serve.web_user);
    look_at_owner(d, "signer", i->serve.signer_user);
    if (i->serve.status_listen) look_at_owner(d, "publish", i->serve.signer_user);
    look_at_disk(d);
    look_at_secret(d);
    look_at_pin(d);
    look_at_draft(d);
    doctor_look_at_validity(d);
    doctor_look_at_payment(d);
    doctor_look_at_courier(d);
    look_at_what_runs(d);
}
