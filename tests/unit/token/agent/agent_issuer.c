/* What a CA answers during production and unlock, for tests of the agent (tests/api/test_agent.py): the keys are made
 * of fixed seeds, the rest is the real thing. Prints JSON.
 *   agent-issuer open MAKER-FOLDER SERIAL CHALLENGE-HEX CARD-CERTIFICATE-BASE64
 *   agent-issuer certificates PUBLIC-KEY-HEX COMMON-NAME
 *   agent-issuer unlock SERIAL CHALLENGE-HEX
 *   agent-issuer verify CERTIFICATE-BASE64 SIGNATURE-BASE64      statement on standard input; exit 0 or 1
 *   agent-issuer fake FOLDER                                     key and certificate for the test libraries */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "pki/card_keys.h"
#include "pki/enveloped.h"
#include "pki/issue.h"

static const uint8_t master_key[32] = { 0x4D };

static void check(bool good, const char *what)
{
    if (good) return;
    fprintf(stderr, "agent-issuer: %s\n", what);
    exit(2);
}

static void make_drbg(struct drbg *drbg, bool fixed)
{
    uint8_t seed[DRBG_ENTROPY_MIN] = { 9 };
    if (!fixed) random_fill(seed, sizeof seed);
    drbg_init(drbg, BYTES(seed), (struct bytes){ 0 }, (struct bytes){ 0 });
}

static struct bytes from_hex(struct arena *arena, const char *text, size_t len)
{
    struct bytes b = { 0 };
    check(!failed(text_from_hex(arena, text, &b)) && b.len == len, "hex");
    return b;
}

static struct bytes from_base64(struct arena *arena, const char *text)
{
    struct bytes b = { 0 };
    check(!failed(text_from_base64(arena, text, &b)), "base64");
    return b;
}

static void open_card(struct arena *arena, char **argv)
{
    char path[1024];
    uint8_t transport[16], device_key[CARD_KEY_SIZE], answer[SM4_BLOCK], admin_key[CARD_KEY_SIZE];
    uint8_t sealed[CARD_ADMIN_SEALED_SIZE];
    snprintf(path, sizeof path, "%s/transport.key", argv[0]);
    FILE *f = fopen(path, "rb");
    check(f && fread(transport, 1, sizeof transport, f) == sizeof transport, path);
    fclose(f);
    struct bytes serial = bytes_text(argv[1]);
    card_device_key(BYTES(transport), serial, device_key);
    card_device_answer(device_key, from_hex(arena, argv[2], CARD_CHALLENGE_SIZE).ptr, answer);
    struct certificate *card = NULL;
    check(!failed(certificate_parse(from_base64(arena, argv[3]), arena, &card)), "card certificate");
    card_admin_key(BYTES(master_key), serial, admin_key);
    struct drbg drbg;
    make_drbg(&drbg, false);
    check(!failed(card_admin_seal(public_key_as_sm2(&card->key), 1, admin_key, &drbg, sealed)), "seal");
    printf("{\"device_answer\":\"%s\",\"admin_sealed\":\"%s\"}\n", text_base64(arena, BYTES(answer)),
           text_base64(arena, BYTES(sealed)));
}

/* An issuing CA of fixed keys, and what it issues now. */
struct ca {
    struct arena *arena;
    struct drbg drbg;
    struct sm2_private root_key, issuing_key;
    struct certificate *root, *issuing;
};

static struct bytes issue(struct ca *ca, const struct profile *profile, const struct certificate_fields *fields,
                          const struct certificate *issuer, const struct sm2_private *key)
{
    struct issuance issuance = { profile, fields, issuer, signing_key_sm2(key) };
    struct diag diag = { 0 };
    struct bytes der = { 0 };
    check(!failed(certificate_issue(&issuance, &ca->drbg, ca->arena, &diag, &der)), diag.log);
    return der;
}

/* Shorter the lower: made a second later, a certificate must still lie within its issuer's validity. */
enum { ROOT_YEARS = 20, ISSUING_YEARS = 10, LEAF_YEARS = 1 };

static struct certificate_fields fields_of(const struct sm2_public *key, const char *name, int years)
{
    static const struct clock clock = { clock_system, 0 };
    int64_t from_s = clock_now(&clock) - DAY_S; /* valid on the day of the test */
    struct certificate_fields f = {
        .subject = { .country = "CN", .organization = "虎符", .common_name = name },
        .key = public_key_sm2(key),
        .not_before_s = from_s,
        .not_after_s = certificate_validity_end(from_s, years),
    };
    if (years > LEAF_YEARS) return f;
    f.credit_code = "91350100M000100Y43";
    f.crl_url = "http://status.example/issuing.crl";
    f.ocsp_url = "http://status.example/ocsp";
    f.ca_url = "http://status.example/issuing.cer";
    f.policy = "2.5.29.32.0";
    return f;
}

