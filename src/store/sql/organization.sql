-- name: organization_administrator_insert
INSERT INTO organization_administrator (account, organization, since_s) VALUES (:account, :organization, :since_s)

-- name: organization_administrator_delete
DELETE FROM organization_administrator WHERE account = :id

-- The organization that an open account runs.
-- name: organization_administrator_get
SELECT organization_administrator.* FROM organization_administrator
JOIN account ON account.id = organization_administrator.account
WHERE organization_administrator.account = :id AND account.state = 'open'

-- name: organization_people
SELECT account.*, organization.name AS organization_name
FROM account JOIN organization ON organization.id = account.organization
WHERE account.organization = :organization AND lower(account.name) LIKE :text ESCAPE '!' AND account.id > :after
ORDER BY account.id LIMIT :limit_count

-- name: organization_applications
SELECT application.* FROM application JOIN account ON account.id = application.holder
WHERE account.organization = :organization
    AND application.holder >= :holder_from AND application.holder <= :holder_until
    AND (lower(account.name) LIKE :text ESCAPE '!' OR application.number LIKE :text ESCAPE '!')
    AND application.number < :key
ORDER BY application.number DESC LIMIT :limit_count

-- Signing certificates of an organization's people, the last to expire first. CROSS JOIN says to SQLite: people first.
-- name: organization_certificates
SELECT certificate.*, account.name AS holder_name, placer.name AS held_name, revocation_wish.asked_s AS wish_s,
    revocation_wish.refused_s AS wish_refused_s
FROM account CROSS JOIN certificate
LEFT JOIN account AS placer ON placer.id = certificate.held_by
LEFT JOIN revocation_wish ON revocation_wish.serial = certificate.serial
WHERE certificate.holder = account.id AND account.organization = :organization AND certificate.purpose = 'signing'
    AND certificate.holder >= :holder_from AND certificate.holder <= :holder_until
    AND lower(account.name) LIKE :text ESCAPE '!'
    AND (certificate.not_after_s < :at_s OR (certificate.not_after_s = :at_s AND certificate.serial > :key))
ORDER BY certificate.not_after_s DESC, certificate.serial LIMIT :limit_count

-- Those that somebody wants revoked and that wait for a reviewer.
-- name: organization_certs_waiting
SELECT certificate.*, account.name AS holder_name, placer.name AS held_name, revocation_wish.asked_s AS wish_s,
    revocation_wish.refused_s AS wish_refused_s
FROM account CROSS JOIN certificate
LEFT JOIN account AS placer ON placer.id = certificate.held_by
LEFT JOIN revocation_wish ON revocation_wish.serial = certificate.serial
WHERE certificate.holder = account.id AND account.organization = :organization AND certificate.purpose = 'signing'
    AND certificate.state <> 'revoked' AND revocation_wish.refused_s = 0
    AND certificate.holder >= :holder_from AND certificate.holder <= :holder_until
    AND lower(account.name) LIKE :text ESCAPE '!'
    AND (certificate.not_after_s < :at_s OR (certificate.not_after_s = :at_s AND certificate.serial > :key))
ORDER BY certificate.not_after_s DESC, certificate.serial LIMIT :limit_count

-- Those that can still be used and end by a time, the next first.
-- name: organization_certs_ending
SELECT certificate.*, account.name AS holder_name, placer.name AS held_name, revocation_wish.asked_s AS wish_s,
    revocation_wish.refused_s AS wish_refused_s
FROM account CROSS JOIN certificate
LEFT JOIN account AS placer ON placer.id = certificate.held_by
LEFT JOIN revocation_wish ON revocation_wish.serial = certificate.serial
WHERE certificate.holder = account.id AND account.organization = :organization AND certificate.purpose = 'signing'
    AND certificate.state IN ('valid', 'held') AND certificate.not_after_s <= :until_s
    AND certificate.holder >= :holder_from AND certificate.holder <= :holder_until
    AND lower(account.name) LIKE :text ESCAPE '!'
    AND (certificate.not_after_s > :at_s OR (certificate.not_after_s = :at_s AND certificate.serial > :key))
ORDER BY certificate.not_after_s, certificate.serial LIMIT :limit_count

-- name: organization_certificate
SELECT certificate.*, account.name AS holder_name, placer.name AS held_name, revocation_wish.asked_s AS wish_s,
    revocation_wish.refused_s AS wish_refused_s
