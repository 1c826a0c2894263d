/* The commands of hufu-key. */
#pragma once

#include "base/diag.h"
#include "token/key/key_library.h"
#include "token/key/key_print.h"

struct key_options {
    const char *library, *key, *application, *container, *file, *output, *device_key;
    bool json, admin, stdin_pins, encryption;
};

/* One run: what was asked for, and the library. */
struct key_run {
    struct key_options options;
    struct key_library library;
    struct key_out out;
    struct diag *diag;
    uint32_t sar;      /* what the library said, with ERROR_KEY_SAID */
    int tries;         /* left, where a PIN was wrong; -1 */
};

/* ERROR_KEY_SAID with the code noted, unless RETURNED is SAR_OK. */
RESULT key_said(struct key_run *run, skf_value returned);

/* An open way to a key; whatever is open is closed by key_place_close. */
struct key_place {
    struct key_run *run;
    skf_handle device, application, container;
    char application_name[64], container_name[128];
};
/* Connects the key NAME and learns the library's layout from it. */
RESULT key_connect(struct key_run *run, const char *name, struct key_place *ret_place);
/* The application and container that the options name, or the only one; the current one where the key says so. */
RESULT key_open_application(struct key_place *place);
RESULT key_open_container(struct key_place *place);
void key_place_close(struct key_place *place);

/* The names of a list, each with its NUL, from a function with (handle, buffer, length). */
struct key_names {
    char text[KEY_LIST_MAX];
    size_t len;
};
RESULT key_keys(struct key_run *run, struct key_names *ret_names);
RESULT key_enumerate(struct key_run *run, skf_value(SKF_CALL *list)(skf_handle, char *, skf_out *), skf_handle of,
                     struct key_names *ret_names);
/* The next name behind AT (NULL: the first); NULL at the end. */
const char *key_next_name(const struct key_names *names, const char *at);

/* A PIN from the terminal without echo, or a line of standard input with --stdin. WHAT: "PIN", "new PIN"…
 * RET_PIN is the caller's to wipe. */
enum { KEY_PIN_ROOM = 34 };
RESULT key_read_pin(struct key_run *run, const char *what, char ret_pin[KEY_PIN_ROOM]);

/* The signing certificate (or the other one) of the open container. ERROR_KEY_NONE. */
RESULT key_certificate(struct key_place *place, bool signing, uint8_t ret_der[KEY_CERTIFICATE_MAX], size_t *ret_len);
/* The public key of the open container. */
RESULT key_public(struct key_place *place, bool signing, uint8_t ret_point[64]);
/* Asks for the PIN and gives it to the key. */
RESULT key_log_in(struct key_place *place);
/* Signs MESSAGE under the identity 1234567812345678 and verifies it; the PIN was given. */
RESULT key_sign_message(struct key_place *place, struct bytes message, uint8_t ret_signature[64]);

RESULT key_list(struct key_run *run);
RESULT key_info(struct key_run *run);
RESULT key_pin(struct key_run *run);
RESULT key_containers(struct key_run *run);
RESULT key_certificates(struct key_run *run);
RESULT key_sign(struct key_run *run);
RESULT key_test(struct key_run *run);
RESULT key_conformance(struct key_run *run);
