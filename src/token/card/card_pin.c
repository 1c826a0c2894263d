/* PINs and the issuer's authentication. A try is taken off, durably, before a PIN is looked at. */
#include "token/card/card_internal.h"
#include "token/card/card_sha1.h"

enum { MAC_SIZE = 4, P1_PLAIN_PIN = 1, ALGORITHM_SM4 = 2 };

const struct bytes card_initial_pin = { (const uint8_t *)"000000", 6 };

bool card_pin_length_good(struct bytes pin)
{
    if (pin.len < CARD_PIN_MIN || pin.len > CARD_PIN_MAX) return false;
    for (size_t i = 0; i < pin.len; i++)
        if (pin.ptr[i] < 0x21 || pin.ptr[i] > 0x7E) return false;
    return true;
}

/* ---- what anybody would try first (R-KEY-1) ---- */

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Every character is STEP further than the one before it; digits go round from 9 to 0. */
static bool is_run(struct bytes pin, int step)
{
    for (size_t i = 1; i < pin.len; i++) {
        int from = pin.ptr[i - 1], to = pin.ptr[i];
        bool round = is_digit(from) && is_digit(to) && (to - from - step) % 10 == 0;
        if (to - from != step && !round) return false;
    }
    return true;
}

/* Made of one piece of LEN characters again and again: 121212, 123123. */
static bool repeats(struct bytes pin, size_t len)
{
    for (size_t i = len; i < pin.len; i++)
        if (pin.ptr[i] != pin.ptr[i - len]) return false;
    return true;
}

/* 112233, 111222: blocks of one size whose characters are STEP apart. */
static bool stairs(struct bytes pin, size_t block, int step)
{
    if (pin.len % block) return false;
    for (size_t i = 1; i < pin.len; i++)
        if (pin.ptr[i] - pin.ptr[i - 1] != (i % block ? 0 : step)) return false;
    return true;
}

static bool is_listed(struct bytes pin)
{
    static const char *const list[] = {
        "147258",  "258369",   "147258369", "159357",     "159753",  "789456", "456123",    "789456123",
        "135790",  "246810",   "135246",    "520520",     "521521",  "520131", "5201314",   "1314520",
        "131452",  "112358",   "102030",    "100200",     "010203",  "abc123", "123abc",    "a12345",
        "a123456", "123456a",  "aa123456",  "123qwe",     "qwe123",  "qwerty", "qwerty123", "asdfgh",
        "zxcvbn",  "1q2w3e",   "1q2w3e4r",  "1qaz2wsx",   "q1w2e3",  "passwd", "password",  "admin123",
        "pass123", "iloveyou", "woaini",    "woaini1314", "p@ssw0rd"
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct bytes known = bytes_text(list[i]);
        if (known.len != pin.len) continue;
        bool same = true;
        for (size_t k = 0; k < pin.len; k++) {
            uint8_t c = pin.ptr[k];
            if (c >= 'A' && c <= 'Z') c = (uint8_t)(c + 'a' - 'A');
            if (c != known.ptr[k]) same = false;
        }
        if (same) return true;
    }
    return false;
}

bool card_pin_weak(struct bytes pin)
{
    for (int step = -2; step <= 2; step++)
        if (is_run(pin, step)) return true;
    for (size_t len = 1; len <= 3; len++)
        if (repeats(pin, len)) return true;
    for (size_t block = 2; block <= 4; block++)
        if (stairs(pin, block, 1) || stairs(pin, block, -1)) return true;
    return is_listed(pin);
}

/* ---- the value that is kept ---- */

static void value_2012(struct bytes text, uint8_t ret_value[SM4_KEY_SIZE])
{
    uint8_t padded[CARD_PIN_MAX] = { 0 }, hash[CARD_SHA1_SIZE];
    memcpy(padded, text.ptr, text.len < sizeof padded ? text.len : sizeof padded);
    card_sha1(BYTES(padded), hash);
    memcpy(ret_value, hash, SM4_KEY_SIZE);
    secret_wipe(padded, sizeof padded);
    secret_wipe(hash, sizeof hash);
}

