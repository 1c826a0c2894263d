#include "relay/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "base/secret.h"

void hmac_sha256(struct bytes key, struct bytes text, uint8_t ret_mac[HMAC_SIZE])
{
    unsigned len = HMAC_SIZE;
    if (!HMAC(EVP_sha256(), key.ptr, (int)key.len, text.ptr, text.len, ret_mac, &len)) abort();
}

const char *hmac_sha256_hex(struct arena *arena, struct bytes key, struct bytes text)
{
    uint8_t mac[HMAC_SIZE];
    hmac_sha256(key, text, mac);
    const char *hex = text_hex(arena, BYTES(mac));
    secret_wipe(mac, sizeof mac);
    return hex;
}

const char *hmac_hash_hex(struct arena *arena, struct bytes text)
{
    uint8_t hash[HMAC_SIZE];
    unsigned len = HMAC_SIZE;
    if (EVP_Digest(text.ptr ? (const void *)text.ptr : "", text.len, hash, &len, EVP_sha256(), NULL) != 1) abort();
    return text_hex(arena, BYTES(hash));
}
