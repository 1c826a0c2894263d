#include "web/job_table.h"

#include "service/invoice_work.h"
#include "service/journal.h"
#include "service/lapse.h"
#include "service/mobile_change.h"
#include "service/notice.h"
#include "service/parcel.h"
#include "service/payment.h"
#include "service/receipt.h"
#include "service/reconcile.h"
#include "service/reissue.h"
#include "service/reminder.h"
#include "service/review.h"
#include "service/session.h"
#include "service/sms.h"
#include "service/sweep.h"
#include "service/trail.h"
#include "service/upload.h"

static struct result send_sms(struct service *service, size_t *ret_done)
{
    return notice_send_due(service, "sms", ret_done);
}

static struct result send_email(struct service *service, size_t *ret_done)
{
    return notice_send_due(service, "email", ret_done);
}

static struct result forget_repeats(struct tx *tx, void *context)
{
    const struct service *service = context;
    struct key_row key = { .at_s = clock_now(service->clock) - DAY_S };
    return tx_run(tx, STATEMENT_IDEMPOTENCY_DELETE_OLD, RECORD(key_row_shape, &key), NULL);
}

static struct result clean(struct service *service, size_t *ret_done)
{
    TRY(session_clean(service));
    TRY(sms_clean(service));
    TRY(mobile_change_clean(service));
    return store_write(service->store, forget_repeats, service);
}

const struct job job_table[] = {
    { "sms-codes", 1, sms_make_wanted, SMS_JOB_MAX },
    { "notices-sms", 1, send_sms, 1 },
    { "notices-email", 1, send_email, 1 },
    { "journal", 10, journal_work, 0 },
    { "trail", 10, trail_work, 0 },
    { "revocations", 10, review_work, 0 },
    { "receipts", 10, receipt_work, 0 },
    { "lapse", 60, lapse_work, 0 },
    { "reissues", 60, reissue_work, REISSUE_BATCH },
    { "reminders", 60, reminder_work, 0 },
    { "receipt-reminders", 60, receipt_remind, 0 },
    { "payments", 3, payment_work, PAYMENT_BATCH },
    { "parcels", 3, parcel_work, PARCEL_BATCH },
    { "invoices", 3, invoice_work, INVOICE_BATCH },
    { "bills", 600, reconcile_work, 0 },
    { "clean", 300, clean, 0 },
    { "uploads", 3600, upload_work, UPLOAD_BATCH },
    { "sweep", 6 * 3600, sweep_uploads, SWEEP_ROUND },
};
const size_t job_table_count = COUNT(job_table);
