/* The rows of the database, each field listed once: struct and shape are made from the same line.
 * Times are UTC seconds, 0 for "not yet"; money in fen; flags 0 or 1; absent texts and bytes are NULL. */
#pragma once

#include "base/shape.h"

#define ROW_INT(name) int64_t name;
#define ROW_TEXT(name) const char *name;
#define ROW_BYTES(name) struct bytes name;
#define ROW_ID(name) struct id name;
#define ROW_FIELD(kind, name, max) ROW_##kind(name)
#define ROW(type, FIELDS)              \
    struct type {                      \
        FIELDS(ROW_FIELD)              \
    };                                 \
    extern const struct shape type##_shape

/* clang-format off */
#define ORGANIZATION_FIELDS(X) X(ID, id, 0) X(TEXT, name, 600) X(TEXT, credit_code, 18) X(TEXT, address, 900) \
    X(INT, created_s, 0) X(INT, changed_s, 0)
ROW(organization_row, ORGANIZATION_FIELDS);

/* organization_name comes from a join and is not written. */
#define ACCOUNT_FIELDS(X) X(ID, id, 0) X(ID, organization, 0) X(TEXT, organization_name, 600) X(TEXT, name, 300) \
    X(TEXT, document_type, 32) X(BYTES, document_sealed, 128) X(BYTES, document_index, 32) \
    X(TEXT, document_mask, 64) X(TEXT, mobile, 16) X(TEXT, email, 254) X(TEXT, state, 16) X(INT, created_s, 0)
ROW(account_row, ACCOUNT_FIELDS);

#define ACCOUNT_CLAIM_FIELDS(X) X(BYTES, value, 32) X(ID, account, 0)
ROW(account_claim_row, ACCOUNT_CLAIM_FIELDS);

#define ORGANIZATION_ADMINISTRATOR_FIELDS(X) X(ID, account, 0) X(ID, organization, 0) X(INT, since_s, 0)
ROW(organization_administrator_row, ORGANIZATION_ADMINISTRATOR_FIELDS);

/* asked_account: none where it was asked at the console. What comes behind it is from joins and not written. */
#define REVOCATION_WISH_FIELDS(X) X(TEXT, serial, 32) X(TEXT, reason, 32) X(TEXT, words, 3000) X(TEXT, asked_by, 300) \
    X(INT, asked_s, 0) X(INT, due_s, 0) X(INT, refused_s, 0) X(TEXT, refused_words, 3000) \
    X(ID, asked_account, 0) X(ID, holder, 0) X(TEXT, holder_name, 300) X(TEXT, organization_name, 600) \
    X(TEXT, certificate_state, 16)
ROW(revocation_wish_row, REVOCATION_WISH_FIELDS);

/* What every change has that takes evidence and a decision (service/checked_change.h). A row of one begins with it; its
 * fields are reached as the row's own. */
#define CHANGE_FIELDS(X) X(ID, id, 0) X(TEXT, state, 16) X(TEXT, type, 16) X(INT, size, 0) X(TEXT, file, 26) \
    X(BYTES, key_sealed, 64) X(TEXT, asked_by, 300) X(TEXT, asked_by_id, 40) X(INT, asked_s, 0) \
    X(TEXT, decided_by, 300) X(INT, decided_s, 0) X(TEXT, words, 3000)
struct change_row { CHANGE_FIELDS(ROW_FIELD) };
#define CHANGE_ROW(type, OWN)                                                      \
    struct type {                                                                  \
        union { struct change_row change; struct { CHANGE_FIELDS(ROW_FIELD) }; }; \
        OWN(ROW_FIELD)                                                             \
    };                                                                             \
    extern const struct shape type##_shape

/* holder_name comes from a join and is not written. */
#define MOBILE_CHANGE_OWN(X) X(ID, account, 0) X(TEXT, holder_name, 300) X(TEXT, mobile, 16) X(TEXT, old_mobile, 16)
CHANGE_ROW(mobile_change_row, MOBILE_CHANGE_OWN);

#define MOBILE_PROOF_FIELDS(X) X(ID, account, 0) X(TEXT, mobile, 16) X(INT, proven_s, 0)
ROW(mobile_proof_row, MOBILE_PROOF_FIELDS);

#define ORGANIZATION_CHANGE_OWN(X) X(ID, organization, 0) X(TEXT, name, 600) X(TEXT, credit_code, 18) \
    X(TEXT, old_name, 600) X(TEXT, old_credit_code, 18)
