-- name: application_insert
INSERT INTO application (
    number, service, state, version, holder, open, agreement_version, agreed_s, agreed_from,
    organization_name, credit_code, organization_address, holder_name, document_type, document_sealed,
    document_mask, mobile, email, invoice_title, tax_number, invoice_email, confirmed, medium, recipient,
    recipient_mobile, province, address, postcode, fee_fen, form_revision, form_code, created_s, submitted_s,
    started_s, due_s, left_s, returned_s, decided_s, finished_s, return_reason, return_items, return_words,
    about, card, serial)
VALUES (
    :number, :service, :state, :version, :holder, :open, :agreement_version, :agreed_s, :agreed_from,
    :organization_name, :credit_code, :organization_address, :holder_name, :document_type, :document_sealed,
    :document_mask, :mobile, :email, :invoice_title, :tax_number, :invoice_email, :confirmed, :medium,
    :recipient, :recipient_mobile, :province, :address, :postcode, :fee_fen, :form_revision, :form_code,
    :created_s, :submitted_s, :started_s, :due_s, :left_s, :returned_s, :decided_s, :finished_s, :return_reason,
    :return_items, :return_words, :about, :card, :serial)

-- name: application_get
SELECT * FROM application WHERE number = :key

-- name: application_list_of
SELECT * FROM application WHERE holder = :id AND number < :key ORDER BY number DESC LIMIT :limit_count

-- The row as a whole, guarded by its version: whoever read an older one is told so.
-- name: application_update
UPDATE application SET version = version + 1,
    state = :state, open = :open, agreement_version = :agreement_version, agreed_s = :agreed_s,
    agreed_from = :agreed_from, organization_name = :organization_name, credit_code = :credit_code,
    organization_address = :organization_address, holder_name = :holder_name, document_type = :document_type,
    document_sealed = :document_sealed, document_mask = :document_mask, mobile = :mobile, email = :email,
    invoice_title = :invoice_title, tax_number = :tax_number, invoice_email = :invoice_email,
    confirmed = :confirmed, medium = :medium, recipient = :recipient, recipient_mobile = :recipient_mobile,
    province = :province, address = :address, postcode = :postcode, fee_fen = :fee_fen,
    form_revision = :form_revision, form_code = :form_code, submitted_s = :submitted_s,
    started_s = :started_s, due_s = :due_s, left_s = :left_s, returned_s = :returned_s,
    decided_s = :decided_s, finished_s = :finished_s, return_reason = :return_reason, return_items = :return_items,
    return_words = :return_words, about = :about, card = :card, serial = :serial
WHERE number = :number AND version = :version

-- name: application_queue
SELECT * FROM application WHERE state = :state ORDER BY due_s, number LIMIT :limit_count

-- name: application_open_insert
INSERT INTO application_open (holder, number) VALUES (:holder, :number)

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

-- name: decision_insert
INSERT INTO decision (nonce, application, decision, statement, hash, signature, operator_serial, made_s, used)
VALUES (:nonce, :application, :decision, :statement, :hash, :signature, :operator_serial, :made_s, :used)

-- name: decision_by_hash
SELECT * FROM decision WHERE hash = :hash

-- name: decision_use
UPDATE decision SET used = 1 WHERE nonce = :nonce AND used = 0

-- name: decision_list
SELECT * FROM decision WHERE application = :key AND decision = :other ORDER BY made_s, nonce LIMIT :limit_count

-- name: shipment_insert
INSERT INTO shipment (application, carrier, waybill, shipped_s)
VALUES (:application, :carrier, :waybill, :shipped_s)

-- name: shipment_get
SELECT * FROM shipment WHERE application = :key
