-- Which steps of the schema have been taken. The store's own table; the first step of every schema.
CREATE TABLE IF NOT EXISTS schema_step (
    step INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    applied_s INTEGER NOT NULL
);
