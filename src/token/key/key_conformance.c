#include "token/key/key_conformance.h"

#include <stdio.h>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/sm4.h"
#include "token/key/key_file.h"

/* ---- the table ---- */

static void print_row(struct conformance *c, const char *function, const char *what, const char *got,
                      const char *verdict_zh, const char *verdict_en)
{
    if (c->run->out.json) {
        struct key_out *out = &c->run->out;
        key_out_open(out, NULL, NULL, false);
        key_out_text(out, "function", "function", bytes_text(function));
        key_out_text(out, "what", "what", bytes_text(what));
        key_out_text(out, "got", "got", bytes_text(got));
        key_out_text(out, "verdict", "verdict", bytes_text(verdict_en));
        key_out_close(out, false);
    } else printf("%-10s %-38s %-34s %s\n", key_words(verdict_zh, verdict_en), function, what, got);
}

bool conformance_row(struct conformance *c, const char *function, const char *what, uint32_t got,
                     uint32_t wanted)
{
    char number[64];
    const char *name = key_sar_name(got), *wanted_name = key_sar_name(wanted);
    bool good = wanted == ANY_ERROR ? got != SAR_OK : got == wanted;
    if (good) snprintf(number, sizeof number, "%s", name ? name : "");
    else
        snprintf(number, sizeof number, "%s 0x%08x, %s", name ? name : "", (unsigned)got,
                 wanted == ANY_ERROR ? "an error"
                 : wanted_name       ? wanted_name
                                     : "?");
    c->same += good;
    c->differ += !good;
    print_row(c, function, what, number, good ? "相符" : "不符", good ? "same" : "different");
    return good;
}

bool conformance_value(struct conformance *c, const char *function, const char *what, bool good)
{
    c->same += good;
    c->differ += !good;
    print_row(c, function, what, "", good ? "相符" : "不符", good ? "same" : "different");
    return good;
}

bool conformance_missing(struct conformance *c, const char *function)
{
    c->missing++;
    print_row(c, function, "", "", "缺少", "missing");
    return false;
}

/* ---- functions that are there ---- */

static void list_missing(struct conformance *c)
{
    for (size_t i = 0; i < key_entry_count; i++) {
        void (*function)(void);
        memcpy(&function, (const char *)c->f + key_entries[i].offset, sizeof function);
        if (!function) conformance_missing(c, key_entries[i].name);
    }
}

static void rsa(struct conformance *c)
{
    uint8_t blob[KEY_BLOB_ROOM] = { 0 };
    /* A token may have RSA; then it takes a handle to use it. */
    CALL(c, GenExtRSAKey, "without a device", ANY_ERROR, NULL, 2048, blob);
    CALL(c, GenRSAKeyPair, "without a container", ANY_ERROR, NULL, 2048, blob);
}

/* ---- what needs a key but writes nothing ---- */

static void enumeration(struct conformance *c)
{
    char names[KEY_LIST_MAX] = "";
    skf_out length = { 0, 0 }, small = { 1, 0 }, state = { 99, 0 };
    CALL(c, EnumDev, "length asked for", SAR_OK, 1, NULL, &length);
    conformance_value(c, "SKF_EnumDev", "length of a list with a key",
                      length.low > 2 && length.low < sizeof names);
    CALL(c, EnumDev, "buffer of one byte", SAR_BUFFER_TOO_SMALL, 1, names, &small);
    length.low = sizeof names;
    CALL(c, EnumDev, "list", SAR_OK, 1, names, &length);
    CALL(c, GetDevState, "of the key", SAR_OK, c->run->options.key, &state);
    conformance_value(c, "SKF_GetDevState", "present", state.low == DEV_PRESENT_STATE);
    skf_handle device = NULL;
    CALL(c, ConnectDev, "a key that is not there", ANY_ERROR, "no such key", &device);
}

