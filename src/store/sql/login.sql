-- name: sms_code_get
SELECT * FROM sms_code WHERE mobile = :key AND purpose = :other

-- name: sms_code_insert
INSERT INTO sms_code (mobile, purpose, salt, hash, sent_s, tries, used, wanted, day, day_count)
VALUES (:mobile, :purpose, :salt, :hash, :sent_s, :tries, :used, :wanted, :day, :day_count)

-- name: sms_code_update
UPDATE sms_code SET salt = :salt, hash = :hash, sent_s = :sent_s, tries = :tries, used = :used, wanted = :wanted,
    day = :day, day_count = :day_count
WHERE mobile = :mobile AND purpose = :purpose

-- name: sms_code_list_wanted
SELECT * FROM sms_code WHERE wanted = 1 ORDER BY sent_s, mobile, purpose LIMIT :limit_count

-- The day's count stays as long as it can be needed.
-- name: sms_code_delete_old
DELETE FROM sms_code WHERE sent_s <= :at_s

-- name: sms_client_delete_old
DELETE FROM sms_client WHERE hour < :at_s

-- name: sms_client_get
SELECT * FROM sms_client WHERE address = :key

-- name: sms_client_insert
INSERT INTO sms_client (address, hour, hour_count) VALUES (:address, :hour, :hour_count)

-- name: sms_client_update
UPDATE sms_client SET hour = :hour, hour_count = :hour_count WHERE address = :address

-- name: session_insert
INSERT INTO session (token_hash, kind, account, name, roles, serial, means, origin, created_s, expires_s, ends_s)
VALUES (:token_hash, :kind, :account, :name, :roles, :serial, :means, :origin, :created_s, :expires_s, :ends_s)

-- name: session_get
SELECT * FROM session WHERE token_hash = :hash AND expires_s > :at_s

-- name: session_touch
UPDATE session SET expires_s = :expires_s WHERE token_hash = :token_hash

-- name: session_delete
DELETE FROM session WHERE token_hash = :hash

-- name: session_delete_account
DELETE FROM session WHERE account = :id

-- name: session_delete_serial
DELETE FROM session WHERE serial = :key

-- name: session_delete_old
DELETE FROM session WHERE expires_s <= :at_s

-- name: key_login_insert
INSERT INTO key_login (id, kind, origin, serial, statement, created_s, used)
VALUES (:id, :kind, :origin, :serial, :statement, :created_s, :used)

-- name: key_login_get
SELECT * FROM key_login WHERE id = :id

-- name: key_login_use
UPDATE key_login SET used = 1 WHERE id = :id AND used = 0

-- name: key_login_delete_old
DELETE FROM key_login WHERE created_s <= :at_s

-- name: login_evidence_insert
INSERT INTO login_evidence (id, statement, signature, serial, certificate, status, client, at_s, ocsp)
VALUES (:id, :statement, :signature, :serial, :certificate, :status, :client, :at_s, :ocsp)

-- name: login_evidence_list
SELECT * FROM login_evidence WHERE at_s > :at_s OR (at_s = :at_s AND id > :id) ORDER BY at_s, id LIMIT :limit_count

-- name: login_evidence_get
SELECT * FROM login_evidence WHERE id = :id

-- name: idempotency_get
SELECT * FROM idempotency WHERE hash = :hash

-- name: idempotency_insert
INSERT INTO idempotency (hash, request_hash, status, answer, created_s)
VALUES (:hash, :request_hash, :status, :answer, :created_s)

-- name: idempotency_delete_old
DELETE FROM idempotency WHERE created_s <= :at_s
