/* What is not asked for in its phase and form ends the connection, and is written to the journal. */
#include "takeover.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"

enum { DEADLINE_MS = 20000 };

/* ---- a connection of one's own ---- */

static void send_message(int socket, uint16_t type, struct bytes body)
{
    const struct ipc_message m = { .type = type, .id = 1, .body = body, .fd = -1 };
    assert_ok(ipc_write(socket, &m));
}

static void send_record(int socket, uint16_t type, const struct shape *shape, const void *record)
{
    const struct ipc_message m = { .type = type, .id = 1, .fd = -1 };
    assert_ok(ipc_write_record(socket, &m, shape, record));
}

static enum error answer_to(int socket)
{
    static uint8_t buffer[IPC_MESSAGE_MAX];
    struct ipc_message m;
    assert_ok(ipc_read(socket, buffer, &m));
    return m.error;
}

/* The signer answers PEER_BROKE, hangs up and ends; the next one finds a JOURNAL_CLOSED for it. */
static void hung_up(struct scene *s, int socket)
{
    static uint8_t buffer[IPC_MESSAGE_MAX];
    struct ipc_message m;
    struct signer_state where;
    assert_int_equal(answer_to(socket), ERROR_PEER_BROKE);
    assert_int_equal(ipc_read(socket, buffer, &m).code, ERROR_IPC_CLOSED);
    close(socket);
    assert_int_equal(stage_wait(s->stage), 1);
    stage_start(s->stage, takeover_program, NULL);
    assert_ok(stage_greet(s->stage, s->cast, &where));
    struct cast_record last = cast_journal(s->cast, s->peer, where.size - 1);
    assert_int_equal(last.type, JOURNAL_CLOSED);
    assert_int_equal(stage_stop(s->stage), 0);
}

/* A sealed signer that has just been started; with STATE already asked unless HELLO. */
static int connect_bare(struct scene *s, bool greeted)
{
    const struct signer_peer nothing = { 0 };
    if (s->stage->pid) assert_int_equal(stage_stop(s->stage), 0);
    int socket = stage_start_bare(s->stage, takeover_program);
    if (!greeted) return socket;
    send_record(socket, SIGNER_STATE, &signer_peer_shape, &nothing);
    assert_int_equal(answer_to(socket), ERROR_NONE);
    return socket;
}

/* ---- phases ---- */

static void setting_up_is_over_with_the_seal(void **state)
{
    struct scene *s = *state;
    struct cast_card *card = cast_card(s->cast, NULL);
    const struct signer_begin begin = { "虎符测试", "CN", "a", "b", "c", s->cast->maker->der, BYTES(s->cast->transport) };
    const struct signer_first_card first = { card->serial, bytes_of("challeng", 8), card->certificate };
    const struct signer_first_operator operator = { .name = "x", .roles = "administrator", .card = card->serial };
    for (int greeted = 0; greeted < 2; greeted++) {
        int socket = connect_bare(s, greeted);
        send_record(socket, SIGNER_BEGIN, &signer_begin_shape, &begin);
        hung_up(s, socket);
        socket = connect_bare(s, greeted);
        send_record(socket, SIGNER_PREPARE, &signer_begin_shape, &begin);
        hung_up(s, socket);
        socket = connect_bare(s, greeted);
        send_record(socket, SIGNER_FIRST_CARD, &signer_first_card_shape, &first);
        hung_up(s, socket);
        socket = connect_bare(s, greeted);
        send_record(socket, SIGNER_FIRST_OPERATOR, &signer_first_operator_shape, &operator);
        hung_up(s, socket);
        socket = connect_bare(s, greeted);
        send_message(socket, SIGNER_SEAL, (struct bytes){ 0 });
        hung_up(s, socket);
    }
}

static void nothing_is_served_before_the_peer_says_where_it_stands(void **state)
{
    struct scene *s = *state;
    const struct signer_range range = { 0, 1 };
    struct cast_order order;
    cast_order(s->cast, &order);
    cast_sign_order(s->cast, &order);
    int socket = connect_bare(s, false);
    send_record(socket, SIGNER_CARD, &signer_card_shape, &order.open);
    hung_up(s, socket);
    socket = connect_bare(s, false);
    send_record(socket, SIGNER_ISSUE, &signer_issue_shape, &order.issue);
    hung_up(s, socket);
    socket = connect_bare(s, false);
    send_record(socket, SIGNER_JOURNAL, &signer_range_shape, &range);
    hung_up(s, socket);
}

