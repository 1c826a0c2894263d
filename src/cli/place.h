/* Where an installation's parts answer and who is who in its demonstration: what `hufu serve` and `hufu init --demo`
 * wrote down in its folder. One reader for the demonstration, `hufu user`, `hufu status` and the tests' format. */
#pragma once

#include <jansson.h>

#include "base/diag.h"

enum { PLACE_PATH_MAX = 4096 };

struct place {
    const char *folder;
    /* run/state.json: {"pid","ready","portal","console","platform","agent","paysim","status","processes":{}} */
    json_t *state;
    /* usbkeys/people.json: [{"name","person","roles","card","certificate","pin"}]; NULL: no demonstration */
    json_t *people;
};

/* FOLDER outlives it. ERROR_DEMO_FOLDER when nothing runs there. */
RESULT place_open(const char *folder, struct diag *diag, struct place *ret_place);
void place_done(struct place *place);
/* Origin or address of "portal", "console", "platform", "agent", "paysim", "status"; "" when it is not there. */
const char *place_address(const struct place *place, const char *name);
/* The first person with ROLE, who has an own USBKey; NULL: none. */
const json_t *place_person(const struct place *place, const char *role);
/* The path of PROGRAM ("hufu-card") of this very installation: beside the running one, or where the build put it. False
 * when it is not there. */
bool place_program(const char *program, char into[PLACE_PATH_MAX]);
