/* The register of operators: who may sign what. Made of the journal; the journal is the only way to change it. */
#pragma once

#include "base/arena.h"
#include "crypto/sm2.h"
#include "signer/snapshot.h"

enum { OPERATORS_MAX = 400, OPERATOR_NAME_MAX = 256, OPERATOR_SERIAL_MAX = 40, OPERATOR_ADMINISTRATORS_MIN = 2 };

enum role {
    ROLE_ADMINISTRATOR = 1 << 0,
    ROLE_REVIEWER = 1 << 1,
    ROLE_PRODUCER = 1 << 2,
    ROLE_FINANCE = 1 << 3,
    ROLE_AUDITOR = 1 << 4
};

struct operator {
    char name[OPERATOR_NAME_MAX + 1];
    char serial[OPERATOR_SERIAL_MAX + 1]; /* of the certificate, lower-case hex */
    unsigned roles;
    struct sm2_public key;
    int64_t not_before_s, not_after_s;
};

struct operators;

struct operators *operators_new(void);
void operators_free(struct operators *operators);
/* ERROR_REGISTER_CHANGE when the serial is there already, ERROR_REGISTER_FULL. */
RESULT operators_add(struct operators *operators, const struct operator *operator);
/* ERROR_OPERATOR_UNKNOWN. */
RESULT operators_remove(struct operators *operators, const char *serial);
bool operators_full(const struct operators *operators);
/* NULL when nobody of the register has a certificate of that serial. */
const struct operator *operators_find(const struct operators *operators, const char *serial);
/* Whether the same person stands behind both, under whatever certificate: name, key or serial are the same. */
bool operators_same(const struct operator *a, const struct operator *b);
/* All of them, in no order. */
size_t operators_count(const struct operators *operators);
const struct operator *operators_at(const struct operators *operators, size_t at);
/* How many persons are administrators with a certificate that is valid at TIME_S; WITHOUT (may be NULL) not counted. */
size_t operators_administrators(const struct operators *operators, int64_t time_s, const char *without);
/* A line each, "serial roles name". ERROR_OUT_OF_ROOM. */
RESULT operators_text(const struct operators *operators, struct arena *arena, const char **ret_text);

/* For a snapshot: all of them. operators_read fills an empty register; ERROR_MALFORMED. */
void operators_write(const struct operators *operators, struct snapshot_out *out);
RESULT operators_read(struct reader *r, struct operators *operators);

/* "reviewer,producer": any order, none twice, at least one; ERROR_REGISTER_CHANGE. And in the order of enum role. */
RESULT roles_parse(const char *text, unsigned *ret_roles);
void roles_write(unsigned roles, struct writer *w);
