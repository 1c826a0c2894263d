/* What is wrong with an installation and how to mend it: a list of findings, each from one look at one thing. */
#pragma once

#include "cli/installation.h"

enum { FINDINGS_MAX = 80, FINDING_TEXT_MAX = 400 };

enum finding_state { FINDING_GOOD, FINDING_WARNING, FINDING_WRONG };

struct finding {
    const char *id;              /* "landlock", "port": fixed, for programs and tests */
    enum finding_state state;
    char words[FINDING_TEXT_MAX]; /* what was found */
    char mend[FINDING_TEXT_MAX];  /* what to do; "" when it is good */
};

struct doctor {
    const struct installation *installation; /* NULL: there is none, only the machine is looked at */
    struct finding findings[FINDINGS_MAX];
    size_t count;
};

/* Adds a finding; more than FINDINGS_MAX are dropped. Returns it for `doctor_mend`. */
struct finding *doctor_find(struct doctor *doctor, const char *id, enum finding_state state, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What to do about FINDING. */
void doctor_mend(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Kernel, clock, disk, memory, limits. */
void doctor_look_at_machine(struct doctor *doctor);
/* Programs, fonts, folder, configuration, secret, ports, what runs. */
void doctor_look_at_installation(struct doctor *doctor);
/* Certificates of CAs, operators and responder, and the root's list, before they run out ("validity"); whether
 * encryption keys have custodians ("custodians"). */
void doctor_look_at_validity(struct doctor *doctor);
/* By which ways fees can be paid. */
void doctor_look_at_payment(struct doctor *doctor);
/* Whether EMS can be asked to fetch a parcel, and what it lacks ("courier", "courier-key"). */
void doctor_look_at_courier(struct doctor *doctor);
