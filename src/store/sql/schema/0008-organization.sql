-- Who runs an organization's account: its administrators see its people's certificates and applications (R-ACCT-6).
CREATE TABLE IF NOT EXISTS organization_administrator (
    account BLOB NOT NULL PRIMARY KEY REFERENCES account (id),
    organization BLOB NOT NULL REFERENCES organization (id),
    since_s INTEGER NOT NULL
);

-- Certificates that somebody wants revoked: of a closed account (R-ACCT-7), of people who left (R-OPS-9). A reviewer
-- decides; a row is settled when its certificate is revoked, or by the reviewer's no.
CREATE TABLE IF NOT EXISTS revocation_wish (
    serial TEXT NOT NULL PRIMARY KEY REFERENCES certificate (serial),
    reason TEXT NOT NULL,
    words TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_s INTEGER NOT NULL,
    due_s INTEGER NOT NULL,
    refused_s INTEGER NOT NULL,
    refused_words TEXT
);

CREATE INDEX IF NOT EXISTS revocation_wish_due ON revocation_wish (refused_s, due_s, serial);

-- Changes of a mobile number, with the evidence (R-ACCT-8); the file lies in the upload folder under NAME, encrypted.
CREATE TABLE IF NOT EXISTS mobile_change (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL REFERENCES account (id),
    mobile TEXT NOT NULL,
    old_mobile TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'rejected')),
    type TEXT NOT NULL,
    size INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    key_sealed BLOB NOT NULL,
    asked_by TEXT NOT NULL,
    asked_by_id TEXT NOT NULL,
    asked_s INTEGER NOT NULL,
    decided_by TEXT,
    decided_s INTEGER NOT NULL,
    words TEXT
);

CREATE INDEX IF NOT EXISTS mobile_change_asked ON mobile_change (asked_s, id);