static void value_of(const struct card_pin *pin, struct bytes text, uint8_t ret_value[SM3_SIZE])
{
    memset(ret_value, 0, SM3_SIZE);
    if (pin->kind == CARD_PIN_2012) value_2012(text, ret_value);
    else sm3_hmac(BYTES(pin->salt), text, ret_value);
}

void card_pin_set(struct card *card, struct card_pin *pin, uint8_t kind, struct bytes text, bool initial)
{
    pin->kind = kind;
    pin->initial = initial;
    pin->must_change = initial && bytes_equal(text, card_initial_pin);
    pin->tries = pin->tries_max;
    card_random(card, pin->salt, sizeof pin->salt);
    value_of(pin, text, pin->value);
}

void card_log_out(struct card *card, uint8_t application)
{
    for (size_t i = 0; i < COUNT(card->channels); i++) {
        card->channels[i].apps_user &= (uint8_t) ~(1u << application);
        card->channels[i].apps_admin &= (uint8_t) ~(1u << application);
    }
}

/* ---- tries ---- */

static struct card_pin *pin_of(struct card_application *a, uint8_t type)
{
    return type == CARD_USER ? &a->user : &a->admin;
}

/* Takes a try off and makes that last. */
static uint16_t take_try(struct card *card, struct card_pin *pin)
{
    CARD_ENSURE(pin->kind != CARD_PIN_NONE, SW_NOT_NOW);
    CARD_ENSURE(pin->tries > 0, SW_LOCKED);
    pin->tries--;
    return card_commit(card);
}

/* What a comparison came to: tries are given back, or what is left is said. Not yet committed when right. */
static uint16_t settle(struct card *card, struct card_application *a, struct card_pin *pin, bool right)
{
    if (right) {
        pin->tries = pin->tries_max;
        return SW_OK;
    }
    if (pin->tries > 0) return (uint16_t)(SW_TRIES | pin->tries);
    card_log_out(card, card_application_index(card, a));
    return SW_LOCKED;
}

static uint16_t check_text(struct card *card, struct card_application *a, struct card_pin *pin,
                           struct bytes text)
{
    uint8_t value[SM3_SIZE];
    CARD_TRY(take_try(card, pin));
    value_of(pin, text, value);
    bool right = secret_equal(value, pin->value, sizeof value);
    secret_wipe(value, sizeof value);
    return settle(card, a, pin, right);
}

uint16_t card_take_challenge(struct card_channel *channel, uint8_t ret_challenge[CARD_CHALLENGE_SIZE])
{
    CARD_ENSURE(channel->has_challenge, SW_REFERENCE);
    channel->has_challenge = false;
    memcpy(ret_challenge, channel->challenge, CARD_CHALLENGE_SIZE);
    return SW_OK;
}

/* ---- MAC of the 2012 commands ---- */

/* CBC-MAC over header, length, data, 80, zeros; the IV is the challenge and 8 zeros. */
static void mac_of(const struct card_call *call, const uint8_t key[SM4_KEY_SIZE],
                   const uint8_t challenge[CARD_CHALLENGE_SIZE], size_t length, struct bytes data,
                   uint8_t ret_mac[SM4_BLOCK])
{
    uint8_t head[6], block[SM4_BLOCK] = { 0 };
    size_t at = 0;
    struct sm4 sm4;
    struct writer w = writer_of(head, sizeof head);
    write_bytes(&w, call->header);
    write_u16(&w, (uint16_t)length);
    memset(ret_mac, 0, SM4_BLOCK);
    memcpy(ret_mac, challenge, CARD_CHALLENGE_SIZE);
    sm4_init(&sm4, key);
    for (size_t i = 0; i < sizeof head + data.len + 1; i++) {
        block[at++] = i < sizeof head              ? head[i]
                      : i < sizeof head + data.len ? data.ptr[i - sizeof head]
                                                   : 0x80;
        if (at < SM4_BLOCK && i < sizeof head + data.len) continue;
        memset(block + at, 0, SM4_BLOCK - at);
        sm4_cbc_encrypt(&sm4, ret_mac, block, SM4_BLOCK, block);
        at = 0;
    }
    sm4_wipe(&sm4);
}

