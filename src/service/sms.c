#include "service/sms.h"

#include <stdio.h>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/sm3.h"
#include "service/notice.h"
#include "service/seal.h"

enum { SALT_SIZE = 16, HASH_SIZE = 32, HOUR_S = 3600 };

static const struct use {
    const char *name; /* in the database */
    const char *template;
    bool anybody; /* whether an account has the number or not */
} uses[SMS_USE_COUNT] = {
    [SMS_LOGIN] = { "login", "sms-code", false },
    [SMS_RECEIPT] = { "receipt", "receipt-code", false },
    [SMS_MOBILE] = { "mobile", "mobile-code", true },
};

static const struct use *use_of(const char *name)
{
    for (size_t i = 0; i < COUNT(uses); i++)
        if (text_equal(uses[i].name, name)) return &uses[i];
    return NULL;
}

/* Keyed: a million codes would be tried through in a blink by whoever had the table. */
static void hash_code(const struct service *service, const struct sms_code_row *row, struct bytes salt,
                      const char *code, uint8_t ret_hash[HASH_SIZE])
{
    uint8_t value[96];
    struct writer w = writer_of(value, sizeof value);
    write_block(&w, salt);
    write_block(&w, bytes_text(row->purpose));
    write_block(&w, bytes_text(row->mobile));
    write_block(&w, bytes_text(code));
    seal_index(service, "sms.code", bytes_of(value, w.len), ret_hash);
    secret_wipe(value, sizeof value);
}

static int64_t day_of(int64_t time_s)
{
    return (time_s + SHANGHAI_OFFSET_S) / DAY_S;
}

/* ---- limits for each client address ---- */

/* Whose address it is: of IPv6 the first half, for the second is anybody's own choice. */
static const char *network_of(const struct act *act)
{
    size_t len = 0;
    unsigned colons = 0;
    for (; act->client[len] && colons < 4; len++) colons += act->client[len] == ':';
    return colons < 4 ? act->client : arena_text(act->arena, bytes_of(act->client, len));
}

static struct result count_client(struct tx *tx, const struct act *act, bool *ret_full)
{
    struct sms_client_row row = { 0 };
    struct key_row key = { .key = network_of(act) };
    int64_t hour = act->now_s / HOUR_S;
    ENSURE(key.key, ERROR_OUT_OF_ROOM);
    struct result r = tx_one(tx, STATEMENT_SMS_CLIENT_GET, RECORD(key_row_shape, &key), act->arena,
                             &sms_client_row_shape, &row);
    bool known = !failed(r);
    if (!known && r.code != ERROR_NOT_FOUND) return r;
    if (row.hour != hour) row.hour_count = 0;
    row.address = key.key;
    row.hour = hour;
    row.hour_count++;
    *ret_full = row.hour_count > act->service->settings.sms_per_hour;
    if (*ret_full) return OK;
    return tx_run(tx, known ? STATEMENT_SMS_CLIENT_UPDATE : STATEMENT_SMS_CLIENT_INSERT,
                  RECORD(sms_client_row_shape, &row), NULL);
}

/* ---- wanting a code ---- */

struct wanting {
    const struct act *act;
    const char *purpose, *mobile;
    uint8_t salt[SALT_SIZE], hash[HASH_SIZE];
};

/* How many codes the mobile has had today for other uses: the day's limit is the number's (R-SMS-1). */
static struct result count_others(struct tx *tx, const struct wanting *w, int64_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = 0; i < COUNT(uses); i++) {
        struct sms_code_row row;
        struct key_row key = { .key = w->mobile, .other = uses[i].name };
        if (text_equal(uses[i].name, w->purpose)) continue;
        struct result r = tx_one(tx, STATEMENT_SMS_CODE_GET, RECORD(key_row_shape, &key), w->act->arena,
                                 &sms_code_row_shape, &row);
        if (r.code == ERROR_NOT_FOUND) continue;
        TRY(r);
        if (row.day == day_of(w->act->now_s)) *ret_count += row.day_count;
    }
    return OK;
}