CHANGE_ROW(organization_change_row, ORGANIZATION_CHANGE_OWN);

#define SEAL_MARK_FIELDS(X) X(INT, id, 0) X(BYTES, mark, 32)
ROW(seal_mark_row, SEAL_MARK_FIELDS);

#define OPERATOR_FIELDS(X) X(TEXT, serial, 32) X(TEXT, name, 256) X(TEXT, roles, 256) X(BYTES, certificate, 4096) \
    X(TEXT, state, 16) X(INT, added_s, 0)
ROW(operator_row, OPERATOR_FIELDS);

#define SMS_CODE_FIELDS(X) X(TEXT, mobile, 16) X(TEXT, purpose, 16) X(BYTES, salt, 16) X(BYTES, hash, 32) X(INT, sent_s, 0) \
    X(INT, tries, 0) X(INT, used, 0) X(INT, wanted, 0) X(INT, day, 0) X(INT, day_count, 0)
ROW(sms_code_row, SMS_CODE_FIELDS);

#define SMS_CLIENT_FIELDS(X) X(TEXT, address, 64) X(INT, hour, 0) X(INT, hour_count, 0)
ROW(sms_client_row, SMS_CLIENT_FIELDS);

#define SESSION_FIELDS(X) X(BYTES, token_hash, 32) X(TEXT, kind, 16) X(ID, account, 0) X(TEXT, name, 300) \
    X(TEXT, roles, 256) X(TEXT, serial, 32) X(TEXT, means, 16) X(TEXT, origin, 255) X(INT, created_s, 0) \
    X(INT, expires_s, 0) X(INT, ends_s, 0)
ROW(session_row, SESSION_FIELDS);

#define KEY_LOGIN_FIELDS(X) X(ID, id, 0) X(TEXT, kind, 16) X(TEXT, origin, 255) X(TEXT, serial, 32) \
    X(TEXT, statement, 4096) X(INT, created_s, 0) X(INT, used, 0)
ROW(key_login_row, KEY_LOGIN_FIELDS);

#define LOGIN_EVIDENCE_FIELDS(X) X(ID, id, 0) X(TEXT, statement, 4096) X(BYTES, signature, 64) X(TEXT, serial, 32) \
    X(BYTES, certificate, 4096) X(TEXT, status, 32) X(TEXT, client, 64) X(INT, at_s, 0) X(BYTES, ocsp, 16384)
ROW(login_evidence_row, LOGIN_EVIDENCE_FIELDS);

#define IDEMPOTENCY_FIELDS(X) X(BYTES, hash, 32) X(BYTES, request_hash, 32) X(INT, status, 0) \
    X(TEXT, answer, 65536) X(INT, created_s, 0)
ROW(idempotency_row, IDEMPOTENCY_FIELDS);

#define APPLICATION_FIELDS(X) X(TEXT, number, 17) X(TEXT, service, 32) X(TEXT, state, 32) X(INT, version, 0) \
    X(ID, holder, 0) X(INT, open, 0) X(TEXT, agreement_version, 32) X(INT, agreed_s, 0) X(TEXT, agreed_from, 64) \
    X(TEXT, organization_name, 600) X(TEXT, credit_code, 18) X(TEXT, organization_address, 900) \
    X(TEXT, holder_name, 300) X(TEXT, document_type, 32) X(BYTES, document_sealed, 128) X(TEXT, document_mask, 64) \
    X(TEXT, mobile, 16) X(TEXT, email, 254) X(TEXT, invoice_title, 600) X(TEXT, tax_number, 20) \
    X(TEXT, invoice_email, 254) X(INT, confirmed, 0) X(TEXT, medium, 16) X(TEXT, recipient, 300) \
    X(TEXT, recipient_mobile, 16) X(TEXT, province, 64) X(TEXT, address, 900) X(TEXT, postcode, 6) \
    X(INT, fee_fen, 0) X(INT, form_revision, 0) X(TEXT, form_code, 200) X(INT, created_s, 0) X(INT, submitted_s, 0) \
    X(INT, started_s, 0) X(INT, due_s, 0) X(INT, left_s, 0) X(INT, returned_s, 0) X(INT, decided_s, 0) \
    X(INT, finished_s, 0) X(TEXT, return_reason, 32) X(TEXT, return_items, 400) X(TEXT, return_words, 4000) \
    X(TEXT, about, 32) X(TEXT, card, 32) X(TEXT, serial, 32) X(TEXT, origin, 32) X(ID, successor, 0) \
    X(INT, successor_confirmed_s, 0) X(INT, keep_encryption, 0) X(TEXT, revoke_reason, 32) X(TEXT, key_waybill, 20) \
    X(INT, key_received_s, 0) X(INT, inspected_s, 0) X(INT, touched_s, 0) X(INT, warned_s, 0) X(INT, unpaid_told_s, 0) \
    X(ID, deputy, 0) X(TEXT, deputy_name, 300) X(TEXT, deputy_mobile, 16) X(TEXT, former, 17)
