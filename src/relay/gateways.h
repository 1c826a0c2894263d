/* All gateways of this installation, and which request goes to which. */
#pragma once

#include "relay/alipay.h"
#include "relay/ems.h"
#include "relay/smtp.h"
#include "relay/sms_gateway.h"
#include "relay/sms_sink.h"
#include "relay/tax.h"
#include "relay/wechat.h"

struct gateways {
    struct arena *arena; /* of what the options point to */
    long timeout_ms;
    const char *ca_file;  /* roots for TLS; NULL: the system's */
    struct sink *sms;     /* NULL: no SMS, or by a gateway */
    struct sms_gateway *sms_gateway; /* NULL: none */
    struct sink *email;   /* NULL: no sink */
    struct smtp_options smtp;
    char smtp_password[256];
    struct wechat *wechat; /* NULL: no WeChat Pay */
    struct alipay *alipay; /* NULL: no Alipay */
    struct tax *tax;       /* NULL: no platform for invoices */
    struct ems *ems;       /* NULL: waybills are entered by hand */
};

void gateways_free(struct gateways *gateways);
static inline void gateways_free_p(struct gateways **gateways)
{
    gateways_free(*gateways);
}

/* Each kind of gateway has threads and a queue of its own, so that a slow one holds up nothing else. */
enum gateways_lane { LANE_SMS, LANE_EMAIL, LANE_PAYMENT, LANE_CALLBACK, LANE_TAX, LANE_BILL, LANE_COURIER, LANE_COUNT };

struct gateways_route {
    enum relay_message type;
    enum gateways_lane lane;
    const struct shape *ask, *answer;
    /* ASK and RET_ANSWER are records of these shapes. */
    struct result (*handle)(struct gateways *gateways, struct work *work, const void *ask, void *ret_answer);
    bool takes_fd; /* a descriptor may come along */
};

/* NULL for a type that is none of the relay's. */
const struct gateways_route *gateways_route(uint16_t type);
