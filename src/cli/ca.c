/* `hufu ca show`: the certificates of the CAs. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/installation.h"
#include "pki/certificate.h"

enum { ARENA_MAX = 1024 * 1024, LINE_LEN = 64 };

struct options {
    const char *folder;
    bool pem, json;
};

/* clang-format off */
static const struct cli_option options[] = {
    { "folder", CLI_TEXT, offsetof(struct options, folder), "DIR", 0, 0, "the installation (default $HUFU_FOLDER, var, /var/lib/hufu)" },
    { "pem", CLI_FLAG, offsetof(struct options, pem), NULL, 0, 0, "the certificates in PEM" },
    { "json", CLI_FLAG, offsetof(struct options, json), NULL, 0, 0, "one JSON object" },
};
/* clang-format on */

/* As `hufu init` writes them. */
static const struct {
    const char *name, *zh, *en;
} authorities[] = {
    { "root", "根", "Root" },
    { "issuing", "签发使用人证书", "Issuing, for holders" },
    { "operators", "签发操作员证书", "Issuing, for operators" },
};

static struct result read_certificate(const struct installation *i, const char *name, struct arena *arena,
                                      struct diag *diag, struct certificate **ret_certificate)
{
    const char *path = arena_format(arena, "%s/ca/%s.cer", i->folder, name);
    uint8_t *into = arena_take(arena, CERTIFICATE_SIZE_MAX);
    ENSURE(path && into, ERROR_OUT_OF_ROOM);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, into, CERTIFICATE_SIZE_MAX);
    if (fd >= 0) close(fd);
    if (n < 0) return diag_log(diag, ERROR_IO, "%s", path);
    struct result r = certificate_parse(bytes_of(into, (size_t)n), arena, ret_certificate);
    return failed(r) ? diag_log(diag, r.code, "%s", path) : OK;
}

static const char *fingerprint(const struct certificate *c, struct arena *arena)
{
    uint8_t hash[SM3_SIZE];
    sm3_hash(c->der, hash);
    return text_hex(arena, BYTES(hash));
}

static void print_pem(const char *text)
{
    puts("-----BEGIN CERTIFICATE-----");
    for (size_t len = strlen(text), at = 0; at < len; at += LINE_LEN) printf("%.*s\n", LINE_LEN, text + at);
    puts("-----END CERTIFICATE-----");
}

static void print_lines(const struct certificate *c, size_t which, struct arena *arena)
{
    char from[CIVIL_TEXT_MAX], to[CIVIL_TEXT_MAX];
    civil_people(c->not_before_s, from);
    civil_people(c->not_after_s, to);
    printf("%s%s\n", which ? "\n" : "", cli_words(authorities[which].zh, authorities[which].en));
    printf(cli_words("  主题      %s\n", "  Subject  %s\n"), name_text(&c->subject, arena));
    printf(cli_words("  颁发者    %s\n", "  Issuer   %s\n"), name_text(&c->issuer, arena));
    printf(cli_words("  序列号    %s\n", "  Serial   %s\n"), certificate_serial_text(c, arena));
    printf(cli_words("  有效期    %s 至 %s\n", "  Valid    %s to %s\n"), from, to);
    printf(cli_words("  SM3 指纹  %s\n", "  SM3      %s\n"), fingerprint(c, arena));
}

static json_t *describe(const struct certificate *c, size_t which, struct arena *arena)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s}", "name", authorities[which].name, "subject",
                     name_text(&c->subject, arena), "issuer", name_text(&c->issuer, arena), "serial",
                     certificate_serial_text(c, arena), "not_before_s", (json_int_t)c->not_before_s,
                     "not_after_s", (json_int_t)c->not_after_s, "sm3", fingerprint(c, arena), "der",
                     text_base64(arena, c->der));
}

static struct result show(const struct installation *i, const struct options *o, struct diag *diag)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(ARENA_MAX);
    struct certificate *certificates[COUNT(authorities)];
    for (size_t k = 0; k < COUNT(authorities); k++)
        TRY(read_certificate(i, authorities[k].name, arena, diag, &certificates[k]));
    json_t *list = json_array();
    for (size_t k = 0; k < COUNT(authorities); k++) {
        if (o->json) json_array_append_new(list, describe(certificates[k], k, arena));
        else if (o->pem) print_pem(text_base64(arena, certificates[k]->der));
        else print_lines(certificates[k], k, arena);
    }
    if (o->json) json_dumpf(list, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    if (o->json) putchar('\n');
    json_decref(list);
    return OK;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct options o = { 0 };
    struct installation i;
    struct diag diag = { 0 };
    int count, exit_status;
    if (!cli_parse(command, argc, argv, &o, &count, &exit_status)) return exit_status;
    if (count != 1 || !text_equal(argv[0], "show")) {
        cli_print_help(command);
        return CLI_USAGE;
    }
    struct result r = installation_open(o.folder, &diag, &i);
    if (failed(r)) return cli_fail(r, &diag);
    r = show(&i, &o, &diag);
    installation_done(&i);
    return failed(r) ? cli_fail(r, &diag) : EXIT_SUCCESS;
}

const struct cli_command command_ca = {
    .name = "ca",
    .operands = "show",
    .operands_max = 1,
    .summary = "the certificates of the CAs",
    .about = "ca show prints subject, serial number, validity and SM3 fingerprint of the root and of the CAs "
             "below it, or\n"
             "the certificates themselves.",
    .options = options,
    .option_count = COUNT(options),
    .run = run,
};
