/* hufu.conf as processes read it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/text.h"

struct settings {
    const char *host, *name, *data;
    int64_t port, offset;
    bool fast;
};

static const struct config_option options[] = {
    { "host", CONFIG_TEXT, offsetof(struct settings, host), NULL, true, 0, 0, "where it listens" },
    { "name", CONFIG_TEXT, offsetof(struct settings, name), "虎符", false, 2, 9, "its name" },
    { "data", CONFIG_PATH, offsetof(struct settings, data), NULL, false, 0, 0, "its folder" },
    { "port", CONFIG_NUMBER, offsetof(struct settings, port), "8080", false, 1, 65535, "its port" },
    { "offset", CONFIG_NUMBER, offsetof(struct settings, offset), "-5", false, -10, 10, "a number below zero" },
    { "fast", CONFIG_FLAG, offsetof(struct settings, fast), "no", false, 0, 0, "whether it hurries" },
};

static char folder[] = "/tmp/hufu-config-XXXXXX", path[64];

static void write_file(struct bytes content)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(content.ptr, 1, content.len, f), content.len);
    fclose(f);
}

static struct result read_text(struct arena *arena, const char *text, struct diag *diag, struct settings *settings)
{
    write_file(bytes_text(text));
    return config_read(path, "web", options, COUNT(options), arena, diag, settings);
}

static void a_section_is_read(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct settings s = { 0 };
    const char *text = "# all of it\n[signer]\nhost = other\nport = x\n\n[web]\r\n host\t=  127.0.0.1 \r\nport=65535\n"
                       "data = some/folder\nfast = yes\noffset = -10\n[relay]\nname = far too long a name\n";
    assert_false(failed(read_text(arena, text, NULL, &s)));
    assert_string_equal(s.host, "127.0.0.1");
    assert_string_equal(s.name, "虎符");
    assert_int_equal(s.port, 65535);
    assert_int_equal(s.offset, -10);
    assert_true(s.fast);
    assert_string_equal(s.data, arena_format(arena, "%s/some/folder", folder));
    arena_free(arena);
}

static void defaults_hold_without_a_section(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct settings s = { 0 };
    assert_false(failed(read_text(arena, "[web]\nhost = h\ndata = /absolute", NULL, &s)));
    assert_int_equal(s.port, 8080);
    assert_int_equal(s.offset, -5);
    assert_false(s.fast);
    assert_string_equal(s.data, "/absolute");
    struct diag diag = { 0 };
    assert_int_equal(read_text(arena, "", &diag, &s).code, ERROR_CONFIG);
    assert_non_null(strstr(diag.log, "host: is missing"));
    arena_free(arena);
}

/* Each says file, line and key, and leaves what was there. */
static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        { "[web]\nhost = h\ncolour = red\n", ":3: colour: is not a known key" },
        { "[web]\nhost = h\nhost = g\n", ":3: host: stands twice" },
        { "[web]\nhost = h\n[relay]\n[web]\n", ":4: web: this section stands twice" },
        { "[web]\nhost =\n", ":2: host: has no value" },
        { "[web]\nhost = h\nname = x\n", ":3: name: has 1 bytes, not 2 to 9" },
        { "[web]\nhost = h\nname = 0123456789\n", ":3: name: has 10 bytes" },
        { "[web]\nhost = h\nport = 0\n", ":3: port: is not a number from 1 to 65535" },
        { "[web]\nhost = h\nport = 65536\n", ":3: port" },
        { "[web]\nhost = h\nport = 080\n", ":3: port" },
        { "[web]\nhost = h\nport = 80a\n", ":3: port" },
        { "[web]\nhost = h\nport = 99999999999999999999\n", ":3: port" },
        { "[web]\nhost = h\noffset = --1\n", ":3: offset" },
        { "[web]\nhost = h\noffset = -11\n", ":3: offset: is not a number from -10 to 10" },
        { "[web]\nhost = h\nfast = true\n", ":3: fast: is neither yes nor no" },
        { "host\n", ":1: the line: is not \"key = value\"" },
        { "[web\n", ":1: the section: is not written as [name]" },
        { "[]\n", ":1: the section" },
        { "[Web]\n", ":1: the section" },
        { "[web]\nHost = h\n", ":2: the key: has other characters" },
        { "[web]\n = h\n", ":2: the key" },
        { "[web]\nhost = \x01\n", ":2: the value: is not plain" },
        { "[web]\nhost = \xC0\x80\n", ":2: the value: is not plain" },
        { "[relay]\nnonsense\n[web]\nhost = h\n", ":2: the line" },
    };
    struct arena *arena = arena_new(8 << 20);
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct settings s = { .port = 77, .host = "before" };
        struct diag diag = { 0 };
        if (read_text(arena, bad[i].text, &diag, &s).code != ERROR_CONFIG) fail_msg("taken: %s", bad[i].text);
        if (!strstr(diag.log, bad[i].says) || !strstr(diag.log, path)) fail_msg("%s: %s", bad[i].text, diag.log);
        assert_int_equal(s.port, 77);
        assert_string_equal(s.host, "before");
    }
    arena_free(arena);
}