static struct result want(struct tx *tx, void *context)
{
    struct wanting *w = context;
    const struct act *act = w->act;
    struct sms_code_row row = { 0 };
    struct key_row key = { .key = w->mobile, .other = w->purpose };
    bool full;
    int64_t others;
    struct result r = tx_one(tx, STATEMENT_SMS_CODE_GET, RECORD(key_row_shape, &key), act->arena, &sms_code_row_shape,
                             &row);
    bool known = !failed(r);
    if (!known && r.code != ERROR_NOT_FOUND) return r;
    TRY(count_others(tx, w, &others));
    if (row.day != day_of(act->now_s)) row.day_count = 0;
    ENSURE(!known || act->now_s - row.sent_s >= SMS_PAUSE_S, ERROR_SMS_TOO_SOON);
    ENSURE(row.day_count + others < SMS_DAY_MAX, ERROR_SMS_DAY_FULL);
    TRY(count_client(tx, act, &full));
    ENSURE(!full, ERROR_SMS_CLIENT_FULL);
    row.mobile = w->mobile;
    row.purpose = w->purpose;
    row.salt = BYTES(w->salt);
    row.hash = BYTES(w->hash); /* of nothing that could be typed, until the code is made */
    row.sent_s = act->now_s;
    row.tries = row.used = 0;
    row.wanted = 1;
    row.day = day_of(act->now_s);
    row.day_count++;
    return tx_run(tx, known ? STATEMENT_SMS_CODE_UPDATE : STATEMENT_SMS_CODE_INSERT,
                  RECORD(sms_code_row_shape, &row), NULL);
}

struct result sms_want(const struct act *act, enum sms_use use, const char *mobile)
{
    struct wanting wanting = { .act = act, .purpose = uses[use].name, .mobile = mobile };
    const struct service *service = act->service;
    random_fill(wanting.salt, sizeof wanting.salt);
    random_fill(wanting.hash, sizeof wanting.hash);
    TRY(store_write(service->store, want, &wanting));
    if (service->wake) service->wake(service->web, "sms-codes");
    return OK;
}

/* ---- making it ---- */

/* Each of the million as likely as the others: what does not divide evenly is drawn again. */
static void draw_code(char ret_code[SMS_CODE_DIGITS + 1])
{
    uint32_t n;
    do {
        random_fill(&n, sizeof n);
    } while (n >= 4294000000u);
    snprintf(ret_code, SMS_CODE_DIGITS + 1, "%06u", n % 1000000);
    secret_wipe(&n, sizeof n);
}

struct making {
    struct act act;
    size_t count;
};

static struct result make_one(struct tx *tx, const struct act *act, struct sms_code_row *row)
{
    struct key_row key = { .key = row->mobile };
    struct account_row account;
    char code[SMS_CODE_DIGITS + 1];
    uint8_t salt[SALT_SIZE], hash[HASH_SIZE];
    const struct use *use = use_of(row->purpose);
    ENSURE(use, ERROR_STORE_DAMAGED);
    row->wanted = 0;
    struct result r = use->anybody ? OK
                                   : tx_one(tx, STATEMENT_ACCOUNT_BY_MOBILE, RECORD(key_row_shape, &key), act->arena,
                                            &account_row_shape, &account);
    if (r.code == ERROR_NOT_FOUND) return tx_run(tx, STATEMENT_SMS_CODE_UPDATE, RECORD(sms_code_row_shape, row), NULL);
    TRY(r);
    draw_code(code);
    random_fill(salt, sizeof salt);
    hash_code(act->service, row, BYTES(salt), code, hash);
    row->salt = BYTES(salt);
    row->hash = BYTES(hash);
    struct notice_value values[] = { { "code", code } };
    struct notice notice = { use->template, row->mobile, NULL, NOTICE_VALUES(values) };
    r = notice_queue(tx, act, &notice);
    secret_wipe(code, sizeof code);
    TRY(r);
    return tx_run(tx, STATEMENT_SMS_CODE_UPDATE, RECORD(sms_code_row_shape, row), NULL);
}

