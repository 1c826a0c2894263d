/* What is published: that it is signed by whom it should be, says how certificates stand, is made anew in time, and
 * comes back when it is lost. */
#include "tests.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "pki/published.h"
#include "signer/requests.h"
#include "signer/state.h"

enum { HOUR_S = 3600, MANY = 1000000 };

static const char more[] = "ocsp_url = http://status.example/ocsp\nspare_keys = 2\nnonces_second = 3\n";

static int setup(void **state)
{
    struct play *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->cast = cast_new(NOW);
    p->stage = stage_new(more);
    p->stage->now_s = NOW;
    assert_ok(stage_open(p->stage));
    p->peer = &p->stage->peer;
    cast_set_up(p->cast, p->peer);
    *state = p;
    return 0;
}

static void pass(struct play *p, int64_t seconds)
{
    p->stage->now_s += seconds;
    p->cast->now_s = p->stage->now_s;
}

static void work(struct play *p)
{
    assert_ok(publisher_work(p->stage->signer->publisher, MANY));
    assert_false(publisher_due(p->stage->signer->publisher));
}

static struct bytes file_at(struct play *p, const char *path)
{
    static uint8_t room[1 << 20];
    const char *whole = arena_format(p->cast->arena, "%s/publish/%s", p->stage->folder, path);
    FILE *f = fopen(whole, "rb");
    if (!f) return (struct bytes){ 0 };
    size_t len = fread(room, 1, sizeof room, f);
    fclose(f);
    return arena_bytes(p->cast->arena, bytes_of(room, len));
}

static const struct certificate *parsed(struct play *p, struct bytes der)
{
    struct certificate *c;
    assert_ok(certificate_parse(der, p->cast->arena, &c));
    return c;
}

static const struct certificate *issuing(struct play *p)
{
    return parsed(p, file_at(p, "ca/issuing.cer"));
}

/* The answer for C as a client would believe it. */
static struct ocsp_response answer_for(struct play *p, const struct certificate *c)
{
    char path[PUBLISHED_PATH_MAX];
    struct published_answer answer;
    struct ocsp_response response;
    published_answer_path("issuing", c->serial, path);
    assert_ok(published_answer_read(file_at(p, path), &answer));
    assert_ok(ocsp_parse(answer.response, &response));
    assert_ok(ocsp_check(&response, issuing(p), p->stage->now_s, p->cast->arena));
    assert_int_equal(response.count, ISSUER_ID_KINDS);
    for (size_t i = 0; i < response.count; i++) {
        assert_true(bytes_equal(response.singles[i].id.serial, c->serial));
        assert_int_equal(response.singles[i].status, response.singles[0].status);
    }
    return response;
}

static struct crl list_at(struct play *p, int64_t partition)
{
    char path[PUBLISHED_PATH_MAX];
    struct crl crl;
    published_crl_path("issuing", partition, path);
    assert_ok(crl_parse(file_at(p, path), &crl));
    assert_ok(crl_check(&crl, issuing(p), p->stage->now_s));
    return crl;
}

static uint64_t number_of(struct play *p, int64_t partition)
{
    const struct crl crl = list_at(p, partition);
    uint64_t number = 0;
    for (size_t i = 0; i < crl.number.len; i++) number = number << 8 | crl.number.ptr[i];
    return number;
}

struct pair {
    struct cast_order order;
    struct signer_issued issued;
    const struct certificate *signing, *encryption;
};

/* Its USBKey is on the way. */
static void send(struct play *p, struct pair *ret_pair)
{
    cast_order(p->cast, &ret_pair->order);
    cast_sign_order(p->cast, &ret_pair->order);
    assert_ok(cast_open(p->cast, p->peer, &ret_pair->order));
    assert_ok(cast_issue(p->cast, p->peer, &ret_pair->order, &ret_pair->issued));
    ret_pair->signing = parsed(p, ret_pair->issued.signing_certificate);
    ret_pair->encryption = parsed(p, ret_pair->issued.encryption_certificate);
}

static void receive(struct play *p, const struct pair *pair)
{
    assert_ok(cast_receive(p->cast, p->peer, &pair->order, &pair->issued));
}

