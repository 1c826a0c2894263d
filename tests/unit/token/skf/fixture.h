/* A driver with a key plugged in, over one of its transports; produced and opened on demand. */
#pragma once

#include "token/skf/hufu_skf.h"
#include "world.h"

struct fixture {
    struct world *w;
    DEVHANDLE device;
    uint8_t point[HUFU_POINT_LEN], attestation[HUFU_SIGNATURE_LEN];
    HAPPLICATION app;
    HCONTAINER container;
};

extern char key_name[], pin_initial[], pin[], pin_wrong[], pin_admin[];

/* cmocka's set-up and teardown: a card in this process, connected. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

ULONG fixture_state(struct fixture *f);
void fixture_open_production(struct fixture *f);
ULONG fixture_write_production(struct fixture *f);
/* From blank to a key whose holder has PIN, opened; not logged in. */
void fixture_produce(struct fixture *f);
/* A program's own application "THIRD" with a container "C", logged in, a key pair in it. */
void fixture_third_party(struct fixture *f);

/* The interface has no const. */
BYTE *given(struct bytes b);
