-- name: wording_get
SELECT * FROM wording WHERE name = :key

-- name: wording_list
SELECT * FROM wording ORDER BY name LIMIT :limit_count

-- name: wording_insert
INSERT INTO wording (name, version, shipped, sms, subject, text, changed_by, changed_s)
VALUES (:name, :version, :shipped, :sms, :subject, :text, :changed_by, :changed_s)

-- name: wording_change
UPDATE wording SET version = :version, shipped = :shipped, sms = :sms, subject = :subject, text = :text,
    changed_by = :changed_by, changed_s = :changed_s
WHERE name = :name AND version = :version - 1

-- name: setting_change_insert
INSERT INTO setting_change (id, kind, name, old_text, new_text, made_by, made_by_id, made_s)
VALUES (:id, :kind, :name, :old_text, :new_text, :made_by, :made_by_id, :made_s)

-- The newest first; name is a pattern, "%" for all.
-- name: setting_change_list
SELECT * FROM setting_change WHERE kind = :state AND name LIKE :key AND (made_s < :at_s OR (made_s = :at_s AND id < :id))
ORDER BY made_s DESC, id DESC LIMIT :limit_count
