/* Configuration: one plain file of "[section]" and "key = value" lines, '#' begins a comment line. Each process
 * reads its own section and lists what it understands in one table with type, default, range and words; from the
 * same table `hufu doctor` checks the file and docs/configuration.md is printed. Unknown keys, repeated keys and
 * values out of range are errors that name file and line. Secrets do not stand here: options name files. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"

enum config_kind {
    CONFIG_TEXT,   /* const char *; NULL when absent without a default */
    CONFIG_PATH,   /* as text; relative to the folder of the file, made absolute */
    CONFIG_NUMBER, /* int64_t between min and max */
    CONFIG_FLAG    /* bool: yes or no */
};

struct config_option {
    const char *name;
    enum config_kind kind;
    size_t offset;          /* of the field in the struct that is filled */
    const char *preset;     /* the default, as it would be written; NULL: none */
    bool required;          /* must be given when there is no default */
    int64_t min, max;       /* of numbers; of the length of texts, 0 0: 1 … 1024 */
    const char *words;      /* what it is, in English, for the documentation */
};

enum { CONFIG_FILE_MAX = 64 * 1024 };

/* Reads SECTION of the file at PATH into RET_CONFIG, whose fields OPTIONS describe; texts live in ARENA. Other
 * sections are skipped, as long as they are well-formed. ERROR_CONFIG with file, line and key in DIAG's log text;
 * RET_CONFIG is untouched then. */
RESULT config_read(const char *path, const char *section, const struct config_option *options, size_t count,
                   struct arena *arena, struct diag *diag, void *ret_config);

/* A section that no process reads: its name was probably mistyped, and what it says would be passed over in silence.
 * KNOWN ends with NULL. ERROR_CONFIG names the first. */
RESULT config_check_sections(const char *path, const char *const *known, struct arena *arena, struct diag *diag);

/* KEY of SECTION as it is written, unchecked, for whoever only tells people what another process reads; NULL when it is
 * not there. ERROR_CONFIG as above. */
RESULT config_peek(const char *path, const char *section, const char *key, struct arena *arena, struct diag *diag,
                   const char **ret_text);

/* The file's text with KEY of SECTION, which it has, set to VALUE, or without the key for NULL; all else as it stands.
 * ERROR_CONFIG as above. */
RESULT config_with(const char *path, const char *section, const char *key, const char *value, struct arena *arena,
                   struct diag *diag, struct bytes *ret_text);