ROW(application_row, APPLICATION_FIELDS);

#define FORM_FIELDS(X) X(TEXT, application, 17) X(INT, revision, 0) X(TEXT, code, 200) X(INT, size, 0) \
    X(BYTES, sm3, 32) X(TEXT, name, 26) X(BYTES, key_sealed, 64) X(INT, printed_s, 0)
ROW(form_row, FORM_FIELDS);

#define ATTACHMENT_FIELDS(X) X(ID, id, 0) X(TEXT, application, 17) X(TEXT, kind, 32) X(TEXT, type, 16) X(INT, size, 0) \
    X(INT, pages, 0) X(INT, revision, 0) X(TEXT, name, 26) X(BYTES, key_sealed, 64) X(INT, current, 0) \
    X(INT, uploaded_s, 0)
ROW(attachment_row, ATTACHMENT_FIELDS);

#define UPLOAD_FIELDS(X) X(ID, id, 0) X(TEXT, application, 17) X(TEXT, kind, 32) X(INT, size, 0) X(BYTES, sm3, 32) \
    X(INT, arrived, 0) X(INT, begun_s, 0) X(INT, touched_s, 0)
ROW(upload_row, UPLOAD_FIELDS);

#define UPLOAD_PIECE_FIELDS(X) X(ID, upload, 0) X(INT, begins, 0) X(INT, size, 0) X(TEXT, name, 26) \
    X(BYTES, key_sealed, 64)
ROW(upload_piece_row, UPLOAD_PIECE_FIELDS);

#define DECISION_FIELDS(X) X(TEXT, nonce, 26) X(TEXT, application, 17) X(TEXT, decision, 16) X(TEXT, statement, 4096) \
    X(BYTES, hash, 32) X(BYTES, signature, 64) X(TEXT, operator_serial, 32) X(INT, made_s, 0) X(INT, used, 0)
ROW(decision_row, DECISION_FIELDS);

#define SHIPMENT_FIELDS(X) X(TEXT, application, 17) X(TEXT, carrier, 16) X(TEXT, waybill, 20) X(INT, shipped_s, 0) \
    X(INT, reminded, 0)
ROW(shipment_row, SHIPMENT_FIELDS);

#define PARCEL_FIELDS(X) X(TEXT, application, 17) X(TEXT, order_number, 32) X(TEXT, waybill, 20) X(TEXT, state, 16) \
    X(INT, at_s, 0) X(TEXT, words, 1024) X(TEXT, place, 800) X(INT, asked_s, 0) X(INT, tries, 0) X(INT, next_s, 0) \
    X(TEXT, trouble, 600)
ROW(parcel_row, PARCEL_FIELDS);

#define RECEIPT_FIELDS(X) X(TEXT, application, 17) X(ID, request, 0) X(INT, confirmed_s, 0)
ROW(receipt_row, RECEIPT_FIELDS);

/* "class" is a word of C++ only. */
#define TARIFF_FIELDS(X) X(TEXT, class, 32) X(TEXT, service, 32) X(TEXT, item, 32) X(INT, from_s, 0) \
    X(INT, amount_fen, 0) X(TEXT, unit, 16) X(TEXT, entered_by, 300) X(INT, entered_s, 0)
ROW(tariff_row, TARIFF_FIELDS);

#define PAYMENT_FIELDS(X) X(TEXT, order_number, 32) X(TEXT, application, 17) X(TEXT, method, 16) X(INT, amount_fen, 0) \
    X(TEXT, state, 16) X(TEXT, code_url, 512) X(TEXT, transaction_number, 64) X(INT, created_s, 0) X(INT, expires_s, 0) \
    X(INT, paid_s, 0) X(INT, checked_s, 0) X(INT, tries, 0) X(INT, next_s, 0) X(TEXT, trouble, 600) \
    X(INT, refunded_s, 0) X(TEXT, reference, 16) X(INT, received_fen, 0) X(TEXT, page_url, 4096) \
    X(INT, refused_s, 0)
