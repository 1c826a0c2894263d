#include "cli/ready.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/demo_print.h"

enum { TAIL_MAX = 4096 };

/* ---- who to log in as ---- */

struct role {
    const char *name, *zh;
};

/* As the register names them, and as pages do. */
static const struct role roles[] = {
    { "administrator", "系统管理员" }, { "directory", "用户管理员" }, { "reviewer", "审核员" },
    { "producer", "制证员" },          { "finance", "财务" },         { "auditor", "审计员" },
};

static void print_roles(const char *list, char *into, size_t room)
{
    struct writer w = writer_of(into, room - 1);
    while (*list) {
        size_t len = strcspn(list, ",");
        const char *shown = NULL;
        for (size_t i = 0; i < COUNT(roles) && !cli_english(); i++)
            if (strlen(roles[i].name) == len && strncmp(roles[i].name, list, len) == 0) shown = roles[i].zh;
        if (w.len) write_text(&w, cli_words("、", ", "));
        write_bytes(&w, shown ? bytes_text(shown) : bytes_of(list, len));
        list += len + (list[len] == ',');
    }
    into[w.len] = '\0';
}

static void print_people(const struct installation *i)
{
    char path[INSTALLATION_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/people.json", i->demo.cards);
    json_t *people = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    const json_t *person;
    size_t at;
    if (json_array_size(people))
        puts(cli_words("\n运营平台用 USBKey 登录，控件会问口令：",
                       "\nThe console is entered with a USBKey; PINs:"));
    json_array_foreach(people, at, person)
    {
        char shown[256];
        print_roles(client_text(person, "roles"), shown, sizeof shown);
        printf("  ");
        demo_pad(client_text(person, "person"), 16);
        demo_pad(shown, 36);
        printf(" USBKey %s  PIN %s\n", client_text(person, "card"), client_text(person, "pin"));
    }
    json_decref(people);
}

static void print_demo(const struct installation *i, const char *log)
{
    print_people(i);
    printf(
        cli_words("\n服务平台用短信验证码登录。短信在 %s/sink/sms.jsonl，邮件在 %s/sink/email.jsonl。\n",
                  "\nThe portal is entered with a code by SMS: they appear in %s/sink/sms.jsonl, e-mail in\n"
                  "%s/sink/email.jsonl.\n"),
        i->folder, i->folder);
    if (i->demo.paysim)
        printf(cli_words("模拟支付平台：http://%s。", "Payment simulator: http://%s. "), i->demo.paysim);
    if (log) printf(cli_words("日志：%s", "Log: %s"), log);
    putchar('\n');
    puts(cli_words("\n从申请到登录完整走一遍：script/hufu demo。按 Ctrl-C 停止。",
                   "\nTo see the whole way of a certificate: script/hufu demo. Ctrl-C stops everything."));
}

void ready_print(const struct installation *i, const char *log, int64_t ms)
{
    printf("ready: %s  %s  %s  (%lld.%02lld s)\n", i->portal, i->console, i->platform, (long long)ms / 1000,
           (long long)ms % 1000 / 10);
    if (i->demo.on) print_demo(i, log);
    fflush(stdout);
}

/* ---- when it did not start ---- */

void ready_print_log(const char *path, off_t from)
{
    int log = open(path, O_RDONLY | O_CLOEXEC);
    if (log < 0) return;
    char tail[TAIL_MAX + 1];
    off_t end = lseek(log, 0, SEEK_END), begin = end - TAIL_MAX > from ? end - TAIL_MAX : from;
    ssize_t n = pread(log, tail, TAIL_MAX, begin);
    close(log);
    if (n <= 0) return;
    tail[n] = '\0';
    const char *first = begin > from ? strchr(tail, '\n') : tail; /* whole lines only */
    fprintf(stderr, cli_words("日志（%s）：\n%s", "The log (%s) ends with:\n%s"), path, first ? first : tail);
}
