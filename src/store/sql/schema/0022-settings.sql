-- The words of notices where somebody changed them (R-OPS-7). shipped: the program's own again. version rises with each change.
CREATE TABLE IF NOT EXISTS wording (
    name TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    shipped INTEGER NOT NULL,
    sms TEXT,
    subject TEXT,
    text TEXT,
    changed_by TEXT NOT NULL,
    changed_s INTEGER NOT NULL
);

-- What people changed in tariff and wordings: who, when, before and after; the audit trail has each too.
CREATE TABLE IF NOT EXISTS setting_change (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('tariff', 'notice')),
    name TEXT NOT NULL,
    old_text TEXT,
    new_text TEXT,
    made_by TEXT NOT NULL,
    made_by_id TEXT NOT NULL,
    made_s INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS setting_change_made ON setting_change (kind, made_s, id);

-- Who entered a price; the guide's have nobody.
ALTER TABLE tariff ADD COLUMN entered_by TEXT;
ALTER TABLE tariff ADD COLUMN entered_s INTEGER NOT NULL DEFAULT 0;