/* A peer whose copy of the journal is longer, or another one, is refused, and stays unserved. */
static void r_ops_6_peer_with_another_journal_is_refused(void **state)
{
    struct scene *s = *state;
    struct signer_state where;
    uint8_t root[32] = { 0 };
    assert_ok(stage_greet(s->stage, s->cast, &where));
    const struct signer_peer good = { where.size, where.root }, all[] = { { where.size + 1, where.root },
                                                                          { where.size, BYTES(root) },
                                                                          { where.size, { 0 } },
                                                                          { 1, where.root },
                                                                          { -1, { 0 } } };
    for (size_t i = 0; i < COUNT(all); i++) {
        int socket = connect_bare(s, false);
        send_record(socket, SIGNER_STATE, &signer_peer_shape, &all[i]);
        assert_int_equal(answer_to(socket), ERROR_JOURNAL_MISMATCH);
        send_message(socket, SIGNER_REVOKE, (struct bytes){ 0 });
        hung_up(s, socket);
    }
    int socket = connect_bare(s, false);
    send_record(socket, SIGNER_STATE, &signer_peer_shape, &good);
    assert_int_equal(answer_to(socket), ERROR_NONE);
    close(socket);
    assert_int_equal(stage_wait(s->stage), 0);
}

static void an_empty_journal_takes_nothing_but_its_beginning(void **state)
{
    struct scene *s = *state;
    struct stage *fresh = stage_new(NULL);
    const uint16_t types[] = { SIGNER_STATE, SIGNER_JOURNAL, SIGNER_CARD, SIGNER_ISSUE, SIGNER_REVOKE, SIGNER_OPERATOR,
                               SIGNER_PROOF, SIGNER_FIRST_CARD, SIGNER_FIRST_OPERATOR, SIGNER_SEAL };
    for (size_t i = 0; i < COUNT(types); i++) {
        int socket = stage_start_bare(fresh, takeover_program);
        send_message(socket, types[i], (struct bytes){ 0 });
        assert_int_equal(answer_to(socket), ERROR_PEER_BROKE);
        close(socket);
        assert_int_equal(stage_wait(fresh), 1);
    }
    stage_start(fresh, takeover_program, NULL);
    cast_set_up(s->cast, &fresh->peer);
    stage_free(fresh);
}

/* What `hufu init` might send by mistake: refused in words, and it may try again. */
static void setting_up_with_wrong_fields(void **state)
{
    struct scene *s = *state;
    struct stage *fresh = stage_new(NULL);
    struct cast_card *card = cast_card(s->cast, NULL);
    const struct signer_begin good = { "虎符测试", "CN", "虎符根 CA", "虎符签发 CA", "虎符操作员 CA", s->cast->maker->der,
                                       BYTES(s->cast->transport) };
    struct signer_begin bad[] = { good, good, good, good, good, good, good };
    uint8_t forged[CERTIFICATE_MAX];
    memcpy(forged, s->cast->maker->der.ptr, s->cast->maker->der.len);
    forged[s->cast->maker->der.len - 1] ^= 1;
    bad[0].organization = NULL;
    bad[1].root_name = "";
    bad[2].country = "cn";
    bad[3].maker_transport_key.len = 15;
    bad[4].maker_certificate = card->certificate; /* no CA */
    bad[5].maker_certificate = bytes_of(forged, s->cast->maker->der.len);
    bad[6].maker_certificate = (struct bytes){ 0 };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct signer_state where;
        stage_start(fresh, takeover_program, NULL);
        assert_int_equal(cast_ask(s->cast, &fresh->peer, SIGNER_BEGIN, &bad[i], &where).code, ERROR_BEGIN_FIELD);
        assert_int_equal(stage_stop(fresh), 0);
    }
    struct signer_state where;
    struct signer_card_opened opened;
    struct signer_operator_done done;
    stage_start(fresh, takeover_program, NULL);
    assert_ok(cast_begin(s->cast, &fresh->peer, &where));
    struct signer_first_card first = { NULL, bytes_of("challeng", 8), card->certificate };
    assert_int_equal(cast_ask(s->cast, &fresh->peer, SIGNER_FIRST_CARD, &first, &opened).code, ERROR_BEGIN_FIELD);
    first.card = card->serial;
    first.challenge.len = 7;
    assert_int_equal(cast_ask(s->cast, &fresh->peer, SIGNER_FIRST_CARD, &first, &opened).code, ERROR_STATEMENT);
    struct sm2_private key;
    assert_ok(sm2_private_generate(&key, &s->cast->drbg));
    const struct signer_first_operator person = { "甲", "administrator", card->serial, BYTES(key.public.point),
                                                  cast_attest(s->cast, card, &key.public), card->certificate };
    struct signer_first_operator wrong = person;
    wrong.name = NULL;
    assert_int_equal(cast_ask(s->cast, &fresh->peer, SIGNER_FIRST_OPERATOR, &wrong, &done).code, ERROR_BEGIN_FIELD);
    wrong = person;
    wrong.roles = "emperor";
    assert_int_equal(cast_ask(s->cast, &fresh->peer, SIGNER_FIRST_OPERATOR, &wrong, &done).code, ERROR_BEGIN_FIELD);
    wrong = person;
    wrong.attestation = cast_attest(s->cast, card, &s->cast->maker_key.public);
    assert_int_equal(cast_ask(s->cast, &fresh->peer, SIGNER_FIRST_OPERATOR, &wrong, &done).code, ERROR_CARD_ATTESTATION);
    assert_ok(cast_ask(s->cast, &fresh->peer, SIGNER_FIRST_OPERATOR, &person, &done));
    assert_int_equal(cast_ask(s->cast, &fresh->peer, SIGNER_FIRST_OPERATOR, &person, &done).code, ERROR_KEY_REPEATED);
    stage_free(fresh);
}