/* It has come, and all of it is told. */
static void issue(struct play *p, struct pair *ret_pair)
{
    send(p, ret_pair);
    receive(p, ret_pair);
}

static void end_it(struct play *p, const struct pair *pair, const char *reason)
{
    struct signer_revoke ask;
    struct signer_revoked revoked;
    cast_revocation(p->cast, &pair->order, cast_serial(p->cast, pair->issued.signing_certificate), reason, &ask);
    assert_ok(cast_ask(p->cast, p->peer, SIGNER_REVOKE, &ask, &revoked));
}

static void hold(struct play *p, const struct pair *pair)
{
    struct signer_held held;
    const struct signer_hold ask = { random_id(), pair->order.approve[0].holder,
                                     cast_serial(p->cast, pair->issued.signing_certificate) };
    assert_ok(cast_ask(p->cast, p->peer, SIGNER_HOLD, &ask, &held));
}

/* ---- what is told ---- */

/* R-PKI-3: certificates name their partition; its list is there, empty, before anything is revoked. */
static void r_pki_3_certificates_name_their_list_and_it_is_there(void **state)
{
    struct play *p = *state;
    struct pair pair;
    issue(p, &pair);
    work(p);
    assert_true(bytes_equal(pair.signing->crl_url, bytes_text("http://status.example/issuing-0000.crl")));
    assert_true(bytes_equal(pair.encryption->crl_url, pair.signing->crl_url));
    const struct crl part = list_at(p, 0), full = list_at(p, -1);
    assert_true(bytes_equal(part.url, pair.signing->crl_url));
    assert_null(full.url.ptr);
    assert_int_equal(part.count + full.count, 0);
    assert_int_equal(answer_for(p, pair.signing).singles[0].status, OCSP_GOOD);
    assert_int_equal(answer_for(p, pair.encryption).singles[0].status, OCSP_GOOD);
    char path[PUBLISHED_PATH_MAX];
    published_certificate_path(pair.encryption->serial, path);
    assert_true(bytes_equal(file_at(p, path), pair.issued.encryption_certificate));
    published_certificate_path(pair.signing->serial, path);
    assert_true(bytes_equal(file_at(p, path), pair.issued.signing_certificate));
    assert_true(bytes_equal(issuing(p)->der, p->stage->signer->authority.issuing->der));
}

/* R-PKI-3: a revocation is in answer and list with time and reason; others of the list stand as they did. */
static void r_pki_3_revocation_is_told(void **state)
{
    struct play *p = *state;
    struct pair one, two;
    struct crl_entry entry;
    issue(p, &one);
    issue(p, &two);
    work(p);
    uint64_t before = number_of(p, 0);
    pass(p, 60);
    end_it(p, &one, "keyCompromise");
    work(p);
    const struct ocsp_single single = answer_for(p, one.signing).singles[0];
    assert_int_equal(single.status, OCSP_REVOKED);
    assert_int_equal(single.reason, CRL_KEY_COMPROMISE);
    assert_int_equal(single.revoked_s, NOW + 60);
    assert_int_equal(answer_for(p, two.signing).singles[0].status, OCSP_GOOD);
    const struct crl crl = list_at(p, 0);
    assert_int_equal(crl.count, 1);
    assert_true(crl_find(&crl, one.signing->serial, &entry));
    assert_int_equal(entry.reason, CRL_KEY_COMPROMISE);
    assert_int_equal(entry.revoked_s, NOW + 60);
    assert_true(number_of(p, 0) > before);
    assert_int_equal(list_at(p, -1).count, 0); /* the full one comes some minutes after the one before */
    pass(p, 300);
    work(p);
    assert_int_equal(list_at(p, -1).count, 1);
}