FROM certificate JOIN account ON account.id = certificate.holder
LEFT JOIN account AS placer ON placer.id = certificate.held_by
LEFT JOIN revocation_wish ON revocation_wish.serial = certificate.serial
WHERE account.organization = :id AND certificate.purpose = 'signing' AND certificate.serial = :key

-- name: application_open_of
SELECT application.* FROM application_open JOIN application ON application.number = application_open.number
WHERE application_open.holder = :id

-- Those of a holder that could still be used, or will be.
-- name: certificate_list_unrevoked
SELECT * FROM certificate WHERE holder = :id AND purpose = 'signing' AND state <> 'revoked' ORDER BY serial
LIMIT :limit_count

-- name: revocation_wish_insert
INSERT INTO revocation_wish (serial, reason, words, asked_by, asked_s, due_s, refused_s, refused_words, asked_account)
VALUES (:serial, :reason, :words, :asked_by, :asked_s, :due_s, :refused_s, :refused_words, :asked_account)

-- A wish that was refused can come again, with other words.
-- name: revocation_wish_again
UPDATE revocation_wish SET reason = :reason, words = :words, asked_by = :asked_by, asked_s = :asked_s, due_s = :due_s,
    asked_account = :asked_account, refused_s = 0, refused_words = NULL
WHERE serial = :serial AND refused_s > 0

-- name: revocation_wish_refuse
UPDATE revocation_wish SET refused_s = :refused_s, refused_words = :refused_words
WHERE serial = :serial AND refused_s = 0

-- name: revocation_wish_get
SELECT revocation_wish.*, certificate.holder AS holder, account.name AS holder_name,
    organization.name AS organization_name, certificate.state AS certificate_state
FROM revocation_wish JOIN certificate ON certificate.serial = revocation_wish.serial
JOIN account ON account.id = certificate.holder JOIN organization ON organization.id = account.organization
WHERE revocation_wish.serial = :key

-- What waits for a reviewer, the most urgent first.
-- name: revocation_wish_list
SELECT revocation_wish.*, certificate.holder AS holder, account.name AS holder_name,
    organization.name AS organization_name, certificate.state AS certificate_state
FROM revocation_wish JOIN certificate ON certificate.serial = revocation_wish.serial
JOIN account ON account.id = certificate.holder JOIN organization ON organization.id = account.organization
WHERE revocation_wish.refused_s = 0 AND certificate.state <> 'revoked'
ORDER BY revocation_wish.due_s, revocation_wish.serial LIMIT :limit_count

-- name: mobile_change_insert
INSERT INTO mobile_change (id, account, mobile, old_mobile, state, type, size, name, key_sealed, asked_by, asked_by_id,
                           asked_s, decided_by, decided_s, words)
VALUES (:id, :account, :mobile, :old_mobile, :state, :type, :size, :file, :key_sealed, :asked_by, :asked_by_id,
        :asked_s, :decided_by, :decided_s, :words)

-- name: mobile_change_get
SELECT mobile_change.*, mobile_change.name AS file, account.name AS holder_name FROM mobile_change
JOIN account ON account.id = mobile_change.account WHERE mobile_change.id = :id

-- name: mobile_change_list_waiting
SELECT mobile_change.*, account.name AS holder_name FROM mobile_change
JOIN account ON account.id = mobile_change.account
WHERE mobile_change.state = 'waiting'
AND (mobile_change.asked_s < :at_s OR (mobile_change.asked_s = :at_s AND mobile_change.id < :id))
ORDER BY mobile_change.asked_s DESC, mobile_change.id DESC LIMIT :limit_count

-- name: mobile_change_list_decided
SELECT mobile_change.*, account.name AS holder_name FROM mobile_change
JOIN account ON account.id = mobile_change.account
WHERE mobile_change.state <> 'waiting'
AND (mobile_change.asked_s < :at_s OR (mobile_change.asked_s = :at_s AND mobile_change.id < :id))
ORDER BY mobile_change.asked_s DESC, mobile_change.id DESC LIMIT :limit_count

-- name: mobile_change_list_account
SELECT mobile_change.*, account.name AS holder_name FROM mobile_change
JOIN account ON account.id = mobile_change.account
WHERE mobile_change.account = :id ORDER BY mobile_change.asked_s DESC, mobile_change.id DESC LIMIT :limit_count

