#include "service/session.h"

#include <stdlib.h>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/sm3.h"
#include "service/audit.h"
#include "service/mask.h"
#include "service/sms.h"

enum { TOKEN_SIZE = 32, MINUTE_S = 60, HOUR_S = 3600 };

/* How long a session lasts unused, and in all. */
static const struct lifetime {
    const char *kind;
    int64_t idle_s, whole_s;
} lifetimes[] = { { "holder", 30 * MINUTE_S, 8 * HOUR_S },
                  { "operator", 15 * MINUTE_S, 8 * HOUR_S },
                  { "platform", 30 * MINUTE_S, 12 * HOUR_S } };

static const struct lifetime *lifetime_of(const char *kind)
{
    for (size_t i = 0; i < COUNT(lifetimes); i++)
        if (text_equal(lifetimes[i].kind, kind)) return &lifetimes[i];
    abort(); /* the database holds no other kind */
}

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- tokens ---- */

struct session_token session_token_make(void)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct session_token token;
    uint8_t random[SESSION_TOKEN_LEN];
    random_fill(random, sizeof random);
    for (size_t i = 0; i < SESSION_TOKEN_LEN; i++) token.text[i] = letters[random[i] % 64];
    token.text[SESSION_TOKEN_LEN] = '\0';
    secret_wipe(random, sizeof random);
    return token;
}

/* The token holds 258 random bits: a plain hash says nothing about it. */
static void hash_token(const char *token, uint8_t ret_hash[SM3_SIZE])
{
    struct sm3 sm3;
    sm3_init(&sm3);
    sm3_update(&sm3, bytes_text("HUFU-SESSION-v1"));
    sm3_update(&sm3, bytes_text(token));
    sm3_final(&sm3, ret_hash);
}

/* ---- beginning ---- */

struct result session_begin(struct tx *tx, const struct act *act, const struct session_row *what,
                            const struct session_token *token)
{
    uint8_t hash[SM3_SIZE];
    const struct lifetime *life = lifetime_of(what->kind);
    struct session_row row = *what;
    hash_token(token->text, hash);
    row.token_hash = BYTES(hash);
    row.created_s = act->now_s;
    row.ends_s = act->now_s + life->whole_s;
    row.expires_s = act->now_s + life->idle_s;
    return tx_run(tx, STATEMENT_SESSION_INSERT, RECORD(session_row_shape, &row), NULL);
}

struct sms_login {
    const struct act *act;
    const char *mobile, *code, *origin;
    struct session_token token;
    struct account_row account;
    struct session_row row;
    enum error why; /* it is refused; ERROR_NONE: it is not */
    int left;
};

static struct result log_in(struct tx *tx, void *context)
{
    struct sms_login *l = context;
    struct key_row key = { .key = l->mobile };
    TRY(sms_check(tx, l->act, &(struct sms_try){ SMS_LOGIN, l->mobile, l->code }, &l->why, &l->left));
    if (l->why != ERROR_NONE) return OK; /* what was counted stays */
    struct result r = tx_one(tx, STATEMENT_ACCOUNT_BY_MOBILE, RECORD(key_row_shape, &key), l->act->arena,
                             &account_row_shape, &l->account);
    if (r.code == ERROR_NOT_FOUND) l->why = ERROR_ACCOUNT_NOT_OPEN; /* closed since the code was sent */
    if (r.code == ERROR_NOT_FOUND) return OK;
    TRY(r);
    if (!text_equal(l->account.state, "open")) l->why = ERROR_ACCOUNT_SUSPENDED;
    if (l->why != ERROR_NONE) return OK;
    l->row = (struct session_row){ .kind = "holder", .account = l->account.id, .name = l->account.name, .roles = "",
                                   .means = "sms", .origin = l->origin };
    TRY(session_begin(tx, l->act, &l->row, &l->token));
    struct act as = *l->act;
    as.name = l->account.name;
    as.account = l->account.id;
    return audit_write(tx, &as, "session.begin", "portal", "短信验证码登录");
}

static struct result describe(const struct act *act, const struct account_row *account, struct session *session)
{
    session->organization_name = account->organization_name;
    session->mobile = mask_mobile(act->arena, account->mobile);
    ENSURE(session->mobile, ERROR_OUT_OF_ROOM);
    return OK;
}

struct result session_login_sms(const struct act *act, const char *mobile, const char *code, const char *origin,
                                struct session *ret_session, struct session_token *ret_token)
{
    struct sms_login login = { .act = act, .mobile = mobile, .code = code, .origin = origin,
                               .token = session_token_make() };
    struct session session = { 0 };
    TRY(store_write(act->service->store, log_in, &login));
    if (login.why == ERROR_SMS_CODE_WRONG)
        return diag_field(act->diag, login.why, "code", "还可以再试 %d 次", login.left);
    ENSURE(login.why == ERROR_NONE, login.why);
    TRY(session_find(act, login.token.text, origin, &session));
    *ret_session = session;
    *ret_token = login.token;
    return OK;
}

/* ---- finding ---- */

struct finding {
    const struct act *act;
    struct key_row key;
    struct session *session;
};

static struct result check_account(struct tx *tx, const struct finding *f)
{
    struct key_row key = { .id = f->session->row.account };
    struct account_row account;
    TRY(tx_one(tx, STATEMENT_ACCOUNT_GET, RECORD(key_row_shape, &key), f->act->arena, &account_row_shape, &account));
    ENSURE(text_equal(account.state, "open"), ERROR_SESSION_OVER);
    f->session->row.name = account.name;
    return describe(f->act, &account, f->session);
}

