/* What a demonstration makes up anew for each walk: an organization and a person with right check digits, and the scans
 * they would hand in. Nobody is meant by any of it. */
#pragma once

#include "base/arena.h"

struct demo_person {
    const char *organization, *credit_code, *address;       /* of the organization, which pays taxes under its code */
    const char *name, *document_number, *birth_date, *mobile, *email;
    const char *new_pin;                                    /* what 000000 is changed to */
    const char *waybill;
    const char *card;                                       /* serial number of the fresh USBKey */
};

/* Drawn at random, so that walks do not meet; texts live in ARENA. */
RESULT demo_person_make(struct arena *arena, struct demo_person *ret_person);

/* 统一社会信用代码 (GB 32100) of the 17 characters FIRST, and 身份证 (GB 11643) of the 17 digits FIRST: the last character. */
char demo_credit_code_check(const char *first);
char demo_identity_check(const char *first);

/* A founding licence as PNG with its red stamp, and an identity card as JPEG: small, but real ones. */
RESULT demo_scan_license(struct arena *arena, struct bytes *ret_png);
struct bytes demo_scan_identity(void);