ROW(payment_row, PAYMENT_FIELDS);

#define REFUND_FIELDS(X) X(ID, id, 0) X(TEXT, order_number, 32) X(TEXT, application, 17) X(INT, amount_fen, 0) \
    X(TEXT, words, 3000) X(TEXT, state, 16) X(TEXT, asked_by, 300) X(TEXT, asked_by_id, 40) X(INT, asked_s, 0) \
    X(TEXT, decided_by, 300) X(TEXT, decided_by_id, 40) X(INT, decided_s, 0) X(TEXT, decided_words, 3000)
ROW(refund_row, REFUND_FIELDS);

/* red, how many take it back, is counted and not written. */
#define INVOICE_FIELDS(X) X(TEXT, number, 24) X(TEXT, application, 17) X(TEXT, kind, 8) X(TEXT, about, 24) \
    X(TEXT, state, 16) X(TEXT, way, 16) X(TEXT, title, 800) X(TEXT, tax_number, 20) X(TEXT, email, 254) \
    X(INT, amount_fen, 0) X(TEXT, reason, 800) X(TEXT, invoice_number, 20) X(INT, created_s, 0) X(INT, issued_s, 0) \
    X(INT, sent_s, 0) X(INT, tries, 0) X(INT, next_s, 0) X(TEXT, trouble, 600) X(TEXT, wish_title, 800) \
    X(TEXT, wish_tax_number, 20) X(TEXT, wish_email, 254) X(INT, wish_s, 0) X(INT, taken_back, 0) X(TEXT, batch, 26) \
    X(INT, red, 0)
ROW(invoice_row, INVOICE_FIELDS);

#define INVOICE_FILE_FIELDS(X) X(TEXT, invoice, 24) X(TEXT, kind, 16) X(INT, size, 0) X(TEXT, name, 26) \
    X(BYTES, key_sealed, 64) X(INT, taken_s, 0)
ROW(invoice_file_row, INVOICE_FILE_FIELDS);

#define BILL_FIELDS(X) X(TEXT, method, 16) X(TEXT, day, 10) X(TEXT, state, 16) X(INT, entries, 0) X(INT, differences, 0) \
    X(INT, fetched_s, 0) X(INT, tries, 0) X(INT, next_s, 0) X(TEXT, trouble, 600)
ROW(bill_row, BILL_FIELDS);

#define BILL_ENTRY_FIELDS(X) X(TEXT, method, 16) X(TEXT, day, 10) X(INT, line, 0) X(TEXT, kind, 16) \
    X(TEXT, order_number, 64) X(TEXT, refund_number, 64) X(TEXT, transaction_number, 255) X(INT, amount_fen, 0) \
    X(INT, at_s, 0)
ROW(bill_entry_row, BILL_ENTRY_FIELDS);

#define DIFFERENCE_FIELDS(X) X(ID, id, 0) X(TEXT, method, 16) X(TEXT, day, 10) X(TEXT, kind, 16) \
    X(TEXT, order_number, 64) X(TEXT, refund_number, 64) X(TEXT, application, 17) X(INT, ours_fen, 0) \
    X(INT, theirs_fen, 0) X(INT, found_s, 0) X(TEXT, state, 16) X(TEXT, settled_by, 300) X(TEXT, settled_by_id, 40) \
    X(INT, settled_s, 0) X(TEXT, words, 3000)
ROW(difference_row, DIFFERENCE_FIELDS);

/* What is asked about a gateway's day. */
#define BILL_DAY_FIELDS(X) X(TEXT, method, 16) X(TEXT, day, 10) X(INT, from_s, 0) X(INT, to_s, 0) X(INT, limit_count, 0)
ROW(bill_day_row, BILL_DAY_FIELDS);

#define CALLBACK_FIELDS(X) X(ID, id, 0) X(TEXT, method, 16) X(TEXT, timestamp, 64) X(TEXT, nonce, 256) \
    X(TEXT, signature, 1024) X(TEXT, serial, 256) X(BYTES, body, 65536) X(TEXT, outcome, 64) X(INT, received_s, 0)
ROW(callback_row, CALLBACK_FIELDS);

