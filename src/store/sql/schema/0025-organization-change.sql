-- Changes of an organization's name and credit code, with the evidence (R-ORG-1); the scan lies in the upload folder under
-- FILE, encrypted. CHANGED_S: since when the organization is called as it is; its certificates of before are reissued.
CREATE TABLE IF NOT EXISTS organization_change (
    id BLOB NOT NULL PRIMARY KEY,
    organization BLOB NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL,
    credit_code TEXT NOT NULL,
    old_name TEXT NOT NULL,
    old_credit_code TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'rejected')),
    type TEXT NOT NULL,
    size INTEGER NOT NULL,
    file TEXT NOT NULL UNIQUE,
    key_sealed BLOB NOT NULL,
    asked_by TEXT NOT NULL,
    asked_by_id TEXT NOT NULL,
    asked_s INTEGER NOT NULL,
    decided_by TEXT,
    decided_s INTEGER NOT NULL,
    words TEXT
);
CREATE INDEX IF NOT EXISTS organization_change_asked ON organization_change (asked_s, id);
CREATE INDEX IF NOT EXISTS organization_change_waiting ON organization_change (organization, state);
ALTER TABLE organization ADD COLUMN changed_s INTEGER NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS organization_changed ON organization (changed_s);
CREATE INDEX IF NOT EXISTS application_about ON application (about, origin);
