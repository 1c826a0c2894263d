/* The shapes of all messages, one after the other in the order of their headers. */
#include "ipc/messages.h"

#include "ipc/files_api.h"
#include "ipc/hsm_api.h"
#include "ipc/relay_api.h"
#include "ipc/signer_api.h"
#include "ipc/status_api.h"
#include "ipc/supervise_api.h"

enum { STATEMENT_TEXT = 4096, SIGNATURE = 64, WORD = 64, NAME = 256, DETAIL = 1024, HEAD = 512, LEAF_DATA = 65 * 1024 };

#define DEFINE(type, ...)                                                  \
    static const struct shape_field type##_fields[] = { __VA_ARGS__ };     \
    const struct shape type##_shape = SHAPE(#type, struct type, type##_fields)

#define APPROVALS(type)                                                                     \
    SHAPE_TEXT(struct type, approval1, STATEMENT_TEXT), SHAPE_BYTES(struct type, approval_signature1, SIGNATURE), \
        SHAPE_TEXT(struct type, approval2, STATEMENT_TEXT), SHAPE_BYTES(struct type, approval_signature2, SIGNATURE)
#define EVIDENCE(type, n) \
    SHAPE_TEXT(struct type, statement##n, STATEMENT_TEXT), SHAPE_BYTES(struct type, signature##n, SIGNATURE)

DEFINE(ipc_failure, SHAPE_TEXT(struct ipc_failure, field, DIAG_FIELD_MAX),
       SHAPE_TEXT(struct ipc_failure, detail, DIAG_TEXT_MAX), SHAPE_TEXT(struct ipc_failure, log, DIAG_TEXT_MAX));

DEFINE(signer_peer, SHAPE_INT(struct signer_peer, size), SHAPE_BYTES(struct signer_peer, root, 32));
DEFINE(signer_state, SHAPE_ID(struct signer_state, incarnation), SHAPE_INT(struct signer_state, size),
       SHAPE_BYTES(struct signer_state, root, 32), SHAPE_BYTES(struct signer_state, head, HEAD),
       SHAPE_BYTES(struct signer_state, root_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_state, issuing_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_state, operators_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_state, head_certificate, CERTIFICATE_MAX),
       SHAPE_TEXT(struct signer_state, operators, ENTRIES_MAX));
DEFINE(signer_range, SHAPE_INT(struct signer_range, from), SHAPE_INT(struct signer_range, count));
DEFINE(signer_entries, SHAPE_INT(struct signer_entries, from), SHAPE_INT(struct signer_entries, count),
       SHAPE_INT(struct signer_entries, size), SHAPE_BYTES(struct signer_entries, entries, ENTRIES_MAX));
DEFINE(signer_card, SHAPE_ID(struct signer_card, request), EVIDENCE(signer_card, 1), APPROVALS(signer_card),
       SHAPE_BYTES(struct signer_card, card_certificate, CERTIFICATE_MAX));
DEFINE(signer_card_opened, SHAPE_BYTES(struct signer_card_opened, device_answer, 16),
       SHAPE_BYTES(struct signer_card_opened, admin_sealed, 256),
       SHAPE_INT(struct signer_card_opened, master_version));
DEFINE(signer_issue, SHAPE_ID(struct signer_issue, request), APPROVALS(signer_issue), EVIDENCE(signer_issue, 1),
       SHAPE_BYTES(struct signer_issue, card_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_issue, possession, SIGNATURE), SHAPE_TEXT(struct signer_issue, former, STATEMENT_TEXT),
       SHAPE_BYTES(struct signer_issue, former_signature, SIGNATURE));
DEFINE(signer_issued, SHAPE_BYTES(struct signer_issued, signing_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_issued, encryption_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_issued, enveloped_key, 512), SHAPE_INT(struct signer_issued, index));
DEFINE(signer_revoke, SHAPE_ID(struct signer_revoke, request), APPROVALS(signer_revoke));
DEFINE(signer_revoked, SHAPE_INT(struct signer_revoked, index), SHAPE_INT(struct signer_revoked, revoked_s),
       SHAPE_TEXT(struct signer_revoked, serials, DETAIL));
DEFINE(signer_operator_card, SHAPE_ID(struct signer_operator_card, request), EVIDENCE(signer_operator_card, 1),
       EVIDENCE(signer_operator_card, 2), SHAPE_BYTES(struct signer_operator_card, card_certificate, CERTIFICATE_MAX));
DEFINE(signer_operator, SHAPE_ID(struct signer_operator, request), EVIDENCE(signer_operator, 1),
       EVIDENCE(signer_operator, 2));
DEFINE(signer_operator_done, SHAPE_INT(struct signer_operator_done, index),
       SHAPE_BYTES(struct signer_operator_done, certificate, CERTIFICATE_MAX));
DEFINE(signer_proof, SHAPE_INT(struct signer_proof, leaf), SHAPE_INT(struct signer_proof, size),
       SHAPE_BYTES(struct signer_proof, data, LEAF_DATA),
       SHAPE_BYTES(struct signer_proof, leaf_hash, 32), SHAPE_BYTES(struct signer_proof, path, 64 * 32),
       SHAPE_BYTES(struct signer_proof, head, HEAD),
       SHAPE_BYTES(struct signer_proof, head_certificate, CERTIFICATE_MAX));
DEFINE(signer_consistency, SHAPE_INT(struct signer_consistency, old), SHAPE_INT(struct signer_consistency, size),
       SHAPE_BYTES(struct signer_consistency, path, 64 * 32), SHAPE_BYTES(struct signer_consistency, old_head, HEAD),
       SHAPE_BYTES(struct signer_consistency, head, HEAD));
DEFINE(signer_trail, SHAPE_INT(struct signer_trail, stops), SHAPE_INT(struct signer_trail, size),
       SHAPE_BYTES(struct signer_trail, root, 32), SHAPE_BYTES(struct signer_trail, path, 64 * 32));
DEFINE(signer_trail_kept, SHAPE_INT(struct signer_trail_kept, index), SHAPE_INT(struct signer_trail_kept, size));
DEFINE(signer_status, SHAPE_TEXT(struct signer_status, serial, SERIAL_SIZE * 2),
       SHAPE_BYTES(struct signer_status, nonce, STATUS_TOLD_NONCE));
DEFINE(signer_status_told, SHAPE_BYTES(struct signer_status_told, response, STATUS_TOLD_MAX));

DEFINE(signer_ends, SHAPE_BYTES(struct signer_ends, lines, SIGNER_ENDS_MAX));

DEFINE(journal_begin, SHAPE_ID(struct journal_begin, incarnation),
       SHAPE_BYTES(struct journal_begin, root_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct journal_begin, issuing_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct journal_begin, operators_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct journal_begin, head_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct journal_begin, maker_certificate, CERTIFICATE_MAX));
DEFINE(journal_incarnation, SHAPE_ID(struct journal_incarnation, incarnation),
       SHAPE_ID(struct journal_incarnation, before));
DEFINE(journal_restored, SHAPE_ID(struct journal_restored, incarnation), SHAPE_ID(struct journal_restored, before),
       SHAPE_INT(struct journal_restored, trail_size), SHAPE_BYTES(struct journal_restored, trail_root, 32));
DEFINE(journal_trail, SHAPE_INT(struct journal_trail, size), SHAPE_BYTES(struct journal_trail, root, 32));
DEFINE(journal_operator, SHAPE_TEXT(struct journal_operator, change, WORD),
       SHAPE_TEXT(struct journal_operator, serial, WORD), SHAPE_TEXT(struct journal_operator, name, NAME),
       SHAPE_TEXT(struct journal_operator, roles, NAME),
       SHAPE_BYTES(struct journal_operator, certificate, CERTIFICATE_MAX), EVIDENCE(journal_operator, 1),
       EVIDENCE(journal_operator, 2), SHAPE_ID(struct journal_operator, request),
       SHAPE_BYTES(struct journal_operator, content, 32));
DEFINE(journal_card, SHAPE_ID(struct journal_card, request), SHAPE_TEXT(struct journal_card, card, WORD),
       SHAPE_TEXT(struct journal_card, statement, STATEMENT_TEXT),
       SHAPE_BYTES(struct journal_card, signature, SIGNATURE), SHAPE_INT(struct journal_card, master_version),
       SHAPE_BYTES(struct journal_card, admin_sealed, 256), SHAPE_BYTES(struct journal_card, content, 32));
DEFINE(journal_issued, SHAPE_ID(struct journal_issued, request),
       SHAPE_TEXT(struct journal_issued, application, WORD), SHAPE_TEXT(struct journal_issued, holder, WORD),
       SHAPE_TEXT(struct journal_issued, card, WORD), APPROVALS(journal_issued),
       SHAPE_TEXT(struct journal_issued, produce, STATEMENT_TEXT),
       SHAPE_BYTES(struct journal_issued, produce_signature, SIGNATURE),
       SHAPE_BYTES(struct journal_issued, signing_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct journal_issued, encryption_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct journal_issued, enveloped_key, 512), SHAPE_BYTES(struct journal_issued, content, 32));
DEFINE(journal_revoked, SHAPE_ID(struct journal_revoked, request),
       SHAPE_TEXT(struct journal_revoked, serials, DETAIL), SHAPE_TEXT(struct journal_revoked, reason, WORD),
       SHAPE_TEXT(struct journal_revoked, application, WORD), SHAPE_INT(struct journal_revoked, revoked_s),
       APPROVALS(journal_revoked), SHAPE_BYTES(struct journal_revoked, content, 32));
DEFINE(status_nonce, SHAPE_INT(struct status_nonce, hash), SHAPE_BYTES(struct status_nonce, serial, STATUS_SERIAL_MAX),
       SHAPE_BYTES(struct status_nonce, nonce, STATUS_NONCE_MAX));
DEFINE(status_nonce_answer, SHAPE_BYTES(struct status_nonce_answer, response, STATUS_RESPONSE_MAX));
DEFINE(journal_operator_card, SHAPE_ID(struct journal_operator_card, request),
       SHAPE_TEXT(struct journal_operator_card, card, WORD), EVIDENCE(journal_operator_card, 1),
       EVIDENCE(journal_operator_card, 2), SHAPE_INT(struct journal_operator_card, master_version),
       SHAPE_BYTES(struct journal_operator_card, admin_sealed, 256),
       SHAPE_BYTES(struct journal_operator_card, content, 32));
DEFINE(journal_responder, SHAPE_BYTES(struct journal_responder, certificate, CERTIFICATE_MAX));
DEFINE(journal_refused, SHAPE_ID(struct journal_refused, request), SHAPE_INT(struct journal_refused, type),
       SHAPE_INT(struct journal_refused, error), SHAPE_TEXT(struct journal_refused, application, WORD),
       SHAPE_TEXT(struct journal_refused, detail, DETAIL));

#define IDENTITY(type) SHAPE_ID(struct type, request)
#define CONTENT(type) SHAPE_BYTES(struct type, content, 32)
#define KEYS (CUSTODIANS_MAX * 64)
#define SHARES (CUSTODIANS_MAX * CUSTODIAN_SHARE_SIZE)
DEFINE(signer_unlock, IDENTITY(signer_unlock), APPROVALS(signer_unlock), SHAPE_TEXT(struct signer_unlock, card, WORD),
       SHAPE_BYTES(struct signer_unlock, challenge, 16));
DEFINE(signer_unlocked, SHAPE_BYTES(struct signer_unlocked, answer, 64), SHAPE_INT(struct signer_unlocked, index));
DEFINE(signer_recover, IDENTITY(signer_recover), APPROVALS(signer_recover),
       SHAPE_TEXT(struct signer_recover, passed, STATEMENT_TEXT));
DEFINE(signer_recovered, SHAPE_TEXT(struct signer_recovered, serials, DETAIL),
       SHAPE_BYTES(struct signer_recovered, keys, RECOVERED_MAX * RECOVERED_KEY_SIZE),
       SHAPE_INT(struct signer_recovered, index));
DEFINE(signer_hold, IDENTITY(signer_hold), SHAPE_TEXT(struct signer_hold, holder, WORD),
       SHAPE_TEXT(struct signer_hold, serials, DETAIL));
DEFINE(signer_hold_for, IDENTITY(signer_hold_for), SHAPE_TEXT(struct signer_hold_for, holder, WORD),
       SHAPE_TEXT(struct signer_hold_for, serials, DETAIL), SHAPE_TEXT(struct signer_hold_for, organization, WORD),
       SHAPE_TEXT(struct signer_hold_for, asked_by, WORD));
DEFINE(signer_held, SHAPE_INT(struct signer_held, index), SHAPE_INT(struct signer_held, held_s),
       SHAPE_TEXT(struct signer_held, serials, DETAIL));
DEFINE(signer_release, IDENTITY(signer_release), EVIDENCE(signer_release, 1));
DEFINE(signer_released, SHAPE_INT(struct signer_released, index), SHAPE_INT(struct signer_released, released_s),
       SHAPE_TEXT(struct signer_released, serials, DETAIL));
DEFINE(signer_receive, IDENTITY(signer_receive), SHAPE_TEXT(struct signer_receive, holder, WORD),
       SHAPE_TEXT(struct signer_receive, serials, DETAIL));
DEFINE(signer_received, SHAPE_INT(struct signer_received, index), SHAPE_INT(struct signer_received, received_s),
       SHAPE_TEXT(struct signer_received, serials, DETAIL));
DEFINE(signer_custody, IDENTITY(signer_custody), EVIDENCE(signer_custody, 1), EVIDENCE(signer_custody, 2),
       SHAPE_BYTES(struct signer_custody, keys, KEYS));
DEFINE(signer_custody_done, SHAPE_INT(struct signer_custody_done, index),
       SHAPE_BYTES(struct signer_custody_done, custodial, 64), SHAPE_BYTES(struct signer_custody_done, shares, SHARES));
DEFINE(signer_judicial, IDENTITY(signer_judicial), EVIDENCE(signer_judicial, 1), EVIDENCE(signer_judicial, 2));
DEFINE(signer_judicial_opened, SHAPE_INT(struct signer_judicial_opened, index),
       SHAPE_INT(struct signer_judicial_opened, version), SHAPE_BYTES(struct signer_judicial_opened, escrow, 128),
       SHAPE_BYTES(struct signer_judicial_opened, certificate, CERTIFICATE_MAX));
DEFINE(journal_unlocked, IDENTITY(journal_unlocked), SHAPE_TEXT(struct journal_unlocked, application, WORD),
       SHAPE_TEXT(struct journal_unlocked, holder, WORD), SHAPE_TEXT(struct journal_unlocked, card, WORD),
       SHAPE_BYTES(struct journal_unlocked, challenge, 16), SHAPE_INT(struct journal_unlocked, master_version),
       APPROVALS(journal_unlocked), CONTENT(journal_unlocked));
DEFINE(journal_recovered, IDENTITY(journal_recovered), SHAPE_TEXT(struct journal_recovered, application, WORD),
       SHAPE_TEXT(struct journal_recovered, holder, WORD), SHAPE_TEXT(struct journal_recovered, serials, DETAIL),
       SHAPE_BYTES(struct journal_recovered, keys, RECOVERED_MAX * RECOVERED_KEY_SIZE), APPROVALS(journal_recovered),
       CONTENT(journal_recovered));
DEFINE(journal_held, IDENTITY(journal_held), SHAPE_TEXT(struct journal_held, holder, WORD),
       SHAPE_TEXT(struct journal_held, serials, DETAIL), SHAPE_INT(struct journal_held, held_s), CONTENT(journal_held));
DEFINE(journal_held_for, IDENTITY(journal_held_for), SHAPE_TEXT(struct journal_held_for, holder, WORD),
       SHAPE_TEXT(struct journal_held_for, serials, DETAIL), SHAPE_TEXT(struct journal_held_for, organization, WORD),
       SHAPE_TEXT(struct journal_held_for, asked_by, WORD), SHAPE_INT(struct journal_held_for, held_s),
       CONTENT(journal_held_for));
DEFINE(journal_received, IDENTITY(journal_received), SHAPE_TEXT(struct journal_received, holder, WORD),
       SHAPE_TEXT(struct journal_received, serials, DETAIL), SHAPE_INT(struct journal_received, received_s),
       CONTENT(journal_received));
DEFINE(journal_replaced, SHAPE_TEXT(struct journal_replaced, application, WORD),
       SHAPE_TEXT(struct journal_replaced, by, WORD), SHAPE_TEXT(struct journal_replaced, approval, STATEMENT_TEXT),
       SHAPE_BYTES(struct journal_replaced, signature, SIGNATURE));
DEFINE(journal_released, IDENTITY(journal_released), SHAPE_TEXT(struct journal_released, serials, DETAIL),
       SHAPE_TEXT(struct journal_released, application, WORD), SHAPE_INT(struct journal_released, released_s),
       EVIDENCE(journal_released, 1), CONTENT(journal_released));
DEFINE(journal_custody, IDENTITY(journal_custody), SHAPE_INT(struct journal_custody, version),
       SHAPE_INT(struct journal_custody, threshold), SHAPE_TEXT(struct journal_custody, custodians, DETAIL),
       SHAPE_BYTES(struct journal_custody, keys, KEYS), SHAPE_BYTES(struct journal_custody, custodial, 64),
       SHAPE_BYTES(struct journal_custody, shares, SHARES), EVIDENCE(journal_custody, 1), EVIDENCE(journal_custody, 2),
       CONTENT(journal_custody));
DEFINE(journal_judicial, IDENTITY(journal_judicial), SHAPE_TEXT(struct journal_judicial, serial, WORD),
       SHAPE_INT(struct journal_judicial, version), SHAPE_BYTES(struct journal_judicial, escrow, 128),
       EVIDENCE(journal_judicial, 1), EVIDENCE(journal_judicial, 2), CONTENT(journal_judicial));

DEFINE(signer_begin, SHAPE_TEXT(struct signer_begin, organization, NAME), SHAPE_TEXT(struct signer_begin, country, 2),
       SHAPE_TEXT(struct signer_begin, root_name, NAME), SHAPE_TEXT(struct signer_begin, issuing_name, NAME),
       SHAPE_TEXT(struct signer_begin, operators_name, NAME),
       SHAPE_BYTES(struct signer_begin, maker_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_begin, maker_transport_key, 16),
       SHAPE_BYTES(struct signer_begin, root_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_begin, issuing_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_begin, operators_certificate, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_begin, head_certificate, CERTIFICATE_MAX));
DEFINE(signer_prepared, SHAPE_BYTES(struct signer_prepared, issuing_request, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_prepared, operators_request, CERTIFICATE_MAX),
       SHAPE_BYTES(struct signer_prepared, head_request, CERTIFICATE_MAX));
DEFINE(signer_first_card, SHAPE_TEXT(struct signer_first_card, card, WORD),
       SHAPE_BYTES(struct signer_first_card, challenge, 8),
       SHAPE_BYTES(struct signer_first_card, card_certificate, CERTIFICATE_MAX));
DEFINE(signer_first_operator, SHAPE_TEXT(struct signer_first_operator, name, NAME),
       SHAPE_TEXT(struct signer_first_operator, roles, NAME), SHAPE_TEXT(struct signer_first_operator, card, WORD),
       SHAPE_BYTES(struct signer_first_operator, public_key, 64),
       SHAPE_BYTES(struct signer_first_operator, attestation, SIGNATURE),
       SHAPE_BYTES(struct signer_first_operator, card_certificate, CERTIFICATE_MAX));
DEFINE(supervise_peer, SHAPE_TEXT(struct supervise_peer, name, WORD));

DEFINE(files_inspect, SHAPE_INT(struct files_inspect, size), SHAPE_INT(struct files_inspect, ofd));
DEFINE(files_inspected, SHAPE_TEXT(struct files_inspected, type, WORD), SHAPE_INT(struct files_inspected, pages),
       SHAPE_INT(struct files_inspected, width), SHAPE_INT(struct files_inspected, height));
DEFINE(files_print, SHAPE_TEXT(struct files_print, brand, NAME), SHAPE_TEXT(struct files_print, number, WORD),
       SHAPE_INT(struct files_print, revision), SHAPE_TEXT(struct files_print, service_name, NAME),
       SHAPE_TEXT(struct files_print, code, NAME), SHAPE_TEXT(struct files_print, rows, 16 * 1024),
       SHAPE_TEXT(struct files_print, agreement, NAME), SHAPE_TEXT(struct files_print, notes, STATEMENT_TEXT),
       SHAPE_TEXT(struct files_print, document, WORD), SHAPE_INT(struct files_print, printed_s));
DEFINE(files_printed, SHAPE_INT(struct files_printed, size), SHAPE_INT(struct files_printed, pages),
       SHAPE_BYTES(struct files_printed, sm3, 32));

DEFINE(relay_notice, SHAPE_ID(struct relay_notice, id), SHAPE_TEXT(struct relay_notice, to, 320),
       SHAPE_TEXT(struct relay_notice, subject, NAME), SHAPE_TEXT(struct relay_notice, text, 16 * 1024),
       SHAPE_TEXT(struct relay_notice, name, WORD),
       SHAPE_TEXT(struct relay_notice, files, 4 * NAME), SHAPE_TEXT(struct relay_notice, values, 8 * 1024));
DEFINE(relay_invoice, SHAPE_TEXT(struct relay_invoice, number, WORD),
       SHAPE_TEXT(struct relay_invoice, document, 16 * 1024));
DEFINE(relay_invoiced, SHAPE_TEXT(struct relay_invoiced, state, WORD),
       SHAPE_TEXT(struct relay_invoiced, invoice, WORD), SHAPE_TEXT(struct relay_invoiced, reason, NAME),
       SHAPE_INT(struct relay_invoiced, issued_s));
DEFINE(relay_invoice_file, SHAPE_TEXT(struct relay_invoice_file, number, WORD),
       SHAPE_TEXT(struct relay_invoice_file, kind, WORD));
DEFINE(relay_file, SHAPE_INT(struct relay_file, size));
DEFINE(relay_sent, SHAPE_TEXT(struct relay_sent, receipt, NAME));
DEFINE(relay_order, SHAPE_TEXT(struct relay_order, method, WORD), SHAPE_TEXT(struct relay_order, order, WORD),
       SHAPE_TEXT(struct relay_order, description, NAME), SHAPE_INT(struct relay_order, amount_fen),
       SHAPE_INT(struct relay_order, expires_s), SHAPE_TEXT(struct relay_order, return_url, 512));
DEFINE(relay_ordered, SHAPE_TEXT(struct relay_ordered, code_url, 512),
       SHAPE_TEXT(struct relay_ordered, page_url, 4096));
DEFINE(relay_query, SHAPE_TEXT(struct relay_query, method, WORD), SHAPE_TEXT(struct relay_query, order, WORD));
DEFINE(relay_refund, SHAPE_TEXT(struct relay_refund, method, WORD), SHAPE_TEXT(struct relay_refund, order, WORD),
       SHAPE_TEXT(struct relay_refund, refund, WORD), SHAPE_INT(struct relay_refund, amount_fen),
       SHAPE_INT(struct relay_refund, total_fen), SHAPE_TEXT(struct relay_refund, reason, NAME));
DEFINE(relay_callback, SHAPE_TEXT(struct relay_callback, method, WORD),
       SHAPE_TEXT(struct relay_callback, timestamp, WORD), SHAPE_TEXT(struct relay_callback, nonce, NAME),
       SHAPE_TEXT(struct relay_callback, signature, 1024), SHAPE_TEXT(struct relay_callback, serial, NAME),
       SHAPE_BYTES(struct relay_callback, body, 64 * 1024));
DEFINE(relay_payment, SHAPE_TEXT(struct relay_payment, order, WORD),
       SHAPE_TEXT(struct relay_payment, transaction, NAME), SHAPE_TEXT(struct relay_payment, state, WORD),
       SHAPE_TEXT(struct relay_payment, refund, WORD),
       SHAPE_TEXT(struct relay_payment, currency, WORD), SHAPE_INT(struct relay_payment, amount_fen),
       SHAPE_INT(struct relay_payment, paid_s));
DEFINE(relay_parcel, SHAPE_TEXT(struct relay_parcel, order, WORD), SHAPE_TEXT(struct relay_parcel, recipient, NAME),
       SHAPE_TEXT(struct relay_parcel, mobile, WORD), SHAPE_TEXT(struct relay_parcel, province, NAME),
       SHAPE_TEXT(struct relay_parcel, address, 1024), SHAPE_TEXT(struct relay_parcel, postcode, WORD));
DEFINE(relay_parcel_taken, SHAPE_TEXT(struct relay_parcel_taken, waybill, WORD));
DEFINE(relay_parcel_ask, SHAPE_TEXT(struct relay_parcel_ask, waybill, WORD));
DEFINE(relay_parcel_way, SHAPE_INT(struct relay_parcel_way, count),
       SHAPE_BYTES(struct relay_parcel_way, events, RELAY_EVENTS_MAX));
DEFINE(relay_parcel_event, SHAPE_TEXT(struct relay_parcel_event, state, WORD),
       SHAPE_TEXT(struct relay_parcel_event, words, 1024), SHAPE_TEXT(struct relay_parcel_event, place, NAME),
       SHAPE_INT(struct relay_parcel_event, at_s));
DEFINE(relay_bill_ask, SHAPE_TEXT(struct relay_bill_ask, method, WORD), SHAPE_TEXT(struct relay_bill_ask, day, WORD),
       SHAPE_INT(struct relay_bill_ask, from));
DEFINE(relay_bill, SHAPE_INT(struct relay_bill, count), SHAPE_INT(struct relay_bill, next),
       SHAPE_BYTES(struct relay_bill, rows, 160 * 1024));
DEFINE(relay_bill_row, SHAPE_TEXT(struct relay_bill_row, kind, WORD), SHAPE_TEXT(struct relay_bill_row, order, WORD),
       SHAPE_TEXT(struct relay_bill_row, refund, WORD), SHAPE_TEXT(struct relay_bill_row, transaction, NAME),
       SHAPE_INT(struct relay_bill_row, amount_fen), SHAPE_INT(struct relay_bill_row, at_s));

DEFINE(hsm_key, SHAPE_TEXT(struct hsm_key, label, HSM_LABEL_MAX));
DEFINE(hsm_key_found, SHAPE_INT(struct hsm_key_found, algorithm),
       SHAPE_BYTES(struct hsm_key_found, point, HSM_POINT_SIZE));
DEFINE(hsm_sign, SHAPE_TEXT(struct hsm_sign, label, HSM_LABEL_MAX), SHAPE_INT(struct hsm_sign, algorithm),
       SHAPE_BYTES(struct hsm_sign, point, HSM_POINT_SIZE), SHAPE_BYTES(struct hsm_sign, digest, HSM_DIGEST_SIZE));
DEFINE(hsm_signed, SHAPE_BYTES(struct hsm_signed, signature, HSM_SIGNATURE_SIZE));
DEFINE(hsm_seen, SHAPE_TEXT(struct hsm_seen, token, HSM_TOKEN_MAX), SHAPE_TEXT(struct hsm_seen, serial, HSM_TOKEN_MAX));

const struct shape *const ipc_shapes[] = {
    &ipc_failure_shape,     &signer_peer_shape,      &signer_state_shape,   &signer_range_shape,
    &signer_entries_shape,  &signer_card_shape,      &signer_card_opened_shape, &signer_issue_shape,
    &signer_issued_shape,   &signer_revoke_shape,    &signer_revoked_shape, &signer_operator_shape,
    &signer_operator_done_shape, &signer_proof_shape, &signer_consistency_shape,
    &signer_unlock_shape, &signer_unlocked_shape, &signer_recover_shape, &signer_recovered_shape,
    &signer_hold_shape, &signer_held_shape, &signer_release_shape, &signer_released_shape,
    &signer_custody_shape, &signer_custody_done_shape, &signer_judicial_shape, &signer_judicial_opened_shape,
    &journal_unlocked_shape, &journal_recovered_shape, &journal_held_shape, &journal_released_shape,
    &journal_custody_shape, &journal_judicial_shape, &journal_begin_shape, &journal_operator_shape,
    &journal_card_shape,    &journal_issued_shape,   &journal_revoked_shape, &journal_refused_shape,
    &signer_operator_card_shape, &journal_operator_card_shape, &journal_responder_shape,
    &journal_incarnation_shape, &signer_prepared_shape, &signer_trail_shape, &signer_trail_kept_shape,
    &signer_ends_shape,
    &journal_restored_shape, &journal_trail_shape, &signer_receive_shape, &signer_received_shape,
    &journal_received_shape, &signer_hold_for_shape, &journal_held_for_shape, &journal_replaced_shape,
    &signer_status_shape, &signer_status_told_shape,
    &status_nonce_shape, &status_nonce_answer_shape,
    &hsm_key_shape, &hsm_key_found_shape, &hsm_sign_shape, &hsm_signed_shape, &hsm_seen_shape,
    &files_inspect_shape,   &files_inspected_shape,  &files_print_shape,    &files_printed_shape,
    &relay_invoice_shape, &relay_invoiced_shape, &relay_invoice_file_shape, &relay_file_shape,
    &relay_notice_shape,    &relay_sent_shape,       &relay_order_shape,    &relay_ordered_shape,
    &signer_begin_shape,    &signer_first_card_shape, &signer_first_operator_shape, &supervise_peer_shape,
    &relay_query_shape,     &relay_refund_shape,     &relay_callback_shape, &relay_payment_shape,
    &relay_bill_ask_shape,  &relay_bill_shape,       &relay_bill_row_shape,
    &relay_parcel_shape, &relay_parcel_taken_shape, &relay_parcel_ask_shape, &relay_parcel_way_shape,
    &relay_parcel_event_shape,
};
const size_t ipc_shapes_count = COUNT(ipc_shapes);
