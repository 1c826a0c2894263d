-- name: certificate_insert
INSERT INTO certificate (serial, ca_id, purpose, pair, holder, application, medium, card, subject, der, not_before_s,
                         not_after_s, state, revoked_s, reason, journal_index)
VALUES (:serial, :ca_id, :purpose, :pair, :holder, :application, :medium, :card, :subject, :der, :not_before_s,
        :not_after_s, :state, :revoked_s, :reason, :journal_index)

-- name: certificate_get
SELECT * FROM certificate WHERE serial = :key

-- name: certificate_list_of
SELECT * FROM certificate WHERE holder = :id ORDER BY not_after_s DESC, serial LIMIT :limit_count

-- name: certificate_list_pair
SELECT * FROM certificate WHERE pair = :key ORDER BY serial LIMIT :limit_count

-- name: certificate_valid_of
SELECT COUNT(*) AS count FROM certificate WHERE holder = :id AND state = 'valid' AND not_after_s >= :at_s

-- name: certificate_revoke
UPDATE certificate SET state = 'revoked', revoked_s = :at_s, reason = :other WHERE serial = :key AND state <> 'revoked'

-- The USBKey that holds the pair is closed.
-- name: certificate_activate
UPDATE certificate SET state = 'valid' WHERE pair = :key AND state = 'issued'

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