-- name: mobile_change_withdraw
DELETE FROM mobile_change WHERE id = :id AND state = 'waiting'

-- name: mobile_proof_get
SELECT * FROM mobile_proof WHERE account = :id

-- name: mobile_proof_insert
INSERT INTO mobile_proof (account, mobile, proven_s) VALUES (:account, :mobile, :proven_s)

-- name: mobile_proof_update
UPDATE mobile_proof SET mobile = :mobile, proven_s = :proven_s WHERE account = :account

-- name: mobile_proof_delete
DELETE FROM mobile_proof WHERE account = :id

-- name: mobile_proof_delete_old
DELETE FROM mobile_proof WHERE proven_s < :at_s

-- name: mobile_change_decide
UPDATE mobile_change SET state = :state, decided_by = :decided_by, decided_s = :decided_s, words = :words
WHERE id = :id AND state = 'waiting'

-- name: account_set_mobile
UPDATE account SET mobile = :mobile WHERE id = :account AND mobile = :old_mobile AND state <> 'closed'

-- name: account_claim_get
SELECT * FROM account_claim WHERE value = :hash

-- name: account_claim_delete
DELETE FROM account_claim WHERE value = :hash AND account = :id

-- Whether a file of the upload folder belongs to something.
-- name: upload_known
SELECT COUNT(*) AS count FROM (
    SELECT name FROM form WHERE name = :key
    UNION ALL SELECT name FROM attachment WHERE name = :key
    UNION ALL SELECT name FROM mobile_change WHERE name = :key
    UNION ALL SELECT file AS name FROM organization_change WHERE file = :key
    UNION ALL SELECT name FROM invoice_file WHERE name = :key
    UNION ALL SELECT name FROM upload_piece WHERE name = :key
) AS known

-- name: organization_change_insert
INSERT INTO organization_change (id, organization, name, credit_code, old_name, old_credit_code, state, type, size, file,
                                 key_sealed, asked_by, asked_by_id, asked_s, decided_by, decided_s, words)
VALUES (:id, :organization, :name, :credit_code, :old_name, :old_credit_code, :state, :type, :size, :file,
        :key_sealed, :asked_by, :asked_by_id, :asked_s, :decided_by, :decided_s, :words)

-- name: organization_change_get
SELECT * FROM organization_change WHERE id = :id

-- name: organization_change_waiting
SELECT COUNT(*) AS count FROM organization_change WHERE organization = :id AND state = 'waiting'

-- name: organization_change_list_waiting
SELECT * FROM organization_change WHERE state = 'waiting' AND (asked_s < :at_s OR (asked_s = :at_s AND id < :id))
ORDER BY asked_s DESC, id DESC LIMIT :limit_count

-- name: organization_change_list_decided
SELECT * FROM organization_change WHERE state <> 'waiting' AND (asked_s < :at_s OR (asked_s = :at_s AND id < :id))
ORDER BY asked_s DESC, id DESC LIMIT :limit_count

-- name: organization_change_decide
UPDATE organization_change SET state = :state, decided_by = :decided_by, decided_s = :decided_s, words = :words
WHERE id = :id AND state = 'waiting'

-- As it was when the change was entered, and not otherwise.
-- name: organization_rename
UPDATE organization SET name = :name, credit_code = :credit_code, changed_s = :decided_s
WHERE id = :organization AND name = :old_name AND credit_code = :old_credit_code

-- Certificates that still have what an organization was called before (R-ORG-1), whose holder has nothing else under
-- way: each is reissued once for each change.
-- name: certificate_list_outdated
SELECT certificate.* FROM certificate JOIN account ON account.id = certificate.holder
JOIN organization ON organization.id = account.organization
WHERE organization.changed_s > 0 AND certificate.not_before_s <= organization.changed_s
    AND certificate.purpose = 'signing' AND certificate.state = 'valid' AND certificate.not_after_s > :at_s
    AND account.state = 'open'
    AND NOT EXISTS (SELECT 1 FROM application_open WHERE application_open.holder = certificate.holder)
    AND NOT EXISTS (SELECT 1 FROM application
        WHERE (application.about = certificate.serial OR application.number = certificate.application)
        AND application.origin = 'reissue' AND application.created_s >= organization.changed_s)
ORDER BY certificate.serial LIMIT :limit_count
