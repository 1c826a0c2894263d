/* How fast our cryptography is: a line "name operations-per-second" each, by the processor's time, on one core. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/random.h"
#include "crypto/sm2.h"
#include "crypto/sm4.h"

enum { BLOCK = 16 * 1024, MESSAGE = 32, LOOK_EVERY = 16 };

struct bench {
    struct drbg drbg;
    struct sm2_private key;
    uint8_t signature[SM2_SIGNATURE_SIZE], sealed[MESSAGE + SM2_CIPHERTEXT_EXTRA], opened[MESSAGE], message[MESSAGE];
    uint8_t block[BLOCK], out[BLOCK], hash[SM3_SIZE];
    struct sm4 sm4;
};

static double processor_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(struct result r)
{
    if (failed(r)) abort();
}

/* ---- what is measured ---- */

static void sign(struct bench *b)
{
    struct result r = sm2_sign(&b->key, BYTES(b->message), &b->drbg, b->signature);
    if (r.code == ERROR_RESEED_NEEDED) {
        uint8_t entropy[32];
        random_fill(entropy, sizeof entropy);
        drbg_reseed(&b->drbg, BYTES(entropy));
        r = sm2_sign(&b->key, BYTES(b->message), &b->drbg, b->signature);
    }
    must(r);
}

static void verify(struct bench *b)
{
    must(sm2_verify(&b->key.public, BYTES(b->message), b->signature));
}

static void encrypt(struct bench *b)
{
    must(sm2_encrypt(&b->key.public, BYTES(b->message), &b->drbg, b->sealed));
}

static void decrypt(struct bench *b)
{
    must(sm2_decrypt(&b->key, BYTES(b->sealed), b->opened));
}

static void hash(struct bench *b)
{
    sm3_hash(BYTES(b->block), b->hash);
}

static void stream(struct bench *b)
{
    uint8_t counter[SM4_BLOCK] = { 0 };
    sm4_ctr(&b->sm4, counter, b->block, sizeof b->block, b->out);
}

static void measure(const char *name, void (*run)(struct bench *), struct bench *b, double seconds)
{
    unsigned long count = 0;
    double from = processor_s(), now = from;
    while (now - from < seconds) {
        for (int i = 0; i < LOOK_EVERY; i++) run(b);
        count += LOOK_EVERY;
        now = processor_s();
    }
    printf("%s %.1f\n", name, (double)count / (now - from));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    struct bench *b = calloc(1, sizeof *b);
    uint8_t entropy[48];
    if (!b) abort();
    random_fill(entropy, sizeof entropy);
    drbg_init(&b->drbg, bytes_of(entropy, 32), bytes_of(entropy + 32, 16), bytes_text("bench"));
    must(sm2_private_generate(&b->key, &b->drbg));
    random_fill(b->block, sizeof b->block);
    sm4_init(&b->sm4, b->block);
    sign(b);
    encrypt(b);
    measure("sm2-sign", sign, b, seconds);
    measure("sm2-verify", verify, b, seconds);
    measure("sm2-encrypt", encrypt, b, seconds);
    measure("sm2-decrypt", decrypt, b, seconds);
    measure("sm3-16k", hash, b, seconds);
    measure("sm4-ctr-16k", stream, b, seconds);
    free(b);
    return EXIT_SUCCESS;
}