static void device(struct conformance *c)
{
    uint8_t info[SKF_INFO_ROOM] = { 0 }, random[48] = { 0 }, zeros[48] = { 0 };
    static const uint8_t command[] = { 0x80, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00 };
    uint8_t answer[1024];
    skf_out length = { sizeof answer, 0 };
    CALL(c, GetDevInfo, "of the key", SAR_OK, c->device, info);
    conformance_value(c, "SKF_GetDevInfo", "serial number", info[SKF_INFO_SERIAL] != 0);
    conformance_value(c, "SKF_GetDevInfo", "SM3 among the digests",
                      key_info_number(c->library, info, 2) & SGD_SM3);
    CALL(c, GenRandom, "48 bytes", SAR_OK, c->device, random, sizeof random);
    conformance_value(c, "SKF_GenRandom", "bytes came", !bytes_equal(BYTES(random), BYTES(zeros)));
    CALL(c, LockDev, "free device", SAR_OK, c->device, 1000);
    CALL(c, UnlockDev, "locked device", SAR_OK, c->device);
    CALL(c, Transmit, "GetDevInfo as a command", SAR_OK, c->device, command, sizeof command, answer, &length);
    CALL(c, CancelWaitForDevEvent, "nobody waits", SAR_OK);
}

/* Handles that were never given out. */
static void bad_handles(struct conformance *c)
{
    uint8_t bytes[256];
    skf_out length = { sizeof bytes, 0 };
    CALL(c, GenRandom, "no handle", ANY_ERROR, NULL, bytes, 8);
    CALL(c, GetDevInfo, "no handle", ANY_ERROR, NULL, bytes);
    CALL(c, ClearSecureState, "no handle", ANY_ERROR, NULL);
    CALL(c, ECCSignData, "no handle", ANY_ERROR, NULL, bytes, 32, bytes);
    CALL(c, DigestFinal, "no handle", ANY_ERROR, NULL, bytes, &length);
    CALL(c, CloseHandle, "no handle", ANY_ERROR, NULL);
}

static void digests(struct conformance *c)
{
    static const char message[] = "abc";
    uint8_t expected[SM3_SIZE], got[SM3_SIZE] = { 0 }, blob[KEY_BLOB_ROOM] = { 0 };
    skf_handle hash = NULL;
    skf_out length = { 0, 0 };
    sm3_hash(bytes_text(message), expected);
    if (!CALL(c, DigestInit, "SM3", SAR_OK, c->device, SGD_SM3, NULL, NULL, 0, &hash)) return;
    CALL(c, Digest, "length asked for", SAR_OK, hash, message, 3, NULL, &length);
    conformance_value(c, "SKF_Digest", "length 32", length.low == SM3_SIZE);
    CALL(c, Digest, "abc", SAR_OK, hash, message, 3, got, &length);
    conformance_value(c, "SKF_Digest", "SM3 of abc", bytes_equal(BYTES(got), BYTES(expected)));
    CALL(c, CloseHandle, "digest", SAR_OK, hash);
    key_public_blob(c->library, c->outside.public.point, blob);
    sm2_digest(&c->outside.public, bytes_text(message), expected);
    CALL(c, DigestInit, "with key and identity", SAR_OK, c->device, SGD_SM3, blob, "1234567812345678", 16,
         &hash);
    CALL(c, DigestUpdate, "a", SAR_OK, hash, message, 1);
    CALL(c, DigestUpdate, "bc", SAR_OK, hash, message + 1, 2);
    length.low = sizeof got;
    CALL(c, DigestFinal, "in pieces", SAR_OK, hash, got, &length);
    conformance_value(c, "SKF_DigestInit", "Z before the message", bytes_equal(BYTES(got), BYTES(expected)));
    CALL(c, CloseHandle, "digest", SAR_OK, hash);
}

