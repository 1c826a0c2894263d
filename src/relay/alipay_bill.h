/* The archive of Alipay's trade bill: among its files one with a row for each payment and each refund, in GBK.
 * Only names of columns and kinds are Chinese there; they are compared as bytes. */
#pragma once

#include "relay/bill.h"

/* ERROR_RELAY_ANSWER for what is no such archive or ends before its closing remark. */
RESULT alipay_bill_read(struct bytes archive, struct arena *arena, struct bill *bill);

/* In GBK, which the simulator writes too. */
#define ALIPAY_BILL_TRANSACTION "\xD6\xA7\xB8\xB6\xB1\xA6\xBD\xBB\xD2\xD7\xBA\xC5"                 /* 支付宝交易号 */
#define ALIPAY_BILL_ORDER "\xC9\xCC\xBB\xA7\xB6\xA9\xB5\xA5\xBA\xC5"                               /* 商户订单号 */
#define ALIPAY_BILL_KIND "\xD2\xB5\xCE\xF1\xC0\xE0\xD0\xCD"                                       /* 业务类型 */
#define ALIPAY_BILL_TIME "\xCD\xEA\xB3\xC9\xCA\xB1\xBC\xE4"                                       /* 完成时间 */
#define ALIPAY_BILL_AMOUNT "\xB6\xA9\xB5\xA5\xBD\xF0\xB6\xEE\xA3\xA8\xD4\xAA\xA3\xA9"             /* 订单金额（元） */
#define ALIPAY_BILL_REFUND "\xCD\xCB\xBF\xEE\xC5\xFA\xB4\xCE\xBA\xC5/\xC7\xEB\xC7\xF3\xBA\xC5" /* 退款批次号/请求号 */
#define ALIPAY_BILL_PAYMENT "\xBD\xBB\xD2\xD7"                                                    /* 交易 */
#define ALIPAY_BILL_BACK "\xCD\xCB\xBF\xEE"                                                       /* 退款 */
