/* What hufu-relay is told: a file of "key = value" lines (base/config.h), named by --config.
 *
 *   sms_sink = FILE                     SMS go there, as JSON lines (demonstration)
 *   email_sink = FILE                   e-mail goes there while smtp_url is not set
 *   smtp_url = smtps://host:465         or smtp://host:587, then STARTTLS is required
 *   smtp_user, smtp_password_file       when the server wants a login
 *   smtp_from = ca@example.org          sender's address; smtp_from_name the name shown with it
 *   smtp_html = yes                     an HTML part beside the plain text
 *   wechat_url = https://api.mch.weixin.qq.com
 *   wechat_merchant, wechat_app         mchid and appid; payments by WeChat are off while absent
 *   wechat_serial                       serial number of the merchant's certificate
 *   wechat_key_file                     the merchant's private key, PEM
 *   wechat_api_key_file                 the APIv3 key, 32 characters
 *   wechat_platform_key_file            the platform's certificate or public key, PEM
 *   wechat_platform_key_id              PUB_KEY_ID_…, for a bare public key
 *   wechat_platform_key_file_next, wechat_platform_key_id_next   beside the other while it changes
 *   wechat_notify_url                   our address for callbacks
 *   ca_file                             roots for TLS; the system's when absent
 *   timeout_ms = 15000                  for one exchange with a gateway
 *
 * Addresses are https:// or smtps://, or plain to a loopback address with --insecure-dev. */
#pragma once

#include "relay/gateways.h"

/* Reads PATH and opens every gateway that it names. ERROR_RELAY_CONFIG with the key in DIAG's log text. */
RESULT config_open(const char *path, bool insecure_dev, struct diag *diag, struct gateways **ret_gateways);
