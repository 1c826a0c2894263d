/* Web taken over: programs that are free to send hufu-signer anything try to obtain what they should not. Every attempt
 * is refused, and written to the journal. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "stage.h"

struct scene {
    struct cast *cast;
    struct stage *stage;
    struct cast_peer *peer;
};

extern const char *takeover_program; /* path of hufu-signer */

int scene_setup(void **state);
int scene_teardown(void **state);
#define SCENE(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

#define assert_ok(expr)                                                             \
    do {                                                                            \
        struct result ok_ = (expr);                                                 \
        if (failed(ok_)) fail_msg("%s: %s", #expr, error_find(ok_.code)->name);     \
    } while (0)

/* GOT failed with ERROR (any, for ERROR_NONE), and the last record of the journal says so of a message of TYPE. */
void refused(struct scene *scene, struct result got, uint16_t type, enum error error);
/* ORDER, signed, is refused: at the opening of the card or, when that succeeds, at the issuing. */
void order_refused(struct scene *scene, struct cast_order *order, enum error error);
/* A fresh order, signed by everybody and with its card opened. */
void opened_order(struct scene *scene, struct cast_order *ret_order);

/* Line LINE of TEXT, counted from the tag, with its last character changed. */
const char *alter_line(struct cast *cast, const char *text, size_t line);

int takeover_approvals(void);
int takeover_production(void);
int takeover_download(void);
int takeover_register(void);
int takeover_services(void);
int takeover_custody(void);
int takeover_protocol(void);
