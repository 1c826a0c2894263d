-- name: thing_insert
INSERT INTO thing (id, name, note, data, count, parent, version)
VALUES (:id, :name, :note, :data, :count, :parent, :version)

-- name: thing_get
SELECT * FROM thing WHERE id = :id

-- Only these columns, in another order than the record has them.
-- name: thing_by_name
SELECT version, id, count * 2 AS count FROM thing WHERE name = :name -- a comment; with a semicolon

-- name: thing_page
SELECT * FROM thing WHERE id > :after ORDER BY id LIMIT :limit_count

-- name: thing_by_name_page
SELECT * FROM thing WHERE name > :key ORDER BY name LIMIT :limit_count

-- name: thing_all
SELECT * FROM thing ORDER BY id

-- A literal that looks like a parameter, a comment and the end: 'it''s :no -- parameter;'
-- name: thing_literal
SELECT id, 'it''s :no -- parameter;' AS note FROM thing WHERE name = :name

-- name: thing_update
UPDATE thing SET note = :note, count = :count, version = version + 1 WHERE id = :id AND version = :version

-- name: thing_count_up
UPDATE thing SET count = count + 1 WHERE id = :id

-- The parameter stands beside a small literal: it must still be 64 bit.
-- name: thing_set_from
UPDATE thing SET count = :count WHERE id = :id AND version = :version - 1

-- name: thing_delete
DELETE FROM thing WHERE id = :id

-- name: thing_numbers
SELECT COUNT(*) AS count, CAST(SUM(count) AS INTEGER) AS version, MAX(note) AS note FROM thing

-- name: event_insert
INSERT INTO event (id, thing, at, kind) VALUES (:id, :thing, :at, :kind)

-- name: event_count
SELECT COUNT(*) AS count FROM event

-- name: event_page
SELECT * FROM event WHERE id > :after ORDER BY id LIMIT :limit_count

-- name: wrong_table
SELECT * FROM no_such_table WHERE id = :id

-- name: where_from
SELECT 'common' AS note
