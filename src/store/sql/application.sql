-- name: application_insert
INSERT INTO application (
    number, service, state, version, holder, open, agreement_version, agreed_s, agreed_from,
    organization_name, credit_code, organization_address, holder_name, document_type, document_sealed,
    document_mask, mobile, email, invoice_title, tax_number, invoice_email, confirmed, medium, recipient,
    recipient_mobile, province, address, postcode, fee_fen, form_revision, form_code, created_s, submitted_s,
    started_s, due_s, left_s, returned_s, decided_s, finished_s, return_reason, return_items, return_words,
    about, card, serial, origin, successor, successor_confirmed_s, keep_encryption, revoke_reason, key_waybill,
    key_received_s, inspected_s, touched_s, warned_s, unpaid_told_s, deputy, deputy_name,
    deputy_mobile, former)
VALUES (
    :number, :service, :state, :version, :holder, :open, :agreement_version, :agreed_s, :agreed_from,
    :organization_name, :credit_code, :organization_address, :holder_name, :document_type, :document_sealed,
    :document_mask, :mobile, :email, :invoice_title, :tax_number, :invoice_email, :confirmed, :medium,
    :recipient, :recipient_mobile, :province, :address, :postcode, :fee_fen, :form_revision, :form_code,
    :created_s, :submitted_s, :started_s, :due_s, :left_s, :returned_s, :decided_s, :finished_s, :return_reason,
    :return_items, :return_words, :about, :card, :serial, :origin, :successor, :successor_confirmed_s,
    :keep_encryption, :revoke_reason, :key_waybill, :key_received_s, :inspected_s, :touched_s, :warned_s,
    :unpaid_told_s, :deputy, :deputy_name, :deputy_mobile, :former)

-- name: application_get
SELECT * FROM application WHERE number = :key

-- Those of a person, and those by which a certificate is to pass to the person.
-- name: application_list_of
SELECT * FROM application WHERE (holder = :id OR successor = :id) AND number < :key ORDER BY number DESC
LIMIT :limit_count

-- Those in which a person acts for their holder (R-FORM-6).
-- name: application_list_of_deputy
SELECT * FROM application WHERE deputy = :id AND number < :key ORDER BY number DESC LIMIT :limit_count

-- Where the person had the last USBKey sent to (R-SHIP-2).
-- name: application_last_sent
SELECT * FROM application WHERE holder = :id AND address IS NOT NULL ORDER BY number DESC LIMIT 1

-- Fulfilled replacements of a person, ever (R-LOST-3).
-- name: application_count_lost
SELECT COUNT(*) AS count FROM application
WHERE holder = :id AND service = 'lost' AND state IN ('produced', 'shipped', 'done')

-- Open ones that nobody has touched since, page by page.
-- name: application_untouched
SELECT * FROM application WHERE open = 1 AND touched_s <= :at_s AND number > :key
    AND state IN ('draft', 'awaiting-payment', 'awaiting-confirmation', 'awaiting-return', 'sent-back')
ORDER BY number LIMIT :limit_count

-- The row as a whole, guarded by its version: whoever read an older one is told so.
-- name: application_update
UPDATE application SET version = version + 1,
    service = :service, state = :state, open = :open, agreement_version = :agreement_version, agreed_s = :agreed_s,
    agreed_from = :agreed_from, organization_name = :organization_name, credit_code = :credit_code,
    organization_address = :organization_address, holder_name = :holder_name, document_type = :document_type,
    document_sealed = :document_sealed, document_mask = :document_mask, mobile = :mobile, email = :email,
    invoice_title = :invoice_title, tax_number = :tax_number, invoice_email = :invoice_email,
    confirmed = :confirmed, medium = :medium, recipient = :recipient, recipient_mobile = :recipient_mobile,
    province = :province, address = :address, postcode = :postcode, fee_fen = :fee_fen,
    form_revision = :form_revision, form_code = :form_code, submitted_s = :submitted_s,
    started_s = :started_s, due_s = :due_s, left_s = :left_s, returned_s = :returned_s,
    decided_s = :decided_s, finished_s = :finished_s, return_reason = :return_reason, return_items = :return_items,
    return_words = :return_words, about = :about, card = :card, serial = :serial, origin = :origin,
    successor = :successor, successor_confirmed_s = :successor_confirmed_s, keep_encryption = :keep_encryption,
    revoke_reason = :revoke_reason, key_waybill = :key_waybill, key_received_s = :key_received_s,
    inspected_s = :inspected_s, touched_s = :touched_s, warned_s = :warned_s, unpaid_told_s = :unpaid_told_s, deputy = :deputy,
    deputy_name = :deputy_name, deputy_mobile = :deputy_mobile, former = :former