uint16_t card_check_mac(const struct card_call *call, const uint8_t key[SM4_KEY_SIZE],
                        const uint8_t challenge[CARD_CHALLENGE_SIZE], struct bytes data, struct bytes mac)
{
    /* Implementations differ in whether the length counts the MAC: both are taken. */
    uint8_t without[SM4_BLOCK], with[SM4_BLOCK];
    mac_of(call, key, challenge, data.len, data, without);
    mac_of(call, key, challenge, data.len + MAC_SIZE, data, with);
    bool as_without = secret_equal(without, mac.ptr, MAC_SIZE), as_with = secret_equal(with, mac.ptr, MAC_SIZE);
    return as_without || as_with ? SW_OK : SW_PROTECTED;
}

/* ---- VerifyPIN ---- */

/* The 2012 form: SM4-ECB(K, challenge ‖ 0^8). */
static uint16_t verify_2012(struct card *card, struct card_call *call, struct card_application *a,
                            struct card_pin *pin, struct bytes proof)
{
    uint8_t challenge[SM4_BLOCK] = { 0 }, expected[SM4_BLOCK];
    struct sm4 sm4;
    CARD_ENSURE(pin->kind == CARD_PIN_2012, SW_SECURITY);
    CARD_TRY(card_take_challenge(call->channel, challenge));
    CARD_TRY(take_try(card, pin));
    sm4_init(&sm4, pin->value);
    sm4_ecb_encrypt(&sm4, challenge, sizeof challenge, expected);
    sm4_wipe(&sm4);
    return settle(card, a, pin, secret_equal(expected, proof.ptr, sizeof expected));
}

uint16_t card_verify_pin(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    CARD_ENSURE(call->p2 <= CARD_USER && call->p1 <= P1_PLAIN_PIN, SW_P1P2);
    struct card_pin *pin = pin_of(a, call->p2);
    struct bytes rest = read_bytes(&call->in, call->in.left);
    uint8_t bit = (uint8_t)(1u << card_application_index(card, a));
    uint16_t sw;
    call->channel->apps_user &= (uint8_t)(call->p2 == CARD_USER ? ~bit : 0xFF);
    call->channel->apps_admin &= (uint8_t)(call->p2 == CARD_USER ? 0xFF : ~bit);
    if (call->p1 == P1_PLAIN_PIN) {
        CARD_ENSURE(call->channel_number != 0, SW_SECURITY);
        CARD_ENSURE(rest.len >= 1 && rest.len <= CARD_PIN_MAX, SW_LENGTH);
        sw = check_text(card, a, pin, rest);
    } else {
        CARD_ENSURE(rest.len == SM4_BLOCK, SW_LENGTH);
        sw = verify_2012(card, call, a, pin, rest);
    }
    CARD_TRY(sw);
    CARD_TRY(card_commit(card));
    if (call->p2 == CARD_USER) call->channel->apps_user |= bit;
    else call->channel->apps_admin |= bit;
    return SW_OK;
}

/* ---- ChangePIN, UnblockPIN ---- */

/* A new PIN: 000000 is taken only where somebody else's is set (unblocking). */
static uint16_t check_new(struct bytes pin, bool for_other)
{
    CARD_ENSURE(card_pin_length_good(pin), SW_DATA);
    if (for_other && bytes_equal(pin, card_initial_pin)) return SW_OK;
    return card_pin_weak(pin) ? SW_WEAK_PIN : SW_OK;
}

struct two_pins {
    struct bytes first, second; /* the one that proves, the new one */
    uint8_t buffer[SM4_BLOCK];
};

/* Plain form, in a protected channel: length and PIN, twice. */
static uint16_t read_plain(struct card_call *call, struct two_pins *pins)
{
    CARD_ENSURE(call->channel_number != 0, SW_SECURITY);
    pins->first = read_bytes(&call->in, read_u8(&call->in));
    pins->second = read_bytes(&call->in, read_u8(&call->in));
    CARD_ENSURE(card_read_all(&call->in) && pins->first.len <= CARD_PIN_MAX, SW_LENGTH);
    return SW_OK;
}

/* 2012 form: E_K(new PIN padded to 16) ‖ MAC4, K of the PIN that proves. The application's number is part of
 * what the MAC covers. Takes the try, and settles it by the MAC. */
