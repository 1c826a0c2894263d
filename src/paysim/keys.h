/* The keys of both sides of the simulated payment platform, made at the first start. */
#pragma once

#include "relay/wechat_crypto.h"

#define TAX_ACCOUNT "hufu"
#define EMS_SENDER "1100172843670"
enum { TAX_KEY_SIZE = 64, EMS_KEY_TEXT = 24, EMS_AUTHORIZATION_SIZE = 16 };

struct keys {
    struct arena *arena;
    const char *merchant, *app;           /* mchid, appid */
    const char *merchant_serial, *platform_serial;
    EVP_PKEY *merchant_public, *platform_private;
    const char *alipay_app, *alipay_seller; /* app_id, the seller's user id */
    EVP_PKEY *alipay_app_public, *alipay_private;
    uint8_t api_key[WECHAT_API_KEY_SIZE];
    uint8_t tax_key[TAX_KEY_SIZE]; /* shared with the tax platform */
    char ems_key[EMS_KEY_TEXT + 1], ems_authorization[EMS_AUTHORIZATION_SIZE + 1]; /* shared with EMS */
};

/* FOLDER then holds, readable by its owner only:
 *   merchant-key.pem merchant-cert.pem   the merchant's, the platform knows the certificate
 *   platform-key.pem platform-cert.pem   the platform's, the merchant knows the certificate
 *   alipay-app-key.pem alipay-app-cert.pem, alipay-key.pem alipay-cert.pem   likewise of Alipay
 *   api-key                              32 characters
 *   tax-key                              64 characters, shared with the tax platform
 *   ems-key ems-authorization            16 bytes in base64, 16 characters: shared with EMS
 *   relay.conf                           what hufu-relay has to be told, with absolute paths
 * What is there already stays; only relay.conf is written anew, for URL and NOTIFY_URL,
 * below which each gateway has its callback. */
RESULT keys_make(const char *folder, const char *url, const char *notify_url);
RESULT keys_load(const char *folder, struct keys **ret_keys);
void keys_free(struct keys *keys);
