/* SMS by a gateway's HTTP interface (R-OPS-7): Aliyun (SendSms 2017-05-25, signed ACS3-HMAC-SHA256) or Tencent
 * (SendSms 2021-01-11, signed TC3-HMAC-SHA256). A gateway takes no words: it is told which of the templates that it
 * has approved is meant, and the values for it. One instance serves all threads. */
#pragma once

#include "relay/work.h"

enum { SMS_SECRET_MAX = 128, SMS_CODES_MAX = 64 };

enum sms_kind { SMS_ALIYUN, SMS_TENCENT };

struct sms_gateway_options {
    enum sms_kind kind;
    const char *url;              /* https://dysmsapi.aliyuncs.com or https://sms.tencentcloudapi.com */
    const char *key_id, *signature_name; /* AccessKeyId or SecretId; the approved 签名 */
    const char *app, *region;     /* of Tencent: SmsSdkAppId, ap-guangzhou; NULL else */
    struct bytes secret;          /* at most SMS_SECRET_MAX bytes */
    const char *codes;            /* "template = code" a line: which code our template has there */
    const char *ca_file;          /* NULL: the system's roots */
};

struct sms_gateway;

/* Copies what it needs. ERROR_RELAY_CONFIG with the reason in DIAG. */
RESULT sms_gateway_new(const struct sms_gateway_options *options, struct diag *diag, struct sms_gateway **ret_gateway);
void sms_gateway_free(struct sms_gateway *gateway);

/* ERROR_RELAY_RECIPIENT for a number that the gateway does not take; ERROR_RELAY_SMS_TEMPLATE for a template that has
 * no code; ERROR_RELAY_RATE when it says later; ERROR_RELAY_REFUSED for good; and as http_send fails. */
RESULT sms_gateway_send(struct sms_gateway *gateway, struct work *work, const struct relay_notice *notice,
                        struct relay_sent *ret_sent);

/* ---- its parts, one file each; texts live in WORK's arena ---- */

struct sms_order {
    const char *host, *path;      /* of the URL */
    const char *key_id, *signature_name, *app, *region;
    struct bytes secret;
    const char *mobile;           /* 11 digits */
    const char *code;             /* of the template */
    const char *values;           /* "name=value" a line, in the order of the template */
    const char *id;               /* of the notice */
};

/* What is sent: headers, body. */
struct sms_request {
    const char *headers[8];
    struct bytes body;
};
RESULT sms_aliyun_request(struct work *work, const struct sms_order *order, struct sms_request *ret_request);
RESULT sms_tencent_request(struct work *work, const struct sms_order *order, struct sms_request *ret_request);
/* What the answer says. */
RESULT sms_aliyun_answer(struct work *work, struct bytes text, struct relay_sent *ret_sent);
RESULT sms_tencent_answer(struct work *work, struct bytes text, struct relay_sent *ret_sent);

/* The error for a code of theirs: the first of COUNT rules whose BEGINS the code begins with; ERROR_RELAY_REFUSED. */
struct sms_refusal {
    const char *begins;
    enum error error;
};
struct result sms_refused(struct work *work, const struct sms_refusal *rules, size_t count, const char *code);
/* A value after the other: false at the end. */
bool sms_next_value(struct arena *arena, const char **values, const char **ret_name, const char **ret_value);
