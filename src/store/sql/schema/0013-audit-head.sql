-- One row: the audit trail as the journal vouches for it (audit_head.h): in which record, when it was asked last, so many
-- entries with this root, and the roots of their full subtrees, from which the trail proves that it goes on from there.
CREATE TABLE IF NOT EXISTS audit_head (
    id INTEGER NOT NULL PRIMARY KEY,
    journal_index INTEGER NOT NULL,
    at_s INTEGER NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    peaks BLOB NOT NULL
);
