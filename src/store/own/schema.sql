-- name: schema_step_insert
INSERT INTO schema_step (step, name, applied_s) VALUES (:step, :name, :applied_s)

-- name: schema_step_list
SELECT step, name, applied_s FROM schema_step WHERE step > :step ORDER BY step LIMIT 1000