static uint16_t open_2012(struct card *card, struct card_call *call, struct card_application *a,
                          struct card_pin *prover, struct bytes all, struct two_pins *pins)
{
    uint8_t challenge[CARD_CHALLENGE_SIZE];
    struct sm4 sm4;
    CARD_ENSURE(prover->kind == CARD_PIN_2012, SW_SECURITY);
    CARD_ENSURE(call->cla & 4, SW_CLA);
    CARD_ENSURE(all.len == 2 + SM4_BLOCK + MAC_SIZE, SW_LENGTH);
    CARD_TRY(card_take_challenge(call->channel, challenge));
    CARD_TRY(take_try(card, prover));
    struct bytes covered = bytes_of(all.ptr, 2 + SM4_BLOCK), mac = bytes_of(all.ptr + covered.len, MAC_SIZE);
    bool right = card_check_mac(call, prover->value, challenge, covered, mac) == SW_OK;
    CARD_TRY(settle(card, a, prover, right));
    sm4_init(&sm4, prover->value);
    sm4_ecb_decrypt(&sm4, all.ptr + 2, SM4_BLOCK, pins->buffer);
    sm4_wipe(&sm4);
    size_t len = SM4_BLOCK;
    while (len > 0 && pins->buffer[len - 1] == 0) len--;
    pins->second = bytes_of(pins->buffer, len);
    return SW_OK;
}

/* PROVER is the PIN that must be given, CHANGED the one that is set. */
static uint16_t replace(struct card *card, struct card_call *call, struct card_application *a,
                        struct card_pin *prover, struct card_pin *changed, struct bytes all)
{
    struct two_pins pins = { 0 };
    bool for_other = prover != changed;
    uint16_t sw, proved;
    if (call->p1 == P1_PLAIN_PIN) {
        CARD_TRY(read_plain(call, &pins));
        CARD_TRY(check_new(pins.second, for_other)); /* said before a try is spent */
        CARD_TRY(check_text(card, a, prover, pins.first));
        sw = proved = SW_OK;
    } else {
        CARD_TRY(open_2012(card, call, a, prover, all, &pins));
        proved = SW_OK;
        sw = check_new(pins.second, for_other);
    }
    bool same = false;
    if (sw == SW_OK && !for_other) {
        uint8_t value[SM3_SIZE];
        value_of(changed, pins.second, value);
        same = secret_equal(value, changed->value, sizeof value);
        secret_wipe(value, sizeof value);
    }
    if (same) sw = SW_WEAK_PIN;
    if (sw == SW_OK) {
        bool initial = for_other && bytes_equal(pins.second, card_initial_pin);
        card_pin_set(card, changed, changed->kind, pins.second, initial);
        card_log_out(card, card_application_index(card, a));
    }
    secret_wipe(&pins, sizeof pins);
    /* Also when the new PIN is refused: the tries that were given back. */
    if (proved == SW_OK) CARD_TRY(card_commit(card));
    return sw;
}

uint16_t card_change_pin(struct card *card, struct card_call *call)
{
    struct bytes all = bytes_of(call->in.ptr, call->in.left);
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    CARD_ENSURE(call->p2 <= CARD_USER && call->p1 <= P1_PLAIN_PIN, SW_P1P2);
    struct card_pin *pin = pin_of(a, call->p2);
    return replace(card, call, a, pin, pin, all);
}

uint16_t card_unblock_pin(struct card *card, struct card_call *call)
{
    struct bytes all = bytes_of(call->in.ptr, call->in.left);
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    CARD_ENSURE(call->p1 <= P1_PLAIN_PIN && call->p2 == 0, SW_P1P2);
    return replace(card, call, a, &a->admin, &a->user, all);
}

uint16_t card_pin_info(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(call->p2 <= CARD_USER, SW_P1P2);
    const struct card_pin *pin = pin_of(a, call->p2);
    write_u8(&call->out, pin->tries_max);
    write_u8(&call->out, pin->tries);
    write_u8(&call->out, pin->initial);
    return SW_OK;
}

