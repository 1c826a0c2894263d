/* A small PKI for the tests: root, issuing CA, operators' CA, a maker of cards, and one leaf of each kind. */
#pragma once

#include "pki/chain.h"
#include "pki/issue.h"

enum { WORLD_NOW = 1795500000 }; /* 2026-11-24T08:00:00Z */

struct world {
    struct arena *arena;
    struct drbg drbg;
    struct sm2_private root_key, issuing_key, operators_key, maker_key;
    struct sm2_private holder_key, encryption_key, operator_key, card_key;
    struct certificate *root, *issuing, *operators, *maker;
    struct certificate *holder, *encryption, *operator, * card;
};

/* Fails the test when something cannot be made. */
struct world *world_new(void);
void world_free(struct world *w);

/* Typical fields of a leaf of the issuing CA for KEY; valid from one day before WORLD_NOW for a year. */
struct certificate_fields world_fields(const struct sm2_private *key, const char *common_name);
/* Issues and parses. */
struct certificate *world_issue(struct world *w, const struct profile *profile,
                                const struct certificate_fields *fields, const struct certificate *issuer,
                                const struct sm2_private *issuer_key);
/* LEAF checked for PURPOSE at TIME_S with the root and the maker as anchors and both CAs between. */
struct result world_check(const struct world *w, const struct certificate *leaf,
                          enum certificate_purpose purpose, int64_t time_s,
                          const struct certificate **ret_failed);
/* PARTS signed by KEY: { tbs, algorithm, signature }. */
struct bytes world_sign(struct world *w, struct bytes tbs, const struct sm2_private *key);
