-- Written once each by many threads: whatever is confirmed stands here once.
CREATE TABLE IF NOT EXISTS event (
    id BLOB NOT NULL PRIMARY KEY,
    thing BLOB NOT NULL REFERENCES thing (id),
    at INTEGER NOT NULL
);

-- A column that came later, with its data.
ALTER TABLE event ADD COLUMN kind TEXT;

UPDATE event SET kind = 'old' WHERE kind IS NULL;