/* SM2 with a key that the program brings. */
static void outside_keys(struct conformance *c)
{
    uint8_t digest[SM3_SIZE] = { 1, 2, 3 }, signature[64], blob[128], public[KEY_BLOB_ROOM] = { 0 };
    uint8_t private[KEY_BLOB_ROOM] = { 0 }, d[32], cipher[KEY_BLOB_ROOM] = { 0 }, plain[64] = { 0 };
    skf_out length = { sizeof plain, 0 };
    key_public_blob(c->library, c->outside.public.point, public);
    sm2_private_bytes(&c->outside, d);
    key_private_blob(c->library, d, private);
    IGNORE(sm2_sign_digest(&c->outside, digest, &c->drbg, signature)); /* a bad one would not verify below */
    key_signature_blob(signature, blob);
    CALL(c, ECCVerify, "signature made here", SAR_OK, c->device, public, digest, 32, blob);
    CALL(c, ExtECCVerify, "signature made here", SAR_OK, c->device, public, digest, 32, blob);
    digest[0] ^= 1;
    CALL(c, ECCVerify, "of another digest", ANY_ERROR, c->device, public, digest, 32, blob);
    if (CALL(c, ExtECCSign, "with a key brought along", SAR_OK, c->device, private, digest, 32, blob))
        conformance_value(c, "SKF_ExtECCSign", "verifies here",
                          key_signature_read(blob, signature) &&
                              !failed(sm2_verify_digest(&c->outside.public, digest, signature)));
    if (CALL(c, ExtECCEncrypt, "11 bytes", SAR_OK, c->device, public, "eleven byte", 11, cipher)) {
        CALL(c, ExtECCDecrypt, "of them", SAR_OK, c->device, private, cipher, plain, &length);
        conformance_value(c, "SKF_ExtECCDecrypt", "the same 11 bytes",
                          length.low == 11 && bytes_equal(bytes_of(plain, 11), bytes_text("eleven byte")));
        cipher[2 * 64] ^= 1;
        CALL(c, ExtECCDecrypt, "of an altered one", ANY_ERROR, c->device, private, cipher, plain, &length);
    }
    secret_wipe(d, sizeof d);
}

void conformance_device(struct conformance *c)
{
    enumeration(c);
    device(c);
    bad_handles(c);
    digests(c);
    outside_keys(c);
}

/* ---- the run ---- */

static struct result prepare(struct conformance *c)
{
    uint8_t entropy[DRBG_ENTROPY_MIN + 16];
    random_fill(entropy, sizeof entropy);
    drbg_init(&c->drbg, BYTES(entropy), (struct bytes){ 0 }, (struct bytes){ 0 });
    secret_wipe(entropy, sizeof entropy);
    TRY(sm2_private_generate(&c->outside, &c->drbg));
    return sm2_private_generate(&c->encryption, &c->drbg);
}

static struct result read_device_key(struct conformance *c)
{
    uint8_t *held CLEANUP(key_file_free) = NULL;
    struct bytes content;
    TRY(key_file_read(c->run->options.device_key, c->run->diag, &held, &content));
    if (content.len != sizeof c->device_key)
        return diag_log(c->run->diag, ERROR_KEY_FILE, "%s", c->run->options.device_key);
    memcpy(c->device_key, content.ptr, sizeof c->device_key);
    secret_wipe(held, content.len);
    return OK;
}

static struct result with_key(struct conformance *c)
{
    struct key_place place CLEANUP(key_place_close) = { .run = c->run };
    TRY(key_connect(c->run, c->run->options.key, &place));
    c->device = place.device;
    conformance_device(c);
    if (!c->run->options.device_key) return OK;
    TRY(read_device_key(c));
    if (conformance_application(c)) {
        conformance_container(c);
        conformance_sessions(c);
        conformance_pins(c);
        conformance_end(c);
    }
    secret_wipe(c->device_key, sizeof c->device_key);
    return OK;
}

struct result key_conformance(struct key_run *run)
{
    struct conformance c = { .run = run, .library = &run->library, .f = &run->library.f };
    TRY(prepare(&c));
    key_out_open(&run->out, NULL, NULL, true);
    list_missing(&c);
    int missing = c.missing;
    rsa(&c);
    struct result r = run->options.key ? with_key(&c) : OK;
    c.missing = missing;
    key_out_close(&run->out, true);
    sm2_private_done(&c.outside);
    sm2_private_done(&c.encryption);
    TRY(r);
    if (!run->out.json) {
        printf(key_words("%d 项相符，%d 项不符，缺少 %d 个函数\n",
                         "%d same, %d different, %d functions missing\n"),
               c.same, c.differ, c.missing);
        if (!run->options.key)
            puts(key_words("没有指定 USBKey，只检查了函数是否齐全。",
                           "No key was named: only functions were looked for."));
        else if (!run->options.device_key)
            puts(key_words("没有 --device-key，没有做会写入 USBKey 的检查。",
                           "Without --device-key nothing was tried that writes to the key."));
    }
    return c.differ || c.missing ? FAIL(ERROR_KEY_CONFORMANCE) : OK;
}
