#include "store/rows.h"

/* X-macros cannot hand the struct's name on to FIELD: TYPE holds it. */
#define FIELD(kind, name, max) { #name, SHAPE_KIND_##kind, offsetof(struct TYPE, name), (max) },
#define DEFINE(type, FIELDS)                                          \
    static const struct shape_field type##_fields[] = { FIELDS(FIELD) }; \
    const struct shape type##_shape = SHAPE(#type, struct type, type##_fields)


#define TYPE organization_row
DEFINE(organization_row, ORGANIZATION_FIELDS);
#undef TYPE

#define TYPE account_row
DEFINE(account_row, ACCOUNT_FIELDS);
#undef TYPE

#define TYPE account_claim_row
DEFINE(account_claim_row, ACCOUNT_CLAIM_FIELDS);
#undef TYPE

#define TYPE organization_administrator_row
DEFINE(organization_administrator_row, ORGANIZATION_ADMINISTRATOR_FIELDS);
#undef TYPE

#define TYPE revocation_wish_row
DEFINE(revocation_wish_row, REVOCATION_WISH_FIELDS);
#undef TYPE

#define MOBILE_CHANGE_FIELDS(X) CHANGE_FIELDS(X) MOBILE_CHANGE_OWN(X)
#define TYPE mobile_change_row
DEFINE(mobile_change_row, MOBILE_CHANGE_FIELDS);
#undef TYPE

#define TYPE mobile_proof_row
DEFINE(mobile_proof_row, MOBILE_PROOF_FIELDS);
#undef TYPE

#define ORGANIZATION_CHANGE_FIELDS(X) CHANGE_FIELDS(X) ORGANIZATION_CHANGE_OWN(X)
#define TYPE organization_change_row
DEFINE(organization_change_row, ORGANIZATION_CHANGE_FIELDS);
#undef TYPE

#define TYPE seal_mark_row
DEFINE(seal_mark_row, SEAL_MARK_FIELDS);
#undef TYPE

#define TYPE operator_row
DEFINE(operator_row, OPERATOR_FIELDS);
#undef TYPE

#define TYPE sms_code_row
DEFINE(sms_code_row, SMS_CODE_FIELDS);
#undef TYPE

#define TYPE sms_client_row
DEFINE(sms_client_row, SMS_CLIENT_FIELDS);
#undef TYPE

#define TYPE session_row
DEFINE(session_row, SESSION_FIELDS);
#undef TYPE

#define TYPE key_login_row
DEFINE(key_login_row, KEY_LOGIN_FIELDS);
#undef TYPE

#define TYPE login_evidence_row
DEFINE(login_evidence_row, LOGIN_EVIDENCE_FIELDS);
#undef TYPE

#define TYPE idempotency_row
DEFINE(idempotency_row, IDEMPOTENCY_FIELDS);
#undef TYPE

#define TYPE application_row
DEFINE(application_row, APPLICATION_FIELDS);
#undef TYPE

#define TYPE form_row
DEFINE(form_row, FORM_FIELDS);
#undef TYPE

#define TYPE attachment_row
DEFINE(attachment_row, ATTACHMENT_FIELDS);
#undef TYPE

#define TYPE upload_row
DEFINE(upload_row, UPLOAD_FIELDS);
#undef TYPE

#define TYPE upload_piece_row
DEFINE(upload_piece_row, UPLOAD_PIECE_FIELDS);
#undef TYPE

#define TYPE decision_row
DEFINE(decision_row, DECISION_FIELDS);
#undef TYPE

#define TYPE shipment_row
DEFINE(shipment_row, SHIPMENT_FIELDS);
#undef TYPE

#define TYPE parcel_row
DEFINE(parcel_row, PARCEL_FIELDS);
#undef TYPE

#define TYPE receipt_row
DEFINE(receipt_row, RECEIPT_FIELDS);
#undef TYPE

#define TYPE tariff_row
DEFINE(tariff_row, TARIFF_FIELDS);
#undef TYPE

#define TYPE payment_row
DEFINE(payment_row, PAYMENT_FIELDS);
#undef TYPE

#define TYPE refund_row
DEFINE(refund_row, REFUND_FIELDS);
#undef TYPE

#define TYPE invoice_row
DEFINE(invoice_row, INVOICE_FIELDS);
#undef TYPE

#define TYPE invoice_file_row
DEFINE(invoice_file_row, INVOICE_FILE_FIELDS);
#undef TYPE

#define TYPE bill_row
DEFINE(bill_row, BILL_FIELDS);
#undef TYPE

#define TYPE bill_entry_row
DEFINE(bill_entry_row, BILL_ENTRY_FIELDS);
#undef TYPE

#define TYPE difference_row
DEFINE(difference_row, DIFFERENCE_FIELDS);
#undef TYPE

#define TYPE bill_day_row
DEFINE(bill_day_row, BILL_DAY_FIELDS);
#undef TYPE

#define TYPE callback_row
DEFINE(callback_row, CALLBACK_FIELDS);
#undef TYPE

#define TYPE certificate_row
DEFINE(certificate_row, CERTIFICATE_FIELDS);
#undef TYPE

#define TYPE enveloped_key_row
DEFINE(enveloped_key_row, ENVELOPED_KEY_FIELDS);
#undef TYPE

#define TYPE journal_position_row
DEFINE(journal_position_row, JOURNAL_POSITION_FIELDS);
#undef TYPE

#define TYPE notice_row
DEFINE(notice_row, NOTICE_FIELDS);
#undef TYPE

#define TYPE notice_try_row
DEFINE(notice_try_row, NOTICE_TRY_FIELDS);
#undef TYPE

#define TYPE notice_query_row
DEFINE(notice_query_row, NOTICE_QUERY_FIELDS);
#undef TYPE

#define TYPE wording_row
DEFINE(wording_row, WORDING_FIELDS);
#undef TYPE

#define TYPE setting_change_row
DEFINE(setting_change_row, SETTING_CHANGE_FIELDS);
#undef TYPE

#define TYPE audit_row
DEFINE(audit_row, AUDIT_FIELDS);
#undef TYPE

#define TYPE audit_leaf_row
DEFINE(audit_leaf_row, AUDIT_LEAF_FIELDS);
#undef TYPE

#define TYPE audit_tree_row
DEFINE(audit_tree_row, AUDIT_TREE_FIELDS);
#undef TYPE

#define TYPE audit_head_row
DEFINE(audit_head_row, AUDIT_HEAD_FIELDS);
#undef TYPE

#define TYPE agreement_row
DEFINE(agreement_row, AGREEMENT_FIELDS);
#undef TYPE

#define TYPE key_row
DEFINE(key_row, KEY_FIELDS);
#undef TYPE

#define TYPE hit_row
DEFINE(hit_row, HIT_FIELDS);
#undef TYPE

#define TYPE search_row
DEFINE(search_row, SEARCH_FIELDS);
#undef TYPE

#define TYPE name_row
DEFINE(name_row, NAME_FIELDS);
#undef TYPE

#define TYPE tally_row
DEFINE(tally_row, TALLY_FIELDS);
#undef TYPE

#define TYPE span_row
DEFINE(span_row, SPAN_FIELDS);
#undef TYPE

#define TYPE organization_query_row
DEFINE(organization_query_row, ORGANIZATION_QUERY_FIELDS);
#undef TYPE

#define TYPE audit_query_row
DEFINE(audit_query_row, AUDIT_QUERY_FIELDS);
#undef TYPE

#define TYPE count_row
DEFINE(count_row, COUNT_FIELDS);
#undef TYPE