WHERE number = :number AND version = :version

-- name: application_queue
SELECT * FROM application WHERE state = :state ORDER BY due_s, number LIMIT :limit_count

-- Only services that end in a USBKey made here (kind.c): the others wait for their holder, not for a producer.
-- name: application_queue_made
SELECT * FROM application WHERE state = :state AND service IN ('apply', 'lost', 'damaged') ORDER BY due_s, number
LIMIT :limit_count

-- name: application_open_insert
INSERT INTO application_open (holder, number) VALUES (:holder, :number)

-- An unlock that stands beside another application of its holder, under way.
-- name: application_count_beside
SELECT COUNT(*) AS count FROM application WHERE holder = :id AND service = 'unlock' AND open = 1

-- name: application_beside
SELECT * FROM application WHERE holder = :id AND service = 'unlock' AND open = 1 ORDER BY number DESC LIMIT 1

-- What is approved and passes to the person, who has not taken it yet.
-- name: application_passing_to
SELECT * FROM application WHERE successor = :id AND service = 'change' AND state IN ('approved', 'issued')
ORDER BY number DESC LIMIT 1

-- name: application_replaced_by
SELECT * FROM application WHERE former = :key ORDER BY created_s DESC, number DESC LIMIT 1

-- name: application_open_delete
DELETE FROM application_open WHERE number = :number

-- name: form_insert
INSERT INTO form (application, revision, code, size, sm3, name, key_sealed, printed_s)
VALUES (:application, :revision, :code, :size, :sm3, :name, :key_sealed, :printed_s)

-- name: form_get
SELECT * FROM form WHERE application = :key ORDER BY revision DESC LIMIT 1

-- name: attachment_insert
INSERT INTO attachment (id, application, kind, type, size, pages, revision, name, key_sealed, current, uploaded_s)
VALUES (:id, :application, :kind, :type, :size, :pages, :revision, :name, :key_sealed, :current, :uploaded_s)

-- name: attachment_supersede
UPDATE attachment SET current = 0 WHERE application = :application AND kind = :kind AND current = 1

-- name: attachment_list
SELECT * FROM attachment WHERE application = :key AND current = 1 ORDER BY kind LIMIT :limit_count

-- name: attachment_count
SELECT COUNT(*) AS count FROM attachment WHERE application = :key

-- name: attachment_get
SELECT * FROM attachment WHERE id = :id

-- name: upload_insert
INSERT INTO upload (id, application, kind, size, sm3, arrived, begun_s, touched_s)
VALUES (:id, :application, :kind, :size, :sm3, :arrived, :begun_s, :touched_s)

-- name: upload_get
SELECT * FROM upload WHERE id = :id

-- name: upload_of
SELECT * FROM upload WHERE application = :key AND kind = :other

-- name: upload_list
SELECT * FROM upload WHERE application = :key ORDER BY kind LIMIT :limit_count

-- name: upload_arrived
UPDATE upload SET arrived = :arrived, touched_s = :touched_s WHERE id = :id

-- name: upload_delete
DELETE FROM upload WHERE id = :id

-- Nothing came any more, or its application is over.
-- name: upload_lapsed
SELECT upload.* FROM upload JOIN application ON application.number = upload.application
WHERE upload.touched_s <= :at_s OR application.open = 0 ORDER BY upload.id LIMIT :limit_count

-- name: upload_piece_insert
INSERT INTO upload_piece (upload, begins, size, name, key_sealed)
VALUES (:upload, :begins, :size, :name, :key_sealed)