/* R-REVOKE-3: a hold is told, and its end. */
static void r_revoke_3_hold_and_release_are_told(void **state)
{
    struct play *p = *state;
    struct pair pair;
    struct crl_entry entry;
    struct signer_release ask = { .request = random_id() };
    struct signer_released released;
    issue(p, &pair);
    hold(p, &pair);
    work(p);
    assert_int_equal(answer_for(p, pair.signing).singles[0].reason, CRL_CERTIFICATE_HOLD);
    assert_int_equal(answer_for(p, pair.encryption).singles[0].status, OCSP_GOOD);
    struct crl crl = list_at(p, 0);
    assert_true(crl_find(&crl, pair.signing->serial, &entry));
    assert_int_equal(entry.reason, CRL_CERTIFICATE_HOLD);
    const struct cast_person *by = cast_person(p->cast, "审核员一");
    struct release_statement s = { .application = "20261124000000001", .holder = pair.order.approve[0].holder, .holder_name = "张三",
                                   .certificates = cast_serial(p->cast, pair.issued.signing_certificate),
                                   .nonce = cast_nonce(p->cast), .operator_serial = by->serial,
                                   .time = cast_time(p->cast, p->cast->now_s) };
    ask.statement1 = cast_text(p->cast, &release_statement_shape, &s);
    ask.signature1 = cast_sign(p->cast, &by->key, ask.statement1);
    pass(p, 5);
    assert_ok(cast_ask(p->cast, p->peer, SIGNER_RELEASE, &ask, &released));
    work(p);
    assert_int_equal(answer_for(p, pair.signing).singles[0].status, OCSP_GOOD);
    assert_int_equal(list_at(p, 0).count, 0);
}

/* R-SHIP-3: on hold in answers and list from the beginning, since it was issued, until the holder has it; a hold beside
 * changes nothing of it and outlives the receipt. */
static void r_ship_3_transit_and_receipt_are_told(void **state)
{
    struct play *p = *state;
    struct pair one, two;
    struct crl_entry entry;
    send(p, &one);
    send(p, &two);
    work(p);
    const struct certificate *const all[] = { one.signing, one.encryption, two.signing, two.encryption };
    struct crl crl = list_at(p, 0);
    assert_int_equal(crl.count, COUNT(all));
    for (size_t i = 0; i < COUNT(all); i++) {
        const struct ocsp_single single = answer_for(p, all[i]).singles[0];
        assert_int_equal(single.status, OCSP_REVOKED);
        assert_int_equal(single.reason, CRL_CERTIFICATE_HOLD);
        assert_int_equal(single.revoked_s, NOW);
        assert_true(crl_find(&crl, all[i]->serial, &entry));
        assert_int_equal(entry.reason, CRL_CERTIFICATE_HOLD);
    }
    pass(p, 60);
    hold(p, &two);
    work(p);
    assert_int_equal(answer_for(p, two.signing).singles[0].revoked_s, NOW); /* since then as before */
    receive(p, &one);
    receive(p, &two);
    work(p);
    assert_int_equal(answer_for(p, one.signing).singles[0].status, OCSP_GOOD);
    assert_int_equal(answer_for(p, one.encryption).singles[0].status, OCSP_GOOD);
    assert_int_equal(answer_for(p, two.signing).singles[0].reason, CRL_CERTIFICATE_HOLD);
    crl = list_at(p, 0);
    assert_int_equal(crl.count, 1);
    assert_true(crl_find(&crl, two.signing->serial, &entry));
    play_restart(p);
    work(p);
    assert_int_equal(answer_for(p, one.signing).singles[0].status, OCSP_GOOD);
    assert_int_equal(list_at(p, 0).count, 1);
}

/* R-PKI-3: what changed is told before what is new, and only what is synced; a list waits for a second at most. */
static void r_pki_3_changes_press(void **state)
{
    struct play *p = *state;
    struct publisher *publisher = p->stage->signer->publisher;
    struct pair one, two;
    issue(p, &one);
    work(p);
    end_it(p, &one, "superseded");
    send(p, &two);
    assert_true(publisher_presses(publisher));
    assert_ok(publisher_work(publisher, 1));
    assert_int_equal(answer_for(p, one.signing).singles[0].status, OCSP_REVOKED);
    assert_true(publisher_presses(publisher)); /* its list */
    assert_ok(publisher_work(publisher, 1));
    assert_int_equal(list_at(p, 0).count, 3); /* the new ones are in transit */
    assert_false(publisher_presses(publisher)); /* the new ones can wait, but not for ever */
    assert_true(publisher_due(publisher));
    pass(p, 5);
    assert_true(publisher_presses(publisher));
    work(p);
}

