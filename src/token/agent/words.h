/* What a person is about to sign, in words: a statement taken apart again and given labels. What is no statement has
 * no words and is not signed. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "pki/statement.h"

enum { WORDS_LINES_MAX = 14 };

enum words_kind {
    WORDS_LOGIN,    /* signed for the page whose origin it names */
    WORDS_OPERATOR, /* HUFU-APPROVE, REJECT, CARD, PRODUCE, OPERATOR: signed for pages that may produce */
    WORDS_DOWNLOAD, /* HUFU-DOWNLOAD: "download-sign" only, for the page whose origin it names */
    WORDS_ATTEST    /* a card's own; "prove" only */
};

struct words {
    enum words_kind kind;
    const struct shape *shape;
    const char *title;       /* what is done, in Chinese */
    const char *origin;      /* of WORDS_LOGIN and WORDS_DOWNLOAD; else NULL */
    const char *certificate; /* serial that the statement names as the signer's; NULL for WORDS_ATTEST */
    const char *card, *public_key; /* of HUFU-PRODUCE-v2 and HUFU-ATTEST-v1; else NULL */
    size_t count;
    struct {
        const char *label, *value;
    } lines[WORDS_LINES_MAX];
};

/* ERROR_AGENT_STATEMENT for anything that is not exactly one of the statements of docs/PROTOCOL.statements. Texts live
 * in ARENA. */
RESULT words_read(const char *statement, struct arena *arena, struct words *ret_words);
