/* Holding a library against GM/T 0016, call by call. Internal to hufu-key. */
#pragma once

#include "crypto/sm2.h"
#include "token/key/key_commands.h"

/* Wanted where makers differ in the code but must refuse. */
#define ANY_ERROR 0xFFFFFFFFu

struct conformance {
    struct key_run *run;
    const struct key_library *library;
    const struct key_functions *f;
    struct drbg drbg;
    skf_handle device, application, container;
    uint8_t device_key[16];
    uint8_t point[64];         /* signing key of the container */
    struct sm2_private outside, encryption;
    int same, differ, missing;
};

/* One row of the table: what FUNCTION answered to WHAT. True when it is as WANTED. */
bool conformance_row(struct conformance *c, const char *function, const char *what, uint32_t got, uint32_t wanted);
/* One row about what a call gave out. */
bool conformance_value(struct conformance *c, const char *function, const char *what, bool good);
bool conformance_missing(struct conformance *c, const char *function);

/* Calls it if it is there. */
#define CALL(c, name, what, wanted, ...)                                                                      \
    ((c)->f->name ? conformance_row((c), "SKF_" #name, (what), (uint32_t)(c)->f->name(__VA_ARGS__), (wanted)) \
                  : conformance_missing((c), "SKF_" #name))

/* Parts, in this order. */
void conformance_device(struct conformance *c);      /* writes nothing */
bool conformance_application(struct conformance *c); /* makes an application; false when it could not be made */
void conformance_container(struct conformance *c);
void conformance_sessions(struct conformance *c);
void conformance_pins(struct conformance *c);
void conformance_end(struct conformance *c);         /* removes it again */

extern const char conformance_application_name[], conformance_pin[], conformance_admin[], conformance_wrong[];
