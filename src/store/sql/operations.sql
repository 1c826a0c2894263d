-- name: notice_insert
INSERT INTO notice (id, channel, recipient, template, subject, body, state, tries, next_s, created_s, sent_s,
                    last_error, attached, params, again, words, asked_by)
VALUES (:id, :channel, :recipient, :template, :subject, :body, :state, :tries, :next_s, :created_s, :sent_s,
        :last_error, :attached, :params, :again, :words, :asked_by)

-- name: notice_due
SELECT * FROM notice WHERE state = 'waiting' AND channel = :key AND next_s <= :at_s ORDER BY next_s, id
LIMIT :limit_count

-- The lease: whoever moves next_s on has the notice for that long.
-- name: notice_take
UPDATE notice SET next_s = :next_s, tries = :tries WHERE id = :id AND state = 'waiting' AND tries = :tries - 1

-- name: notice_done
UPDATE notice SET state = :state, sent_s = :sent_s, last_error = :last_error, next_s = :next_s, body = :body,
                  params = :params, receipt = :receipt
WHERE id = :id

-- name: notice_get
SELECT * FROM notice WHERE id = :id

-- What was said stays in the outbox alone.
-- name: notice_list
SELECT id, channel, recipient, template, subject, state, tries, next_s, created_s, sent_s, last_error, receipt, again, words,
    asked_by
FROM notice
WHERE (created_s < :at_s OR (created_s = :at_s AND id < :id)) AND state LIKE :state AND channel LIKE :channel
    AND template LIKE :template AND lower(recipient) LIKE :recipient ESCAPE '!'
ORDER BY created_s DESC, id DESC LIMIT :limit_count

-- A copy of a notice that is still to be sent.
-- name: notice_again_waiting
SELECT id FROM notice WHERE again = :id AND state = 'waiting' LIMIT 1

-- name: notice_try_insert
INSERT INTO notice_try (id, notice, at_s, outcome, error, receipt)
VALUES (:id, :notice, :at_s, :outcome, :error, :receipt)

-- name: notice_try_list
SELECT * FROM notice_try WHERE notice = :id ORDER BY at_s, id LIMIT :limit_count

-- name: audit_insert
INSERT INTO audit (id, at_s, actor, actor_id, client, action, subject, detail, request, position, salt)
VALUES (:id, :at_s, :actor, :actor_id, :client, :action, :subject, :detail, :request, :position, :salt)

-- name: audit_leaf_insert
INSERT INTO audit_leaf (position, leaf) VALUES (:position, :leaf)

-- name: audit_leaf_list
SELECT * FROM audit_leaf WHERE position > :position ORDER BY position LIMIT 1000

-- name: audit_tree_get
SELECT * FROM audit_tree WHERE id = 1

-- name: audit_tree_insert
INSERT INTO audit_tree (id, size, peaks) VALUES (:id, :size, :peaks)

-- name: audit_tree_change
UPDATE audit_tree SET size = :size, peaks = :peaks WHERE id = 1 AND size = :size - 1

-- In the order of the trail.
-- name: audit_head_get
SELECT * FROM audit_head WHERE id = 1

-- name: audit_head_insert
INSERT INTO audit_head (id, journal_index, at_s, size, root, peaks)
VALUES (:id, :journal_index, :at_s, :size, :root, :peaks)

-- name: audit_head_change
UPDATE audit_head SET journal_index = :journal_index, at_s = :at_s, size = :size, root = :root, peaks = :peaks
WHERE id = 1

-- name: audit_trail
SELECT * FROM audit WHERE position > :position OR (position = :position AND id > :id) ORDER BY position, id LIMIT 1000

-- name: audit_list
SELECT * FROM audit WHERE (at_s < :at_s OR (at_s = :at_s AND id < :id)) AND at_s >= :from_s AND action LIKE :action
    AND (lower(actor) LIKE :text ESCAPE '!' OR lower(subject) LIKE :text ESCAPE '!' OR request LIKE :text ESCAPE '!'
        OR lower(detail) LIKE :text ESCAPE '!')
ORDER BY at_s DESC, id DESC LIMIT :limit_count

-- name: audit_list_of
SELECT * FROM audit WHERE subject = :key ORDER BY at_s, id LIMIT :limit_count

-- name: agreement_insert
INSERT INTO agreement (version, title, text, issued_s) VALUES (:version, :title, :text, :issued_s)

-- name: agreement_current
SELECT * FROM agreement WHERE issued_s <= :at_s ORDER BY issued_s DESC, version DESC LIMIT 1

-- name: agreement_get
SELECT * FROM agreement WHERE version = :key