/* held_by is the account that asked for the last hold, held_for the credit code of the organization in whose name it did,
 * NULL for the holder's own. held_name, wish_s and wish_refused_s (of a revocation_wish), holder_name come from joins
 * and are not written. */
#define CERTIFICATE_FIELDS(X) X(TEXT, serial, 32) X(TEXT, ca_id, 32) X(TEXT, purpose, 16) X(TEXT, pair, 32) \
    X(ID, holder, 0) X(TEXT, application, 17) X(TEXT, medium, 16) X(TEXT, card, 32) X(TEXT, subject, 1500) \
    X(BYTES, der, 4096) X(INT, not_before_s, 0) X(INT, not_after_s, 0) X(TEXT, state, 16) X(INT, revoked_s, 0) \
    X(TEXT, reason, 32) X(INT, journal_index, 0) X(INT, reminded, 0) \
    X(INT, transit, 0) X(INT, held_s, 0) X(ID, held_by, 0) X(TEXT, held_for, 32) X(TEXT, held_name, 300) \
    X(INT, wish_s, 0) X(INT, wish_refused_s, 0) X(TEXT, holder_name, 300)
ROW(certificate_row, CERTIFICATE_FIELDS);

#define ENVELOPED_KEY_FIELDS(X) X(TEXT, application, 17) X(BYTES, blob, 512)
ROW(enveloped_key_row, ENVELOPED_KEY_FIELDS);

#define JOURNAL_POSITION_FIELDS(X) X(INT, id, 0) X(ID, incarnation, 0) X(INT, size, 0) X(INT, root_size, 0) \
    X(BYTES, root, 32)
ROW(journal_position_row, JOURNAL_POSITION_FIELDS);

#define NOTICE_FIELDS(X) X(ID, id, 0) X(TEXT, channel, 16) X(TEXT, recipient, 254) X(TEXT, template, 64) \
    X(TEXT, subject, 600) X(TEXT, body, 16384) X(TEXT, state, 16) X(INT, tries, 0) X(INT, next_s, 0) \
    X(INT, created_s, 0) X(INT, sent_s, 0) X(TEXT, last_error, 600) X(TEXT, attached, 64) X(TEXT, params, 8192) \
    X(TEXT, receipt, 200) X(ID, again, 0) X(TEXT, words, 1000) X(TEXT, asked_by, 300)
ROW(notice_row, NOTICE_FIELDS);

#define NOTICE_TRY_FIELDS(X) X(ID, id, 0) X(ID, notice, 0) X(INT, at_s, 0) X(TEXT, outcome, 16) X(TEXT, error, 600) \
    X(TEXT, receipt, 200)
ROW(notice_try_row, NOTICE_TRY_FIELDS);

/* Notices before AT_S and ID; the texts are patterns, "%" for all. */
#define NOTICE_QUERY_FIELDS(X) X(ID, id, 0) X(INT, at_s, 0) X(TEXT, state, 16) X(TEXT, channel, 16) X(TEXT, template, 64) \
    X(TEXT, recipient, 300) X(INT, limit_count, 0)
ROW(notice_query_row, NOTICE_QUERY_FIELDS);

#define WORDING_FIELDS(X) X(TEXT, name, 64) X(INT, version, 0) X(INT, shipped, 0) X(TEXT, sms, 2000) \
    X(TEXT, subject, 400) X(TEXT, text, 12000) X(TEXT, changed_by, 300) X(INT, changed_s, 0)
ROW(wording_row, WORDING_FIELDS);

#define SETTING_CHANGE_FIELDS(X) X(ID, id, 0) X(TEXT, kind, 16) X(TEXT, name, 96) X(TEXT, old_text, 15000) \
    X(TEXT, new_text, 15000) X(TEXT, made_by, 300) X(TEXT, made_by_id, 40) X(INT, made_s, 0)
ROW(setting_change_row, SETTING_CHANGE_FIELDS);

/* position and salt are those of the entry in the trail's tree (audit_trail.h). */
#define AUDIT_FIELDS(X) X(ID, id, 0) X(INT, at_s, 0) X(TEXT, actor, 300) X(TEXT, actor_id, 40) X(TEXT, client, 64) \
    X(TEXT, action, 64) X(TEXT, subject, 64) X(TEXT, detail, 3000) X(TEXT, request, 26) X(INT, position, 0) \
    X(BYTES, salt, 16)
ROW(audit_row, AUDIT_FIELDS);