static void setting_up_needs_two_administrators(void **state)
{
    struct scene *s = *state;
    struct stage *fresh = stage_new(NULL);
    struct signer_state where;
    stage_start(fresh, takeover_program, NULL);
    assert_ok(cast_begin(s->cast, &fresh->peer, &where));
    assert_ok(cast_first_operator(s->cast, &fresh->peer, "甲", "administrator", NULL));
    assert_int_equal(cast_ask(s->cast, &fresh->peer, SIGNER_SEAL, NULL, &where).code, ERROR_REGISTER_SHORT);
    assert_ok(cast_first_operator(s->cast, &fresh->peer, "甲", "administrator", NULL)); /* the same person again */
    assert_int_equal(cast_ask(s->cast, &fresh->peer, SIGNER_SEAL, NULL, &where).code, ERROR_REGISTER_SHORT);
    assert_ok(cast_first_operator(s->cast, &fresh->peer, "乙", "administrator", NULL));
    assert_int_equal(stage_stop(fresh), 0);
    stage_start(fresh, takeover_program, NULL);
    assert_ok(cast_ask(s->cast, &fresh->peer, SIGNER_SEAL, NULL, &where));
    stage_free(fresh);
}

/* ---- garbage ---- */

static void messages_that_do_not_exist(void **state)
{
    struct scene *s = *state;
    static const uint16_t types[] = { 0, 1, 0xFF, 0x150, 0x1FF, 0x200, 0x300, 0x400, 0xFFFF };
    for (size_t i = 0; i < COUNT(types); i++) {
        int socket = connect_bare(s, true);
        send_message(socket, types[i], bytes_text("anything"));
        hung_up(s, socket);
    }
}

static void bodies_that_are_malformed(void **state)
{
    struct scene *s = *state;
    static const uint16_t types[] = { SIGNER_STATE, SIGNER_JOURNAL, SIGNER_CARD, SIGNER_ISSUE, SIGNER_REVOKE,
                                      SIGNER_OPERATOR, SIGNER_PROOF };
    static uint8_t large[IPC_MESSAGE_MAX - IPC_HEADER_SIZE];
    random_fill(large, sizeof large);
    for (size_t i = 0; i < COUNT(types); i++) {
        const struct bytes bodies[] = { { 0 }, bytes_of(large, 1), bytes_of(large, 300), BYTES(large) };
        for (size_t k = 0; k < COUNT(bodies); k++) {
            int socket = connect_bare(s, true);
            send_message(socket, types[i], bodies[k]);
            hung_up(s, socket);
        }
    }
    /* Something behind a good body, and a body cut short. */
    uint8_t body[17] = { 0 };
    int socket = connect_bare(s, true);
    send_message(socket, SIGNER_JOURNAL, BYTES(body));
    hung_up(s, socket);
    socket = connect_bare(s, true);
    send_message(socket, SIGNER_JOURNAL, bytes_of(body, 15));
    hung_up(s, socket);
}

