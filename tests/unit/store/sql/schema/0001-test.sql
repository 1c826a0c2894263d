-- Tables that need nothing but the store.
CREATE TABLE IF NOT EXISTS thing (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    note TEXT,
    data BLOB,
    count INTEGER NOT NULL CHECK (count >= 0),
    parent BLOB REFERENCES thing (id),
    version INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS thing_parent ON thing (parent, id);
