-- Each try to send a notice, and copies that people had sent again (R-OPS-7): of which one, why, and who asked.
CREATE TABLE IF NOT EXISTS notice_try (
    id BLOB NOT NULL PRIMARY KEY,
    notice BLOB NOT NULL REFERENCES notice (id),
    at_s INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'failed')),
    error TEXT,
    receipt TEXT
);
CREATE INDEX IF NOT EXISTS notice_try_of ON notice_try (notice, at_s);
ALTER TABLE notice ADD COLUMN again BLOB;
ALTER TABLE notice ADD COLUMN words TEXT;
ALTER TABLE notice ADD COLUMN asked_by TEXT;
CREATE INDEX IF NOT EXISTS notice_again ON notice (again);
