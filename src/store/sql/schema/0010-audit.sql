-- The trail of who did what as a log that nobody alters unnoticed (audit_trail.h): each entry has a place in it, counted
-- from 1, and a salt; what earlier builds wrote has none. The leaves stand once more beside the entries.
ALTER TABLE audit ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN salt BLOB;
CREATE INDEX IF NOT EXISTS audit_position ON audit (position, id);
CREATE TABLE IF NOT EXISTS audit_leaf (
    position INTEGER NOT NULL PRIMARY KEY,
    leaf BLOB NOT NULL
);
-- One row: how many entries there are, and the roots of the tree's full subtrees.
CREATE TABLE IF NOT EXISTS audit_tree (
    id INTEGER NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    peaks BLOB NOT NULL
);