/* ---- time ---- */

/* R-PKI-3: answers and lists are renewed ahead of their end, the responder with them, and none outlives it. */
static void r_pki_3_everything_is_renewed_ahead(void **state)
{
    struct play *p = *state;
    struct pair one, two;
    issue(p, &one);
    issue(p, &two);
    end_it(p, &two, "superseded");
    work(p);
    const struct bytes first = answer_for(p, one.signing).certificate;
    uint64_t part = number_of(p, 0), full = number_of(p, -1);
    bool rotated = false;
    for (int hours = 0; hours < 24 * 20; hours += 12) {
        pass(p, 12 * HOUR_S);
        work(p);
        const struct ocsp_response response = answer_for(p, one.signing);
        const struct certificate *responder = parsed(p, response.certificate);
        assert_true(response.singles[0].next_update_s - p->stage->now_s >= 24 * HOUR_S);
        assert_true(response.singles[0].next_update_s <= responder->not_after_s);
        assert_true(list_at(p, 0).next_update_s - p->stage->now_s >= 3 * DAY_S);
        assert_true(p->stage->now_s - list_at(p, -1).this_update_s <= DAY_S);
        rotated |= !bytes_equal(response.certificate, first);
    }
    assert_true(rotated);
    assert_int_equal(answer_for(p, two.signing).singles[0].status, OCSP_REVOKED);
    assert_true(number_of(p, 0) > part && number_of(p, -1) > full);
    assert_true(cast_count(p->cast, p->peer, JOURNAL_RESPONDER) >= 3);
}

/* R-PKI-3: also where lists are to hold for a shorter time than answers. */
static void r_pki_3_short_lists_are_renewed_ahead(void **state)
{
    struct play *p = *state;
    struct pair pair;
    stage_set(p->stage, "crl_days = 1\nocsp_hours = 120\n");
    play_restart(p);
    issue(p, &pair);
    work(p);
    for (int hours = 0; hours < 24 * 4; hours++) {
        pass(p, HOUR_S);
        work(p);
        assert_true(list_at(p, 0).next_update_s - p->stage->now_s >= 3 * HOUR_S);
    }
}

/* What ended long ago is on no list and is not answered anew. */
static void certificates_that_ended_leave_the_lists(void **state)
{
    struct play *p = *state;
    struct pair pair;
    issue(p, &pair);
    end_it(p, &pair, "superseded");
    work(p);
    assert_int_equal(list_at(p, 0).count, 1);
    pass(p, pair.signing->not_after_s - NOW + DAY_S);
    work(p);
    assert_int_equal(list_at(p, 0).count, 1);
    assert_int_equal(list_at(p, -1).count, 1);
    pass(p, 32 * DAY_S);
    work(p);
    assert_int_equal(list_at(p, 0).count + list_at(p, -1).count, 0);
}

/* ---- restarts, losses ---- */

/* R-PKI-3: numbers rise across restarts, and what is published is not made anew without need. */
static void r_pki_3_numbers_rise_across_restarts(void **state)
{
    struct play *p = *state;
    struct pair one, two;
    issue(p, &one);
    issue(p, &two);
    end_it(p, &one, "superseded");
    work(p);
    uint64_t part = number_of(p, 0), full = number_of(p, -1);
    const struct bytes responder = answer_for(p, one.signing).certificate;
    play_restart(p);
    work(p);
    assert_int_equal(number_of(p, 0), part);
    assert_int_equal(number_of(p, -1), full);
    assert_true(bytes_equal(answer_for(p, two.signing).certificate, responder));
    for (int i = 0; i < 3; i++) {
        struct pair more_of_them;
        issue(p, &more_of_them);
        play_restart(p);
        end_it(p, &more_of_them, "superseded");
        work(p);
        assert_true(number_of(p, 0) > part);
        part = number_of(p, 0);
    }
    assert_int_equal(list_at(p, 0).count, 4);
}