static struct result check_certificate(struct tx *tx, const struct finding *f)
{
    struct key_row key = { .key = f->session->row.serial };
    struct certificate_row certificate;
    TRY(tx_one(tx, STATEMENT_CERTIFICATE_GET, RECORD(key_row_shape, &key), f->act->arena, &certificate_row_shape,
               &certificate));
    ENSURE(text_equal(certificate.state, "valid") && !certificate.transit, ERROR_SESSION_OVER);
    bool expired = f->act->now_s > certificate.not_after_s;
    ENSURE(!expired || text_equal(f->session->row.means, "usbkey-expired"), ERROR_SESSION_OVER);
    return OK;
}

static struct result check_operator(struct tx *tx, const struct finding *f)
{
    struct key_row key = { .key = f->session->row.serial };
    struct operator_row operator;
    TRY(tx_one(tx, STATEMENT_OPERATOR_GET, RECORD(key_row_shape, &key), f->act->arena, &operator_row_shape,
               &operator));
    ENSURE(text_equal(operator.state, "active"), ERROR_SESSION_OVER);
    f->session->row.name = operator.name;
    f->session->row.roles = operator.roles;
    return OK;
}

static struct result find(struct tx *tx, void *context)
{
    const struct finding *f = context;
    struct session_row *row = &f->session->row;
    TRY(tx_one(tx, STATEMENT_SESSION_GET, RECORD(key_row_shape, &f->key), f->act->arena, &session_row_shape, row));
    if (text_equal(row->kind, "operator")) return check_operator(tx, f);
    if (row->serial) TRY(check_certificate(tx, f));
    return check_account(tx, f);
}

/* A session in use is not written for each request, but once a minute. */
static struct result move_on(const struct act *act, struct session_row *row)
{
    int64_t expires_s = min(act->now_s + lifetime_of(row->kind)->idle_s, row->ends_s);
    if (expires_s - row->expires_s < SESSION_TOUCH_S) return OK;
    row->expires_s = expires_s;
    return store_change(act->service->store, STATEMENT_SESSION_TOUCH, RECORD(session_row_shape, row));
}

struct result session_find(const struct act *act, const char *token, const char *origin, struct session *ret_session)
{
    uint8_t hash[SM3_SIZE];
    struct session session = { 0 };
    ENSURE(strlen(token) == SESSION_TOKEN_LEN, ERROR_SESSION_OVER);
    hash_token(token, hash);
    struct finding finding = { act, { .hash = BYTES(hash), .at_s = act->now_s }, &session };
    struct result r = store_read(act->service->store, find, &finding);
    ENSURE(r.code != ERROR_NOT_FOUND, ERROR_SESSION_OVER);
    TRY(r);
    ENSURE(text_equal(session.row.origin, origin), ERROR_LOGIN_NEEDED); /* a session, but not here */
    r = move_on(act, &session.row);
    ENSURE(r.code != ERROR_STORE_CONFLICT, ERROR_SESSION_OVER); /* ended in between */
    TRY(r);
    memcpy(session.id.b, hash, sizeof session.id.b);
    *ret_session = session;
    return OK;
}

/* ---- ending ---- */

struct ending {
    const struct act *act;
    struct key_row key;
};

static struct result end(struct tx *tx, void *context)
{
    const struct ending *e = context;
    int64_t changed;
    TRY(tx_run(tx, STATEMENT_SESSION_DELETE, RECORD(key_row_shape, &e->key), &changed));
    return changed ? audit_write(tx, e->act, "session.end", "-", "退出登录") : OK;
}

struct result session_end(const struct act *act, const char *token)
{
    const struct service *service = act->service;
    uint8_t hash[SM3_SIZE];
    struct id id;
    hash_token(token, hash);
    struct ending ending = { act, { .hash = BYTES(hash) } };
    TRY(store_write(service->store, end, &ending));
    memcpy(id.b, hash, sizeof id.b);
    if (service->end) service->end(service->web, &id);
    return OK;
}

static struct result clean(struct tx *tx, void *context)
{
    const struct service *service = context;
    struct key_row key = { .at_s = clock_now(service->clock) };
    TRY(tx_run(tx, STATEMENT_SESSION_DELETE_OLD, RECORD(key_row_shape, &key), NULL));
    key.at_s -= HOUR_S; /* so long that a late answer is told that it is late */
    return tx_run(tx, STATEMENT_KEY_LOGIN_DELETE_OLD, RECORD(key_row_shape, &key), NULL);
}

struct result session_clean(struct service *service)
{
    return store_write(service->store, clean, service);
}

/* ---- what a session may enter ---- */

bool session_may_enter(const char *means, const char *service)
{
    static const struct {
        const char *service;
        bool sms, usbkey, expired;
    } doors[] = { { "apply", true, false, false },  { "renew", true, true, true },
                  { "unlock", true, false, false }, { "lost", true, false, false },
                  { "damaged", true, false, false }, { "revoke", true, true, false },
                  { "change", true, true, false } };
    for (size_t i = 0; i < COUNT(doors); i++)
        if (text_equal(doors[i].service, service))
            return text_equal(means, "sms")            ? doors[i].sms
                   : text_equal(means, "usbkey")         ? doors[i].usbkey
                   : text_equal(means, "usbkey-expired") ? doors[i].expired
                                                         : false;
    return false;
}

struct result session_check_whole(const struct act *act)
{
    ENSURE(act->kind != ACTOR_HOLDER || !text_equal(act->means, "usbkey-expired"), ERROR_SESSION_MEANS);
    return OK;
}