/* Each byte of a good request changed: refused, or hung up on; never a certificate. */
static void requests_with_one_byte_changed(void **state)
{
    struct scene *s = *state;
    struct cast_order order;
    static uint8_t room[IPC_MESSAGE_MAX];
    opened_order(s, &order);
    struct writer w = writer_of(room, sizeof room);
    shape_write(&signer_issue_shape, &order.issue, &w);
    /* Beyond the id of the request, which may be any. */
    for (size_t at = ID_SIZE; at < w.len; at += 37) {
        int socket = connect_bare(s, true);
        room[at] ^= 0x01;
        send_message(socket, SIGNER_ISSUE, bytes_of(room, w.len));
        room[at] ^= 0x01;
        assert_int_not_equal(answer_to(socket), ERROR_NONE);
        close(socket);
        (void)stage_wait(s->stage);
    }
    stage_start(s->stage, takeover_program, NULL);
    struct signer_state where;
    struct signer_issued issued;
    assert_ok(stage_greet(s->stage, s->cast, &where));
    assert_int_equal(cast_count(s->cast, s->peer, JOURNAL_ISSUED), 0);
    assert_ok(cast_issue(s->cast, s->peer, &order, &issued));
}

static void ranges_beyond_the_journal(void **state)
{
    struct scene *s = *state;
    struct signer_entries entries;
    struct signer_proof proof;
    int64_t size = cast_journal_size(s->cast, s->peer);
    const struct signer_range journal[] = { { size + 1, 1 }, { -1, 1 }, { 0, -1 }, { INT64_MIN, INT64_MAX } };
    const struct signer_range proofs[] = { { 0, 0 },  { size, size },          { 0, size + 1 },
                                           { -1, 1 }, { INT64_MAX, INT64_MIN }, { 0, INT64_MAX } };
    for (size_t i = 0; i < COUNT(journal); i++)
        assert_int_equal(cast_ask(s->cast, s->peer, SIGNER_JOURNAL, &journal[i], &entries).code, ERROR_NOT_FOUND);
    for (size_t i = 0; i < COUNT(proofs); i++)
        assert_int_equal(cast_ask(s->cast, s->peer, SIGNER_PROOF, &proofs[i], &proof).code, ERROR_NOT_FOUND);
    const struct signer_range all = { 0, INT64_MAX };
    assert_ok(cast_ask(s->cast, s->peer, SIGNER_JOURNAL, &all, &entries));
    assert_int_equal(entries.count, size);
}

/* A flood of refusals does not fill the disk, and what was left out is counted; restarting does not help. */
static void a_flood_of_refusals_is_measured(void **state)
{
    struct scene *s = *state;
    struct stage *small = stage_new("refusals_hour = 10\n");
    struct signer_revoke ask = { { { 0 } } };
    struct signer_revoked done;
    struct signer_state where;
    stage_start(small, takeover_program, NULL);
    cast_set_up(s->cast, &small->peer);
    int64_t before = cast_journal_size(s->cast, &small->peer);
    for (int i = 0; i < 100; i++) {
        ask.request = random_id();
        assert_true(failed(cast_ask(s->cast, &small->peer, SIGNER_REVOKE, &ask, &done)));
        if (i != 50) continue;
        assert_int_equal(stage_stop(small), 0);
        stage_start(small, takeover_program, NULL);
        assert_ok(stage_greet(small, s->cast, &where));
    }
    /* Ten; twenty when a full hour struck meanwhile. */
    int64_t written = cast_journal_size(s->cast, &small->peer) - before;
    assert_true(written == 10 || written == 20);
    stage_free(small);
}

int takeover_protocol(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(setting_up_is_over_with_the_seal),
        SCENE(nothing_is_served_before_the_peer_says_where_it_stands),
        SCENE(r_ops_6_peer_with_another_journal_is_refused),
        SCENE(an_empty_journal_takes_nothing_but_its_beginning),
        SCENE(setting_up_with_wrong_fields),
        SCENE(setting_up_needs_two_administrators),
        SCENE(messages_that_do_not_exist),
        SCENE(bodies_that_are_malformed),
        SCENE(requests_with_one_byte_changed),
        SCENE(ranges_beyond_the_journal),
        SCENE(a_flood_of_refusals_is_measured),
    };
    return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
