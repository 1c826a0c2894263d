/* hufu-key: looks at USBKeys through any maker's SKF library. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "token/key/key_commands.h"
#include "token/key/key_file.h"
#include "token/key/key_platform.h"

static const struct command {
    const char *name;
    struct result (*run)(struct key_run *run);
    bool wants_key;
    const char *zh, *en;
} commands[] = {
    { "list", key_list, false, "列出已插入的 USBKey", "lists the keys that are plugged in" },
    { "info", key_info, true, "显示 USBKey、应用和 PIN 的情况",
      "tells about a key, its applications and PINs" },
    { "pin", key_pin, true, "修改 PIN", "changes a PIN" },
    { "containers", key_containers, true, "列出容器", "lists containers" },
    { "certificates", key_certificates, true, "显示证书，可导出到 --output 文件夹",
      "shows certificates; --output FOLDER exports them" },
    { "sign", key_sign, true, "对 --file 文件签名", "signs --file" },
    { "test", key_test, true, "检查 USBKey 和证书能否正常使用", "tries whether key and certificates work" },
    { "conformance", key_conformance, false, "按 GM/T 0016 检查一个 SKF 库",
      "holds an SKF library against GM/T 0016" },
};

static void print_usage(FILE *file)
{
    fputs("usage: hufu-key [--library FILE] [--json] list\n"
          "       hufu-key [--library FILE] [--json] info|containers|certificates|test KEY [OPTIONS]\n"
          "       hufu-key [--library FILE] pin|sign KEY [OPTIONS]\n"
          "       hufu-key conformance LIBRARY [KEY] [--device-key FILE]\n\n",
          file);
    for (size_t i = 0; i < COUNT(commands); i++)
        fprintf(file, "  %-13s %s\n", commands[i].name, key_words(commands[i].zh, commands[i].en));
    fputs(key_words(
              "\n  --library FILE      SKF 库，默认为 libhufu-skf\n"
              "  --application NAME  应用；只有一个时可省略\n"
              "  --container NAME    容器；默认为当前容器\n"
              "  --file FILE         要签名的文件\n"
              "  --output PATH       导出的位置\n"
              "  --admin             修改管理员 PIN\n"
              "  --stdin             从标准输入逐行读取 PIN，而不是从终端\n"
              "  --device-key FILE   设备认证密钥（16 字节），用于会写入 USBKey 的检查\n"
              "  --json              输出 JSON\n",
              "\n  --library FILE      the SKF library; libhufu-skf if not given\n"
              "  --application NAME  may be left out when there is one\n"
              "  --container NAME    the current one if not given\n"
              "  --file FILE         what is to be signed\n"
              "  --output PATH       where to\n"
              "  --admin             the administrator's PIN\n"
              "  --stdin             PINs are lines of standard input, not asked for at the terminal\n"
              "  --device-key FILE   device authentication key (16 bytes), for checks that write to the key\n"
              "  --json              prints JSON\n"),
          file);
}

static bool parse(int argc, char **argv, struct key_options *o)
{
    static const struct option long_options[] = {
        { "library", required_argument, NULL, 'l' },
        { "application", required_argument, NULL, 'a' },
        { "container", required_argument, NULL, 'c' },
        { "file", required_argument, NULL, 'f' },
        { "output", required_argument, NULL, 'o' },
        { "device-key", required_argument, NULL, 'd' },
        { "admin", no_argument, NULL, 'A' },
        { "stdin", no_argument, NULL, 'S' },
        { "json", no_argument, NULL, 'J' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) switch (c) {
        case 'l': o->library = optarg; break;
        case 'a': o->application = optarg; break;
        case 'c': o->container = optarg; break;
        case 'f': o->file = optarg; break;
        case 'o': o->output = optarg; break;
        case 'd': o->device_key = optarg; break;
        case 'A': o->admin = true; break;
        case 'S': o->stdin_pins = true; break;
        case 'J': o->json = true; break;
        case 'h': print_usage(stdout); exit(0);
        default: return false;
        }
    return true;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COUNT(commands); i++)
        if (text_equal(commands[i].name, name)) return &commands[i];
    return NULL;
}

/* COMMAND [KEY], or conformance LIBRARY [KEY]. */
static const struct command *operands(int argc, char **argv, struct key_options *o)
{
    const struct command *c = optind < argc ? find(argv[optind++]) : NULL;
    if (!c) return NULL;
    if (c->run == key_conformance) {
        if (optind == argc) return NULL;
        o->library = argv[optind++];
        if (optind < argc) o->key = argv[optind++];
    } else if (c->wants_key) {
        if (optind == argc) return NULL;
        o->key = argv[optind++];
    }
    return optind == argc ? c : NULL;
}

static int fail(const struct key_run *run, struct result r)
{
    const struct error_entry *e = error_find(r.code);
    const char *name = key_sar_name(run->sar);
    fprintf(stderr, "hufu-key: %s\n", key_words(e->zh, e->en));
    if (run->diag->log[0]) fprintf(stderr, "          %s\n", run->diag->log);
    if (r.code == ERROR_KEY_SAID)
        fprintf(stderr, "          %s (%s 0x%08x)\n", key_sar_words(run->sar), name ? name : "",
                (unsigned)run->sar);
    if (run->tries >= 0)
        fprintf(stderr, key_words("          还可以试 %d 次\n", "          %d tries left\n"), run->tries);
    if (r.code != ERROR_KEY_SAID) fprintf(stderr, "          %s\n", key_words(e->hint_zh, e->hint_en));
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct diag diag = { 0 };
    struct key_run run = { .diag = &diag, .tries = -1, .out = { .first = true } };
    const struct command *command =
        parse(argc, argv, &run.options) ? operands(argc, argv, &run.options) : NULL;
    if (!command) return print_usage(stderr), 2;
    run.out.json = run.options.json;
    char path[KEY_PATH_MAX];
    bool fits = key_library_path(run.options.library, path, sizeof path);
    struct result r = fits ? key_library_load(path, &run.library) : FAIL(ERROR_KEY_LIBRARY);
    if (failed(r)) diag_log(&diag, r.code, "%s", fits ? path : run.options.library);
    else r = command->run(&run);
    return failed(r) ? fail(&run, r) : EXIT_SUCCESS;
}
