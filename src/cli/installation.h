/* One installation: its folder, and what hufu.conf says to `hufu serve` ([serve]) and about a demonstration
 * ([demo]). */
#pragma once

#include "base/config.h"

enum { INSTALLATION_PATH_MAX = 4096, SECRET_MIN = 16, SECRET_MAX = 1024 };

struct serve_config {
    const char *listen; /* "127.0.0.1:8080", "[::1]:8080" or "unix:PATH" for nginx */
    const char *listen_group; /* of a unix: socket; NULL: ours */
    const char *status_listen; /* where OCSP and lists are served; NULL: they are not */
    const char *secret_file;
    /* NULL: the one who serves */
    const char *web_user, *signer_user, *files_user, *relay_user, *status_user, *hsm_user;
};
extern const struct config_option serve_options[];
extern const size_t serve_options_count;

struct demo_config {
    bool on;
    const char *paysim; /* "127.0.0.1:8090"; NULL: none */
    const char *cards;  /* folder of virtual USBKeys that are plugged in */
    bool agent;
};
extern const struct config_option demo_options[];
extern const size_t demo_options_count;

struct installation {
    char folder[INSTALLATION_PATH_MAX]; /* absolute */
    char config[INSTALLATION_PATH_MAX]; /* FOLDER/hufu.conf */
    struct arena *arena;                /* of the texts below */
    struct serve_config serve;
    struct demo_config demo;
    const char *portal, *console, *platform; /* origins, for people; "" when not set */
    const char *hsm_module, *hsm_pin_file;   /* as [hsm] has them, absolute; NULL: there is no HSM */
    const char *database;                    /* URL in place of [web]'s; NULL: as [web] has it */
    const char *agent;                       /* "http://127.0.0.1:18181" of a demonstration; else "" */
};

/* FOLDER NULL: $HUFU_FOLDER, else var, else /var/lib/hufu. ERROR_FOLDER_NONE, ERROR_CONFIG. Free with
 * installation_done. */
RESULT installation_open(const char *folder, struct diag *diag, struct installation *ret_installation);
/* URL of its database, in ARENA, as [web] has it. ERROR_CONFIG. */
RESULT installation_database(const struct installation *installation, struct arena *arena, struct diag *diag,
                             const char **ret_url);
void installation_done(struct installation *installation);

/* What an installation's keys are made of, from the first of: SECRET_FD (unless -1), systemd's credential
 * "secret", the file of [serve] (only with INSECURE_DEV), a prompt on the terminal. The caller wipes it.
 * ERROR_SECRET. */
struct secret {
    uint8_t bytes[SECRET_MAX];
    size_t len;
};
/* A passphrase: from FD (closed), or asked for with WORDS when FD is -1. ERROR_SECRET. */
RESULT passphrase_read(int fd, const char *words, struct diag *diag, struct secret *ret_secret);
/* The same for one that is new: asked for twice. */
RESULT passphrase_new(int fd, const char *words, struct diag *diag, struct secret *ret_secret);
/* The PIN of a USBKey, asked for with WORDS on the terminal. ERROR_SECRET. */
enum { PIN_MIN = 6 };
RESULT pin_ask(const char *words, bool twice, struct diag *diag, struct secret *ret_secret);
/* All of FD (closed), where several passphrases and PINs come, a line each. ERROR_SECRET when it is empty. */
RESULT lines_read(int fd, struct diag *diag, struct secret *ret_secret);
RESULT secret_read(const struct installation *installation, int secret_fd, bool insecure_dev,
                   struct diag *diag, struct secret *ret_secret);