static void make_ca(struct ca *ca, struct arena *arena)
{
    ca->arena = arena;
    make_drbg(&ca->drbg, true);
    check(!failed(sm2_private_generate(&ca->root_key, &ca->drbg)), "root key");
    check(!failed(sm2_private_generate(&ca->issuing_key, &ca->drbg)), "issuing key");
    struct certificate_fields f = fields_of(&ca->root_key.public, "测试根 CA", ROOT_YEARS);
    struct bytes der = issue(ca, &profile_root_ca, &f, NULL, &ca->root_key);
    check(!failed(certificate_parse(der, arena, &ca->root)), "root");
    f = fields_of(&ca->issuing_key.public, "测试签发 CA", ISSUING_YEARS);
    f.crl_url = "http://status.example/root.crl";
    der = issue(ca, &profile_issuing_ca, &f, ca->root, &ca->root_key);
    check(!failed(certificate_parse(der, arena, &ca->issuing)), "issuing");
    drbg_done(&ca->drbg);
    make_drbg(&ca->drbg, false); /* serial numbers and keys of leaves differ each time */
}

static void certificates(struct arena *arena, char **argv)
{
    struct ca ca;
    struct sm2_public signing;
    struct sm2_private encryption;
    uint8_t blob[ENVELOPED_KEY_SIZE];
    make_ca(&ca, arena);
    check(!failed(sm2_public_init(&signing, from_hex(arena, argv[0], SM2_POINT_SIZE).ptr)), "public key");
    check(!failed(sm2_private_generate(&encryption, &ca.drbg)), "encryption key");
    struct certificate_fields f = fields_of(&signing, argv[1], LEAF_YEARS);
    struct bytes first = issue(&ca, &profile_holder_signing, &f, ca.issuing, &ca.issuing_key);
    f.key = public_key_sm2(&encryption.public);
    struct bytes second = issue(&ca, &profile_holder_encryption, &f, ca.issuing, &ca.issuing_key);
    check(!failed(enveloped_key_seal(&encryption, &signing, &ca.drbg, blob)), "envelope");
    struct certificate *parsed = NULL;
    check(!failed(certificate_parse(first, arena, &parsed)), "certificate");
    printf("{\"signing_certificate\":\"%s\",\"encryption_certificate\":\"%s\",\"enveloped_key\":\"%s\","
           "\"serial\":\"%s\"}\n", text_base64(arena, first), text_base64(arena, second), text_base64(arena, BYTES(blob)),
           certificate_serial_text(parsed, arena));
}

static void unlock(struct arena *arena, char **argv)
{
    static const uint8_t approval[SM3_SIZE] = { 1 };
    uint8_t admin_key[CARD_KEY_SIZE], answer[CARD_UNLOCK_ANSWER_SIZE];
    card_admin_key(BYTES(master_key), bytes_text(argv[0]), admin_key);
    card_unlock_answer(admin_key, bytes_text(argv[0]), from_hex(arena, argv[1], CARD_UNLOCK_CHALLENGE_SIZE).ptr, approval,
                       answer);
    printf("{\"answer\":\"%s\"}\n", text_hex(arena, BYTES(answer)));
}

static void verify(struct arena *arena, char **argv)
{
    static char statement[8192];
    size_t len = fread(statement, 1, sizeof statement, stdin);
    struct certificate *certificate = NULL;
    check(!failed(certificate_parse(from_base64(arena, argv[0]), arena, &certificate)), "certificate");
    struct bytes signature = from_base64(arena, argv[1]);
    check(signature.len == SM2_SIGNATURE_SIZE, "signature");
    exit(failed(public_key_verify(&certificate->key, bytes_of(statement, len), signature.ptr)) ? 1 : 0);
}

static void write_file(const char *folder, const char *name, struct bytes content)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    check(f && fwrite(content.ptr, 1, content.len, f) == content.len && fclose(f) == 0, path);
}

static void fake(struct arena *arena, char **argv)
{
    struct ca ca;
    struct sm2_private key;
    uint8_t d[SM2_KEY_SIZE];
    make_ca(&ca, arena);
    check(!failed(sm2_private_generate(&key, &ca.drbg)), "key");
    sm2_private_bytes(&key, d);
    struct certificate_fields f = fields_of(&key.public, "测试一", true);
    struct bytes der = issue(&ca, &profile_holder_signing, &f, ca.issuing, &ca.issuing_key);
    struct certificate *parsed = NULL;
    check(!failed(certificate_parse(der, arena, &parsed)), "certificate");
    write_file(argv[0], "key", BYTES(d));
    write_file(argv[0], "certificate", der);
    printf("{\"serial\":\"%s\",\"certificate\":\"%s\"}\n", certificate_serial_text(parsed, arena),
           text_base64(arena, der));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int arguments;
        void (*run)(struct arena *, char **);
    } commands[] = { { "open", 4, open_card }, { "certificates", 2, certificates }, { "unlock", 2, unlock },
                     { "verify", 2, verify },  { "fake", 1, fake } };
    struct arena *arena CLEANUP(arena_free_p) = arena_new(16 << 20);
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (argc != 2 + commands[i].arguments || strcmp(argv[1], commands[i].name) != 0) continue;
        commands[i].run(arena, argv + 2);
        return 0;
    }
    fputs("agent-issuer: see its source\n", stderr);
    return 2;
}
