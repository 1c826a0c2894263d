/* What the agent asks hufu-agent-window to show, over its standard input, and what comes back:
 *
 *   question  4 bytes length of the rest, then as window_question_write writes it
 *   answer    1 byte enum window_verdict, two struct pin (empty where not asked for)
 * When standard input ends, the window goes away. */
#pragma once

#include "base/bytes.h"
#include "token/agent/pin.h"

enum { WINDOW_QUESTION_MAX = 16 * 1024, WINDOW_LINES_MAX = 14, WINDOW_NO_TRIES = 255, WINDOW_LAST_TRIES = 2 };

enum window_kind { WINDOW_PAIR, WINDOW_PIN, WINDOW_NEW_PIN, WINDOW_KINDS };
enum window_verdict { WINDOW_NO, WINDOW_YES, WINDOW_NO_DISPLAY };

/* Texts with a NUL behind them; "" where there is nothing to show. */
struct window_question {
    enum window_kind kind;
    const char *title;      /* what is done: "登录" */
    const char *origin;     /* the website that asks */
    const char *serial, *holder;
    const char *problem;    /* why it is asked again */
    uint8_t tries;
    bool preset;            /* WINDOW_NEW_PIN: the old PIN is known */
    size_t count;
    struct {
        const char *label, *value;
    } lines[WINDOW_LINES_MAX];
};

struct window_answer {
    uint8_t verdict;
    struct pin old, fresh; /* WINDOW_PIN: old */
};

void window_question_write(const struct window_question *question, struct writer *w);
/* Texts are moved within BUFFER, of LEN bytes, to make room for their NULs. ERROR_MALFORMED. */
RESULT window_question_read(uint8_t *buffer, size_t len, struct window_question *ret_question);