uint16_t card_clear_state(struct card *card, struct card_call *call)
{
    struct card_application *a = card_read_application(card, call);
    CARD_ENSURE(a, SW_APPLICATION_ID);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    uint8_t bit = (uint8_t)(1u << card_application_index(card, a));
    call->channel->apps_user &= (uint8_t)~bit;
    call->channel->apps_admin &= (uint8_t)~bit;
    return SW_OK;
}

/* ---- rights ---- */

uint16_t card_need_user(const struct card *card, const struct card_call *call,
                        const struct card_application *a)
{
    CARD_ENSURE(call->channel->apps_user & 1u << card_application_index(card, a), SW_SECURITY);
    return a->user.must_change ? SW_MUST_CHANGE : SW_OK;
}

uint16_t card_need_writer(const struct card *card, const struct card_call *call,
                          const struct card_application *a, const struct card_container *c)
{
    const uint8_t taking = CARD_MAKING | CARD_PROVED;
    if (a->stage == CARD_STAGE_PRODUCTION || (c->attributes & taking) == taking) return SW_OK;
    return card_need_user(card, call, a);
}

uint16_t card_need_right(const struct card *card, const struct card_call *call,
                         const struct card_application *a, uint32_t right)
{
    bool admin = call->channel->apps_admin & 1u << card_application_index(card, a);
    if (right == CARD_RIGHT_ANYONE) return SW_OK;
    if ((right & CARD_RIGHT_ADMIN) && admin) return SW_OK;
    return right & CARD_RIGHT_USER ? card_need_user(card, call, a) : SW_SECURITY;
}

/* ---- the issuer ---- */

uint16_t card_gen_random(struct card *card, struct card_call *call)
{
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_ENSURE(call->expected > 0 && call->expected <= call->out.room - call->out.len, SW_LE);
    uint8_t *at = call->out.ptr + call->out.len;
    card_random(card, at, call->expected);
    call->out.len += call->expected;
    if (call->expected >= CARD_CHALLENGE_SIZE) {
        memcpy(call->channel->challenge, at, CARD_CHALLENGE_SIZE);
        call->channel->has_challenge = true;
    }
    return SW_OK;
}

uint16_t card_device_auth(struct card *card, struct card_call *call)
{
    uint8_t challenge[CARD_CHALLENGE_SIZE], expected[SM4_BLOCK], answer[SM4_BLOCK];
    CARD_ENSURE(call->p2 == ALGORITHM_SM4, SW_NOT_SUPPORTED);
    read_copy(&call->in, answer, sizeof answer);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    CARD_TRY(card_take_challenge(call->channel, challenge));
    card_device_answer(card->state.device_key, challenge, expected);
    call->channel->issuer = secret_equal(expected, answer, sizeof expected);
    secret_wipe(expected, sizeof expected);
    return call->channel->issuer ? SW_OK : SW_SECURITY;
}

/* E(new key) ‖ MAC4 under the present key; or, in a protected channel, the new key itself. */
uint16_t card_change_device_key(struct card *card, struct card_call *call)
{
    uint8_t challenge[CARD_CHALLENGE_SIZE];
    struct sm4 sm4;
    CARD_ENSURE(call->p2 == ALGORITHM_SM4 && call->p1 <= P1_PLAIN_PIN, SW_P1P2);
    CARD_ENSURE(call->p1 == P1_PLAIN_PIN || call->cla & 4, SW_CLA);
    struct bytes key = read_bytes(&call->in, SM4_KEY_SIZE);
    struct bytes mac = read_bytes(&call->in, call->p1 == P1_PLAIN_PIN ? 0 : MAC_SIZE);
    CARD_ENSURE(card_read_all(&call->in), SW_LENGTH);
    if (call->p1 == P1_PLAIN_PIN) {
        CARD_ENSURE(call->channel_number != 0, SW_SECURITY);
        memcpy(card->state.device_key, key.ptr, SM4_KEY_SIZE);
        return card_commit(card);
    }
    CARD_TRY(card_take_challenge(call->channel, challenge));
    CARD_TRY(card_check_mac(call, card->state.device_key, challenge, key, mac));
    sm4_init(&sm4, card->state.device_key);
    sm4_ecb_decrypt(&sm4, key.ptr, SM4_KEY_SIZE, card->state.device_key);
    sm4_wipe(&sm4);
    return card_commit(card);
}