-- name: upload_piece_list
SELECT * FROM upload_piece WHERE upload = :id ORDER BY begins LIMIT :limit_count

-- name: upload_piece_delete
DELETE FROM upload_piece WHERE upload = :id

-- name: decision_insert
INSERT INTO decision (nonce, application, decision, statement, hash, signature, operator_serial, made_s, used)
VALUES (:nonce, :application, :decision, :statement, :hash, :signature, :operator_serial, :made_s, :used)

-- name: decision_by_hash
SELECT * FROM decision WHERE hash = :hash

-- Approvals by which certificates are revoked at once, and were not yet; of each application the latest.
-- name: decision_unrevoked
SELECT decision.* FROM decision JOIN application ON application.number = decision.application
WHERE decision.decision = 'approve' AND decision.used = 0 AND application.state = 'approved'
    AND application.service IN ('lost', 'revoke', 'change')
    AND NOT EXISTS (SELECT 1 FROM decision AS later WHERE later.application = decision.application
        AND later.decision = 'approve' AND (later.made_s > decision.made_s
            OR (later.made_s = decision.made_s AND later.nonce > decision.nonce)))
ORDER BY decision.made_s, decision.nonce LIMIT :limit_count

-- name: decision_use
UPDATE decision SET used = :used WHERE nonce = :nonce

-- name: decision_list
SELECT * FROM decision WHERE application = :key AND decision = :other ORDER BY made_s, nonce LIMIT :limit_count

-- name: decision_after
SELECT * FROM decision WHERE made_s > :at_s OR (made_s = :at_s AND nonce > :key) ORDER BY made_s, nonce LIMIT :limit_count

-- name: shipment_insert
INSERT INTO shipment (application, carrier, waybill, shipped_s, reminded)
VALUES (:application, :carrier, :waybill, :shipped_s, :reminded)

-- name: shipment_delete
DELETE FROM shipment WHERE application = :application

-- name: shipment_get
SELECT * FROM shipment WHERE application = :key

-- Sent, and its receipt not confirmed; page by page.
-- name: shipment_unconfirmed
SELECT s.application, s.carrier, s.waybill, s.shipped_s, s.reminded FROM shipment s
JOIN application a ON a.number = s.application JOIN certificate c ON c.serial = a.serial
WHERE a.state = 'shipped' AND c.transit = 1 AND c.state <> 'revoked' AND s.reminded < :reminded
    AND s.shipped_s <= :shipped_s AND s.application > :application ORDER BY s.application LIMIT 100

-- name: shipment_set_reminded
UPDATE shipment SET reminded = :reminded WHERE application = :application AND reminded < :reminded

-- name: parcel_insert
INSERT INTO parcel (application, order_number, waybill, state, at_s, words, place, asked_s, tries, next_s, trouble)
VALUES (:application, :order_number, :waybill, :state, :at_s, :words, :place, :asked_s, :tries, :next_s, :trouble)

-- name: parcel_get
SELECT * FROM parcel WHERE application = :key

-- name: parcel_delete
DELETE FROM parcel WHERE application = :application

-- name: parcel_update
UPDATE parcel SET state = :state, at_s = :at_s, words = :words, place = :place, tries = :tries, next_s = :next_s,
    trouble = :trouble WHERE application = :application

-- name: parcel_list_due
SELECT * FROM parcel WHERE next_s > 0 AND next_s <= :at_s ORDER BY next_s, application LIMIT :limit_count

-- name: receipt_insert
INSERT INTO receipt (application, request, confirmed_s) VALUES (:application, :request, :confirmed_s)

-- name: receipt_get
SELECT * FROM receipt WHERE application = :key

-- name: receipt_delete
DELETE FROM receipt WHERE application = :application

-- What a holder has confirmed and the signer was not told.
-- name: receipt_list_untold
SELECT r.application, r.request, r.confirmed_s FROM receipt r
JOIN application a ON a.number = r.application JOIN certificate c ON c.serial = a.serial
WHERE a.state = 'shipped' AND c.transit = 1 AND c.state <> 'revoked' ORDER BY r.application LIMIT :limit_count