#define AUDIT_LEAF_FIELDS(X) X(INT, position, 0) X(BYTES, leaf, 32)
ROW(audit_leaf_row, AUDIT_LEAF_FIELDS);

#define AUDIT_TREE_FIELDS(X) X(INT, id, 0) X(INT, size, 0) X(BYTES, peaks, 2048)
ROW(audit_tree_row, AUDIT_TREE_FIELDS);

#define AUDIT_HEAD_FIELDS(X) X(INT, id, 0) X(INT, journal_index, 0) X(INT, at_s, 0) X(INT, size, 0) \
    X(BYTES, root, 32) X(BYTES, peaks, 2048)
ROW(audit_head_row, AUDIT_HEAD_FIELDS);

#define AGREEMENT_FIELDS(X) X(TEXT, version, 32) X(TEXT, title, 300) X(TEXT, text, 60000) X(INT, issued_s, 0)
ROW(agreement_row, AGREEMENT_FIELDS);

/* What statements are asked by and answer beside whole rows. */
/* after: cursor of a list, empty (not absent) for its beginning. */
#define KEY_FIELDS(X) X(ID, id, 0) X(BYTES, after, 32) X(TEXT, key, 255) X(TEXT, other, 64) X(BYTES, hash, 32) X(INT, at_s, 0) \
    X(INT, limit_count, 0) X(TEXT, state, 32)
ROW(key_row, KEY_FIELDS);

/* What a search finds: "application", "account", "organization", "certificate", "usbkey"; KEY its number or
 * serial, ID the person or organization; ABOUT a service or a purpose. */
#define HIT_FIELDS(X) X(TEXT, kind, 16) X(TEXT, key, 32) X(ID, id, 0) X(TEXT, name, 300) X(TEXT, organization, 600) \
    X(TEXT, about, 32) X(TEXT, state, 32) X(INT, at_s, 0) X(TEXT, asked_by, 300) X(TEXT, asked_for, 32) \
    X(TEXT, application, 17) X(TEXT, parcel, 16) X(INT, reminded, 0)
ROW(hit_row, HIT_FIELDS);

/* What a search asks for: PART to PART_END are where a part of a name stands, KEY is it as a pattern; BEGIN to BEGIN_END how
 * a number begins. */
#define SEARCH_FIELDS(X) X(TEXT, part, 32) X(TEXT, part_end, 32) X(TEXT, key, 255) X(TEXT, begin, 128) \
    X(TEXT, begin_end, 128) X(INT, at_s, 0) X(INT, limit_count, 0)
ROW(search_row, SEARCH_FIELDS);

/* A name in small letters that somebody has in an application. */
#define NAME_FIELDS(X) X(TEXT, application, 17) X(ID, holder, 0) X(TEXT, name, 300)
ROW(name_row, NAME_FIELDS);

/* How often something was, and for how much; in which time that is asked. */
#define TALLY_FIELDS(X) X(TEXT, measure, 16) X(TEXT, about, 32) X(INT, count, 0) X(INT, fen, 0)
ROW(tally_row, TALLY_FIELDS);
#define SPAN_FIELDS(X) X(INT, from_s, 0) X(INT, until_s, 0) X(INT, limit_count, 0)
ROW(span_row, SPAN_FIELDS);

/* Entries of the trail before AT_S and ID, and not before FROM_S; ACTION and TEXT are patterns, "%" for all. */
#define AUDIT_QUERY_FIELDS(X) X(ID, id, 0) X(INT, at_s, 0) X(INT, from_s, 0) X(TEXT, action, 64) X(TEXT, text, 255) \
    X(INT, limit_count, 0)
ROW(audit_query_row, AUDIT_QUERY_FIELDS);

/* A page of what an organization has: of all its people, or of one, by HOLDER_FROM and HOLDER_UNTIL; TEXT is a pattern.
 * KEY, AT_S and AFTER say where the page before ended. */
#define ORGANIZATION_QUERY_FIELDS(X) X(ID, organization, 0) X(BYTES, holder_from, 16) X(BYTES, holder_until, 16) \
    X(TEXT, text, 255) X(BYTES, after, 16) X(TEXT, key, 32) X(INT, at_s, 0) X(INT, until_s, 0) X(INT, limit_count, 0)
ROW(organization_query_row, ORGANIZATION_QUERY_FIELDS);

#define COUNT_FIELDS(X) X(INT, count, 0)
ROW(count_row, COUNT_FIELDS);
/* clang-format on */