static void files_that_are_none(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct settings s;
    struct diag absent = { 0 }, large = { 0 }, directory = { 0 };
    unlink(path);
    assert_int_equal(config_read(path, "web", options, COUNT(options), arena, &absent, &s).code, ERROR_CONFIG);
    assert_non_null(strstr(absent.log, "cannot be opened"));
    assert_int_equal(config_read(folder, "web", options, COUNT(options), arena, &directory, &s).code, ERROR_CONFIG);
    static uint8_t spaces[CONFIG_FILE_MAX + 1];
    memset(spaces, '\n', sizeof spaces);
    write_file(BYTES(spaces));
    assert_int_equal(config_read(path, "web", options, COUNT(options), arena, &large, &s).code, ERROR_CONFIG);
    assert_non_null(strstr(large.log, "larger than 64 KiB"));
    write_file(bytes_text("[web]\nhost = h\n\0"));
    struct arena *small = arena_new(1000);
    assert_int_equal(config_read(path, "web", options, COUNT(options), small, NULL, &s).code, ERROR_OUT_OF_ROOM);
    arena_free(small);
    arena_free(arena);
}

static void sections_are_known(void **state)
{
    static const char *const known[] = { "web", "relay", NULL };
    struct arena *arena = arena_new(1 << 20);
    struct diag diag = { 0 };
    write_file(bytes_text("# x\n[relay]\na = b\n[web]\n"));
    assert_false(failed(config_check_sections(path, known, arena, &diag)));
    write_file(bytes_text("[relay]\n[relais]\n"));
    assert_int_equal(config_check_sections(path, known, arena, &diag).code, ERROR_CONFIG);
    assert_non_null(strstr(diag.log, ":2: relais: "));
    arena_free(arena);
}

static void one_key_is_peeked_at(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    const char *text;
    write_file(bytes_text("[web]\nhost = a b\n[relay]\nhost = c\n"));
    assert_false(failed(config_peek(path, "web", "host", arena, NULL, &text)));
    assert_string_equal(text, "a b");
    assert_false(failed(config_peek(path, "relay", "host", arena, NULL, &text)));
    assert_string_equal(text, "c");
    assert_false(failed(config_peek(path, "serve", "host", arena, NULL, &text)));
    assert_null(text);
    write_file(bytes_text("nonsense\n"));
    assert_int_equal(config_peek(path, "web", "host", arena, NULL, &text).code, ERROR_CONFIG);
    arena_free(arena);
}

static void set_to(struct arena *arena, const char *before, const char *value, const char *after)
{
    struct bytes text;
    write_file(bytes_text(before));
    assert_false(failed(config_with(path, "web", "host", value, arena, NULL, &text)));
    assert_string_equal(arena_text(arena, text), after);
}

static void one_key_is_set_and_the_rest_stays(void **state)
{
    struct arena *arena = arena_new(4 << 20);
    struct bytes text;
    set_to(arena, "# c\n[web]\nport = 1\n host = a # b\n\n[relay]\nhost = c\n", "d",
           "# c\n[web]\nhost = d\nport = 1\n\n[relay]\nhost = c\n");
    set_to(arena, "[relay]\nhost = c\n[web]\nhost = a", NULL, "[relay]\nhost = c\n[web]\n");
    set_to(arena, "[web]\nport = 1", "d", "[web]\nhost = d\nport = 1");
    set_to(arena, "[web]", "d", "[web]\nhost = d\n");
    write_file(bytes_text("[relay]\nhost = c\n"));
    assert_int_equal(config_with(path, "web", "host", "d", arena, NULL, &text).code, ERROR_CONFIG);
    arena_free(arena);
}

static void nul_is_not_text(void **state)
{
    static const uint8_t content[] = "[web]\nhost = a\0b\n";
    struct arena *arena = arena_new(1 << 20);
    struct settings s;
    write_file(bytes_of(content, sizeof content - 1));
    assert_int_equal(config_read(path, "web", options, COUNT(options), arena, NULL, &s).code, ERROR_CONFIG);
    arena_free(arena);
}

static int make_folder(void **state)
{
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/hufu.conf", folder);
    return 0;
}

static int remove_folder(void **state)
{
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_is_read),
        cmocka_unit_test(defaults_hold_without_a_section),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(sections_are_known),
        cmocka_unit_test(one_key_is_peeked_at),
        cmocka_unit_test(one_key_is_set_and_the_rest_stays),
        cmocka_unit_test(nul_is_not_text),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
