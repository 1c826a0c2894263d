-- name: certificate_insert
INSERT INTO certificate (serial, ca_id, purpose, pair, holder, application, medium, card, subject, der, not_before_s,
                         not_after_s, state, revoked_s, reason, journal_index, reminded, transit)
VALUES (:serial, :ca_id, :purpose, :pair, :holder, :application, :medium, :card, :subject, :der, :not_before_s,
        :not_after_s, :state, :revoked_s, :reason, :journal_index, :reminded, :transit)

-- name: certificate_get
SELECT certificate.*, placer.name AS held_name FROM certificate
LEFT JOIN account AS placer ON placer.id = certificate.held_by WHERE certificate.serial = :key

-- name: certificate_list_of
SELECT certificate.*, placer.name AS held_name FROM certificate
LEFT JOIN account AS placer ON placer.id = certificate.held_by WHERE certificate.holder = :id
ORDER BY certificate.not_after_s DESC, certificate.serial LIMIT :limit_count

-- Encryption certificates that a person had in use before, the latest first (R-LOST-4).
-- name: certificate_list_keys_before
SELECT * FROM certificate WHERE holder = :id AND purpose = 'encryption' AND pair <> :key AND state <> 'issued'
    AND not_before_s < :at_s ORDER BY not_before_s DESC, serial LIMIT :limit_count

-- name: certificate_list_pair
SELECT * FROM certificate WHERE pair = :key ORDER BY serial LIMIT :limit_count

-- The one that a person's services are about: the latest to expire of those in the person's hands.
-- name: certificate_current
SELECT * FROM certificate WHERE holder = :id AND purpose = 'signing' AND state IN ('valid', 'held')
ORDER BY not_after_s DESC, serial DESC LIMIT 1

-- Whose end is near, and whose holder was not reminded of all of it; page by page.
-- name: certificate_ending
SELECT * FROM certificate WHERE purpose = 'signing' AND state IN ('valid', 'held') AND not_after_s <= :not_after_s
    AND reminded < :reminded AND serial > :serial ORDER BY serial LIMIT 100

-- name: certificate_set_reminded
UPDATE certificate SET reminded = :reminded WHERE serial = :serial AND reminded < :reminded

-- name: certificate_revoke
UPDATE certificate SET state = 'revoked', revoked_s = :at_s, reason = :other WHERE serial = :key AND state <> 'revoked'

-- The USBKey that holds the pair is closed.
-- name: certificate_activate
UPDATE certificate SET state = 'valid' WHERE pair = :key AND state = 'issued'

-- name: certificate_hold
UPDATE certificate SET state = 'held', held_s = :at_s, held_by = :id, held_for = :other
WHERE serial = :key AND state = 'valid'

-- name: certificate_release
UPDATE certificate SET state = 'valid' WHERE serial = :key AND state = 'held'

-- name: certificate_receive
UPDATE certificate SET transit = 0 WHERE serial = :key AND transit = 1

-- name: enveloped_key_insert
INSERT INTO enveloped_key (application, blob) VALUES (:application, :blob)

-- name: enveloped_key_get
SELECT * FROM enveloped_key WHERE application = :key

-- name: enveloped_key_delete
DELETE FROM enveloped_key WHERE application = :key

-- name: journal_position_get
SELECT * FROM journal_position WHERE id = 1

-- name: journal_position_insert
INSERT INTO journal_position (id, incarnation, size, root_size, root)
VALUES (:id, :incarnation, :size, :root_size, :root)

-- name: journal_position_update
UPDATE journal_position SET incarnation = :incarnation, size = :size, root_size = :root_size, root = :root WHERE id = 1