/* What was recorded and not yet published when it ended is published after the restart. */
static void nothing_recorded_is_forgotten(void **state)
{
    struct play *p = *state;
    struct pair one, two;
    issue(p, &one);
    work(p);
    issue(p, &two);
    end_it(p, &one, "superseded");
    play_restart(p);
    work(p);
    assert_int_equal(answer_for(p, one.signing).singles[0].status, OCSP_REVOKED);
    assert_int_equal(answer_for(p, two.signing).singles[0].status, OCSP_GOOD);
    assert_int_equal(list_at(p, 0).count, 1);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

static bool is_published(struct play *p, const char *name)
{
    return access(arena_format(p->cast->arena, "%s/publish/%s", p->stage->folder, name), F_OK) == 0;
}

/* R-PKI-3: with the folder the numbers of before are gone; in the same second, whatever was made in it, no list is made
 * that could have one of theirs. */
static void a_lost_folder_comes_back(void **state)
{
    struct play *p = *state;
    struct pair one, two;
    issue(p, &one);
    issue(p, &two);
    end_it(p, &one, "superseded");
    work(p);
    uint64_t part = number_of(p, 0), full = number_of(p, -1);
    stage_close(p->stage);
    assert_int_equal(nftw(arena_format(p->cast->arena, "%s/publish", p->stage->folder), remove_one, 8,
                          FTW_DEPTH | FTW_PHYS), 0);
    play_restart(p);
    pass(p, -1);
    work(p);
    assert_false(is_published(p, "crl/issuing.crl"));
    assert_false(is_published(p, "crl/issuing-0000.crl"));
    pass(p, 1);
    work(p);
    assert_int_equal(answer_for(p, one.signing).singles[0].status, OCSP_REVOKED);
    assert_int_equal(answer_for(p, two.signing).singles[0].status, OCSP_GOOD);
    assert_true(number_of(p, 0) > part && number_of(p, -1) > full);
}

/* As after a crash between the responder's key and its certificate: a new pair is made, older answers stand. */
static void a_lost_responder_is_replaced(void **state)
{
    struct play *p = *state;
    struct pair pair;
    issue(p, &pair);
    work(p);
    const struct bytes before = answer_for(p, pair.signing).certificate;
    assert_int_equal(unlink(arena_format(p->cast->arena, "%s/signer/keys/ocsp-responder.key", p->stage->folder)), 0);
    play_restart(p);
    work(p);
    assert_true(bytes_equal(answer_for(p, pair.signing).certificate, before));
    end_it(p, &pair, "superseded");
    work(p);
    assert_false(bytes_equal(answer_for(p, pair.signing).certificate, before));
    assert_int_equal(cast_count(p->cast, p->peer, JOURNAL_RESPONDER), 2);
}

static void overwrite(struct play *p, const char *path, struct bytes with)
{
    FILE *f = fopen(arena_format(p->cast->arena, "%s/publish/%s", p->stage->folder, path), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(with.ptr, 1, with.len, f), with.len);
    fclose(f);
}

/* An older answer or list in the place of the newer one, nothing, or nonsense: made good at the next look. */
static void what_was_altered_is_made_good(void **state)
{
    struct play *p = *state;
    struct pair pair;
    char answer[PUBLISHED_PATH_MAX];
    issue(p, &pair);
    work(p);
    published_answer_path("issuing", pair.signing->serial, answer);
    const struct bytes old_answer = file_at(p, answer), old_list = file_at(p, "crl/issuing-0000.crl");
    end_it(p, &pair, "superseded");
    work(p);
    uint64_t part = number_of(p, 0);
    const struct bytes olds[][2] = { { old_answer, old_list }, { { (const uint8_t *)"", 0 }, { (const uint8_t *)"", 0 } },
                                     { bytes_text("HUFUOCS2"), bytes_text("nonsense") } };
    for (size_t i = 0; i < COUNT(olds); i++) {
        overwrite(p, answer, olds[i][0]);
        overwrite(p, "crl/issuing-0000.crl", olds[i][1]);
        pass(p, 1);
        play_restart(p);
        work(p);
        assert_int_equal(answer_for(p, pair.signing).singles[0].status, OCSP_REVOKED);
        assert_int_equal(list_at(p, 0).count, 1);
        assert_true(number_of(p, 0) > part);
        part = number_of(p, 0);
    }
}

/* A folder that cannot be written costs nothing but time. */
static void a_full_disk_is_tried_again(void **state)
{
    struct play *p = *state;
    struct pair pair;
    issue(p, &pair);
    work(p);
    const char *crl = arena_format(p->cast->arena, "%s/publish/crl", p->stage->folder);
    const char *away = arena_format(p->cast->arena, "%s/publish/away", p->stage->folder);
    assert_int_equal(rename(crl, away), 0);
    FILE *f = fopen(crl, "w"); /* a file where the folder should be */
    assert_non_null(f);
    fclose(f);
    end_it(p, &pair, "superseded");
    assert_ok(publisher_work(p->stage->signer->publisher, MANY));
    assert_false(publisher_due(p->stage->signer->publisher));
    assert_true(publisher_wait_ms(p->stage->signer->publisher) <= 2000);
    assert_int_equal(answer_for(p, pair.signing).singles[0].status, OCSP_REVOKED);
    assert_int_equal(unlink(crl), 0);
    assert_int_equal(rename(away, crl), 0);
    pass(p, 2);
    work(p);
    assert_int_equal(list_at(p, 0).count, 1);
}

/* R-PKI-3: whoever has not shown that the journal is the whole one makes nothing known by it. */
static void r_pki_3_nothing_is_told_before_the_peer_has_greeted(void **state)
{
    struct play *p = *state;
    struct pair pair;
    struct signer_state where;
    issue(p, &pair);
    work(p);
    end_it(p, &pair, "superseded");
    assert_ok(stage_open(p->stage));
    assert_false(publisher_due(p->stage->signer->publisher));
    assert_ok(publisher_work(p->stage->signer->publisher, MANY));
    assert_int_equal(answer_for(p, pair.signing).singles[0].status, OCSP_GOOD);
    assert_ok(stage_greet(p->stage, p->cast, &where));
    work(p);
    assert_int_equal(answer_for(p, pair.signing).singles[0].status, OCSP_REVOKED);
}

/* R-PKI-3: as the restart before, out of a snapshot of the state. */
static void r_pki_3_a_snapshot_has_how_certificates_stand(void **state)
{
    struct play *p = *state;
    struct pair one, two, three;
    issue(p, &one);
    issue(p, &two);
    hold(p, &one);
    work(p);
    end_it(p, &two, "keyCompromise"); /* is in the snapshot as not published yet */
    assert_ok(state_write(p->stage->signer));
    issue(p, &three);
    play_restart(p);
    assert_true(p->stage->signer->snapshot > 0);
    work(p);
    assert_int_equal(answer_for(p, one.signing).singles[0].reason, CRL_CERTIFICATE_HOLD);
    assert_int_equal(answer_for(p, two.signing).singles[0].reason, CRL_KEY_COMPROMISE);
    assert_int_equal(answer_for(p, three.signing).singles[0].status, OCSP_GOOD);
    assert_int_equal(list_at(p, 0).count, 2);
}

/* ---- nonces ---- */

/* R-PKI-3: a nonce comes back signed, about certificates of ours only, and so many a second. */
static void r_pki_3_nonces_are_answered_at_a_capped_rate(void **state)
{
    struct play *p = *state;
    struct publisher *publisher = p->stage->signer->publisher;
    struct pair pair;
    struct bytes der;
    struct ocsp_response response;
    uint8_t other[16] = { 1 };
    const struct bytes nonce = bytes_text("\x04\x08nonce-01");
    issue(p, &pair);
    struct publisher_nonce ask = { OCSP_HASH_SHA1, pair.signing->serial, nonce, true };
    assert_error(publisher_nonce(publisher, &ask, p->cast->arena, &der), ERROR_BUSY); /* no responder yet */
    work(p);
    static const enum ocsp_hash hashes[] = { OCSP_HASH_SHA1, OCSP_HASH_SHA256, OCSP_HASH_SM3 };
    for (size_t i = 0; i < COUNT(hashes); i++) {
        ask.hash = hashes[i];
        assert_ok(publisher_nonce(publisher, &ask, p->cast->arena, &der));
        assert_ok(ocsp_parse(der, &response));
        assert_ok(ocsp_check(&response, issuing(p), p->stage->now_s, p->cast->arena));
        assert_true(bytes_equal(response.nonce, nonce));
        assert_int_equal(response.singles[0].id.hash, hashes[i]);
        assert_int_equal(response.count, 1);
    }
    assert_error(publisher_nonce(publisher, &ask, p->cast->arena, &der), ERROR_BUSY);
    pass(p, 1);
    const struct publisher_nonce bad[] = { { OCSP_HASH_SM3, BYTES(other), nonce },
                                           { OCSP_HASH_OTHER, pair.signing->serial, nonce },
                                           { OCSP_HASH_SM3, pair.signing->serial, { 0 } } };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_error(publisher_nonce(publisher, &bad[i], p->cast->arena, &der), ERROR_NOT_FOUND);
    pass(p, 1);
    assert_ok(publisher_nonce(publisher, &ask, p->cast->arena, &der));
}

/* ---- the roll ---- */

static void the_roll_finds_and_remembers(void **state)
{
    struct roll *roll = roll_new();
    struct certified c = { .not_after_s = NOW };
    for (int i = 0; i < 5000; i++) {
        c.record = (uint64_t)(i / 2) * 3;
        c.serial[15] = (uint8_t)i;
        c.serial[14] = (uint8_t)(i >> 8);
        roll_add(roll, &c);
    }
    const struct bytes serial = bytes_text("00000000000000000000000000001001");
    assert_int_equal(roll_find(roll, (0x1001 / 2) * 3, serial), 0x1001);
    assert_int_equal(roll_find(roll, 1, serial), ROLL_NONE);
    assert_int_equal(roll_find(roll, (0x1003 / 2) * 3, serial), ROLL_NONE);
    assert_int_equal(roll_find(roll, UINT64_MAX, serial), ROLL_NONE);
    assert_int_equal(roll_find(roll, (0x1001 / 2) * 3, bytes_text("1001")), ROLL_NONE);
    assert_int_equal(roll_changed(roll), ROLL_NONE);
    roll_change(roll, 7, STANDING_REVOKED, CRL_SUPERSEDED, NOW);
    roll_change(roll, 3, STANDING_HELD, CRL_CERTIFICATE_HOLD, NOW);
    assert_int_equal(roll_changed(roll), 7);
    roll_changed_taken(roll);
    assert_int_equal(roll_changed(roll), 3);
    assert_int_equal(roll_at(roll, 7)->standing, STANDING_REVOKED);
    roll_free(roll);
}

#define PUBLISH(name) cmocka_unit_test_setup_teardown(name, setup, play_teardown)

int test_publish(void)
{
    const struct CMUnitTest tests[] = {
        PUBLISH(r_pki_3_certificates_name_their_list_and_it_is_there),
        PUBLISH(r_pki_3_revocation_is_told),
        PUBLISH(r_revoke_3_hold_and_release_are_told),
        PUBLISH(r_ship_3_transit_and_receipt_are_told),
        PUBLISH(r_pki_3_changes_press),
        PUBLISH(r_pki_3_everything_is_renewed_ahead),
        PUBLISH(r_pki_3_short_lists_are_renewed_ahead),
        PUBLISH(certificates_that_ended_leave_the_lists),
        PUBLISH(r_pki_3_numbers_rise_across_restarts),
        PUBLISH(nothing_recorded_is_forgotten),
        PUBLISH(a_lost_folder_comes_back),
        PUBLISH(a_lost_responder_is_replaced),
        PUBLISH(what_was_altered_is_made_good),
        PUBLISH(a_full_disk_is_tried_again),
        PUBLISH(r_pki_3_nothing_is_told_before_the_peer_has_greeted),
        PUBLISH(r_pki_3_a_snapshot_has_how_certificates_stand),
        PUBLISH(r_pki_3_nonces_are_answered_at_a_capped_rate),
        cmocka_unit_test(the_roll_finds_and_remembers),
    };
    return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
