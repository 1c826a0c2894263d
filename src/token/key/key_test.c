/* test: whether a key and its certificates do what a login needs. Changes nothing in the key. */
#include <stdio.h>

#include "base/clock.h"
#include "pki/certificate.h"
#include "token/key/key_commands.h"

struct outcome {
    struct key_run *run;
    int bad;
};

static void tell(struct outcome *o, const char *zh, const char *en, bool good, const char *words)
{
    o->bad += !good;
    if (o->run->out.json) {
        key_out_open(&o->run->out, NULL, NULL, false);
        key_out_text(&o->run->out, "check", en, bytes_text(en));
        key_out_text(&o->run->out, "result", en, bytes_text(good ? "passed" : "failed"));
        key_out_text(&o->run->out, "words", en, bytes_text(words));
        key_out_close(&o->run->out, false);
    } else
        printf("%s  %s%s%s\n", key_words(good ? "通过" : "失败", good ? "passed" : "failed"), key_words(zh, en),
               *words ? key_words("：", ": ") : "", words);
}

static void tell_result(struct outcome *o, const char *zh, const char *en, struct result r)
{
    const struct error_entry *e = failed(r) ? error_find(r.code) : NULL;
    const char *words = !e ? "" : r.code == ERROR_KEY_SAID ? key_sar_words(o->run->sar) : key_words(e->zh, e->en);
    tell(o, zh, en, !failed(r), words);
}

static struct result check_random(struct key_place *place)
{
    uint8_t a[32] = { 0 }, b[32] = { 0 };
    struct key_run *run = place->run;
    ENSURE(run->library.f.GenRandom, ERROR_KEY_LIBRARY);
    TRY(key_said(run, run->library.f.GenRandom(place->device, a, sizeof a)));
    TRY(key_said(run, run->library.f.GenRandom(place->device, b, sizeof b)));
    ENSURE(!bytes_equal(BYTES(a), BYTES(b)), ERROR_KEY_CONFORMANCE);
    return OK;
}

/* The certificate is for the key that the container has, and valid today. */
static struct result check_certificate(struct key_place *place, bool signing)
{
    static const struct clock clock = { clock_system, 0 };
    struct arena *arena CLEANUP(arena_free_p) = arena_new(1 << 20);
    struct certificate *c;
    uint8_t der[KEY_CERTIFICATE_MAX], point[64];
    size_t len;
    TRY(key_certificate(place, signing, der, &len));
    TRY(certificate_parse(bytes_of(der, len), arena, &c));
    TRY(key_public(place, signing, point));
    ENSURE(bytes_equal(BYTES(point), BYTES(c->key.point)), ERROR_KEY_CONFORMANCE);
    ENSURE(clock_now(&clock) >= c->not_before_s, ERROR_CERTIFICATE_NOT_YET);
    ENSURE(clock_now(&clock) <= c->not_after_s, ERROR_CERTIFICATE_EXPIRED);
    return OK;
}

struct result key_test(struct key_run *run)
{
    struct key_place place CLEANUP(key_place_close) = { .run = run };
    struct outcome o = { .run = run };
    uint8_t signature[64];
    TRY(key_connect(run, run->options.key, &place));
    TRY(key_open_application(&place));
    TRY(key_open_container(&place));
    TRY(key_log_in(&place));
    key_out_open(&run->out, NULL, NULL, true);
    tell_result(&o, "随机数", "random numbers", check_random(&place));
    tell_result(&o, "签名证书", "signing certificate", check_certificate(&place, true));
    struct result r = check_certificate(&place, false);
    if (r.code != ERROR_KEY_NONE) tell_result(&o, "加密证书", "encryption certificate", r);
    static const char text[] = "hufu-key test\n";
    tell_result(&o, "签名和验签", "signature, verified", key_sign_message(&place, bytes_text(text), signature));
    key_out_close(&run->out, true);
    return o.bad ? FAIL(ERROR_KEY_CONFORMANCE) : OK;
}
