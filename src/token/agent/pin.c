#include "token/agent/pin.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"

enum { PERSONAL_MIN = 6 };

struct result pin_check_form(const char *pin)
{
    size_t len = strlen(pin);
    ENSURE(len >= PIN_MIN && len <= PIN_MAX, ERROR_AGENT_PIN_FORM);
    for (size_t i = 0; i < len; i++) ENSURE(pin[i] > 0x20 && pin[i] < 0x7F, ERROR_AGENT_PIN_FORM);
    return OK;
}

/* Each character follows the one before it by the same step of -1, 0 or 1: 111111, 123456, fedcba. */
static bool is_run(const char *pin)
{
    int step = pin[1] - pin[0];
    if (step < -1 || step > 1) return false;
    for (size_t i = 1; pin[i + 1]; i++)
        if (pin[i + 1] - pin[i] != step) return false;
    return true;
}

/* A piece of at most a half, again and again: 121212, 123123, abcabca. */
static bool is_repeated(const char *pin)
{
    size_t len = strlen(pin);
    for (size_t piece = 1; piece <= len / 2; piece++)
        if (memcmp(pin, pin + piece, len - piece) == 0) return true;
    return false;
}

static bool holds_date(const char *pin, const char *date)
{
    int y, m, d;
    if (sscanf(date, "%4d-%2d-%2d", &y, &m, &d) != 3) return false;
    char writings[5][16];
    snprintf(writings[0], 16, "%04d%02d%02d", y, m, d);
    snprintf(writings[1], 16, "%02d%02d%02d", y % 100, m, d);
    snprintf(writings[2], 16, "%02d%02d%04d", d, m, y);
    snprintf(writings[3], 16, "%02d%02d%04d", m, d, y);
    snprintf(writings[4], 16, "%04d%d%d", y, m, d);
    for (size_t i = 0; i < COUNT(writings); i++)
        if (strlen(writings[i]) >= PERSONAL_MIN && strstr(pin, writings[i])) return true;
    return false;
}

/* PERSONAL_MIN characters in a row that both hold. */
static bool shares_piece(const char *pin, const char *mobile)
{
    size_t len = strlen(mobile);
    for (size_t i = 0; i + PERSONAL_MIN <= len; i++) {
        char piece[PERSONAL_MIN + 1] = { 0 };
        memcpy(piece, mobile + i, PERSONAL_MIN);
        if (strstr(pin, piece)) return true;
    }
    return false;
}

struct result pin_check_new(const char *old, const char *fresh, const char *birth_date, const char *mobile)
{
    TRY(pin_check_form(fresh));
    size_t len = strlen(fresh);
    ENSURE(strlen(old) != len || !secret_equal(old, fresh, len), ERROR_AGENT_PIN_SAME);
    ENSURE(!is_run(fresh) && !is_repeated(fresh), ERROR_AGENT_PIN_SIMPLE);
    ENSURE(!birth_date || !holds_date(fresh, birth_date), ERROR_AGENT_PIN_PERSONAL);
    ENSURE(!mobile || !shares_piece(fresh, mobile), ERROR_AGENT_PIN_PERSONAL);
    return OK;
}

struct result pin_check_birth_date(const char *date, struct diag *diag)
{
    bool good = strlen(date) == 10;
    for (size_t i = 0; good && i < 10; i++)
        good = i == 4 || i == 7 ? date[i] == '-' : date[i] >= '0' && date[i] <= '9';
    if (!good) return diag_field(diag, ERROR_AGENT_FIELD, "birth_date", "出生日期应写作 YYYY-MM-DD");
    return OK;
}