static struct result make(struct tx *tx, void *context)
{
    struct making *m = context;
    struct key_row key = { .limit_count = SMS_JOB_MAX };
    void *rows;
    TRY(tx_list(tx, STATEMENT_SMS_CODE_LIST_WANTED, RECORD(key_row_shape, &key), m->act.arena, &sms_code_row_shape,
                SMS_JOB_MAX, &rows, &m->count));
    for (size_t i = 0; i < m->count; i++) TRY(make_one(tx, &m->act, (struct sms_code_row *)rows + i));
    return OK;
}

struct result sms_make_wanted(struct service *service, size_t *ret_done)
{
    struct arena *arena CLEANUP(arena_free_wiped_p) = arena_new(1024 * 1024);
    struct making making = { .act = service_act(service, arena, NULL) };
    TRY(store_write(service->store, make, &making));
    if (making.count && service->wake) service->wake(service->web, "notices-sms");
    *ret_done = making.count;
    return OK;
}

/* ---- checking it ---- */

static enum error judge(const struct act *act, const struct sms_code_row *row, const char *code)
{
    uint8_t hash[HASH_SIZE];
    if (row->used || act->now_s - row->sent_s > SMS_LIFE_S) return ERROR_SMS_CODE_OVER;
    if (row->tries >= SMS_TRIES_MAX) return ERROR_SMS_CODE_TRIES;
    hash_code(act->service, row, row->salt, code, hash);
    bool right = row->hash.len == HASH_SIZE && secret_equal(hash, row->hash.ptr, HASH_SIZE);
    return right ? ERROR_NONE : ERROR_SMS_CODE_WRONG;
}

struct result sms_check(struct tx *tx, const struct act *act, const struct sms_try *tried, enum error *ret_why,
                        int *ret_left)
{
    struct sms_code_row row;
    struct key_row key = { .key = tried->mobile, .other = uses[tried->use].name };
    bool full = false;
    struct result r = tx_one(tx, STATEMENT_SMS_CODE_GET, RECORD(key_row_shape, &key), act->arena, &sms_code_row_shape,
                             &row);
    *ret_left = 0;
    if (r.code == ERROR_NOT_FOUND) {
        *ret_why = ERROR_SMS_CODE_OVER;
        TRY(count_client(tx, act, &full));
        if (full) *ret_why = ERROR_SMS_CLIENT_FULL;
        return OK;
    }
    TRY(r);
    enum error why = judge(act, &row, tried->code);
    if (why == ERROR_NONE) {
        row.used = 1;
    } else {
        TRY(count_client(tx, act, &full));
        if (full) why = ERROR_SMS_CLIENT_FULL;
        if (why == ERROR_SMS_CODE_WRONG) row.tries++;
        if (why == ERROR_SMS_CODE_WRONG && row.tries >= SMS_TRIES_MAX) why = ERROR_SMS_CODE_TRIES;
    }
    TRY(tx_run(tx, STATEMENT_SMS_CODE_UPDATE, RECORD(sms_code_row_shape, &row), NULL));
    *ret_why = why;
    *ret_left = SMS_TRIES_MAX - (int)row.tries;
    return OK;
}

static struct result clean(struct tx *tx, void *context)
{
    const struct service *service = context;
    int64_t now_s = clock_now(service->clock);
    struct key_row codes = { .at_s = now_s - 2 * DAY_S }, clients = { .at_s = now_s / HOUR_S - 1 };
    TRY(tx_run(tx, STATEMENT_SMS_CODE_DELETE_OLD, RECORD(key_row_shape, &codes), NULL));
    return tx_run(tx, STATEMENT_SMS_CLIENT_DELETE_OLD, RECORD(key_row_shape, &clients), NULL);
}

struct result sms_clean(struct service *service)
{
    return store_write(service->store, clean, service);
}
