#include "token/key/key_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const char *key_words(const char *zh, const char *en)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = getenv(names[i]);
        if (value && *value) return strncmp(value, "zh", 2) == 0 ? zh : en;
    }
    return en;
}

static void indent(const struct key_out *out)
{
    for (int i = 0; i < out->depth; i++)
        if (out->json || out->indented & 1u << i) fputs("  ", stdout);
}

static void print_json(struct bytes text)
{
    putchar('"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '"' || c == '\\') putchar('\\');
        putchar(c < 0x20 || c == 0x7F ? '?' : c);
    }
    putchar('"');
}

static void print_plain(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) putchar(text.ptr[i] < 0x20 || text.ptr[i] == 0x7F ? '?' : text.ptr[i]);
}

/* Comma, new line, name. */
static void lead(struct key_out *out, const char *name, const char *zh)
{
    if (out->json) {
        if (!out->first) putchar(',');
        if (out->depth > 0) putchar('\n');
        indent(out);
        if (name) printf("\"%s\": ", name);
    } else {
        indent(out);
        if (name) printf("%s: ", key_words(zh, name));
    }
    out->first = false;
}

void key_out_open(struct key_out *out, const char *name, const char *zh, bool list)
{
    if (out->json) {
        lead(out, name, zh);
        putchar(list ? '[' : '{');
    } else if (name) {
        indent(out);
        printf("%s:\n", key_words(zh, name));
    }
    out->indented = (out->indented & ~(1u << out->depth)) | (uint32_t)(name != NULL) << out->depth;
    out->depth++;
    out->first = true;
}

void key_out_close(struct key_out *out, bool list)
{
    out->depth--;
    if (out->json) {
        if (!out->first) {
            putchar('\n');
            indent(out);
        }
        putchar(list ? ']' : '}');
        if (out->depth == 0) putchar('\n');
    } else if (!list && out->depth > 0 && !(out->indented & 1u << out->depth))
        putchar('\n'); /* between the entries of a list */
    out->first = false;
}

void key_out_text(struct key_out *out, const char *name, const char *zh, struct bytes text)
{
    lead(out, name, zh);
    if (out->json) print_json(text);
    else {
        print_plain(text);
        putchar('\n');
    }
}

void key_out_number(struct key_out *out, const char *name, const char *zh, int64_t number)
{
    lead(out, name, zh);
    printf("%" PRId64, number);
    if (!out->json) putchar('\n');
}

void key_out_hex(struct key_out *out, const char *name, const char *zh, struct bytes b)
{
    lead(out, name, zh);
    if (out->json) putchar('"');
    for (size_t i = 0; i < b.len; i++) printf("%02x", b.ptr[i]);
    fputs(out->json ? "\"" : "\n", stdout);
}
