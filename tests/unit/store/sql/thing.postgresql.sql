-- name: where_from
SELECT 'PostgreSQL' AS note
