-- Scans that are on their way (R-FORM-4): one of each kind an application at most, its pieces sealed in files of their own.
CREATE TABLE IF NOT EXISTS upload (
    id BLOB NOT NULL PRIMARY KEY,
    application TEXT NOT NULL REFERENCES application (number),
    kind TEXT NOT NULL,
    size INTEGER NOT NULL,
    sm3 BLOB NOT NULL,
    arrived INTEGER NOT NULL,
    begun_s INTEGER NOT NULL,
    touched_s INTEGER NOT NULL,
    CHECK (arrived <= size),
    UNIQUE (application, kind)
);

CREATE TABLE IF NOT EXISTS upload_piece (
    upload BLOB NOT NULL REFERENCES upload (id),
    begins INTEGER NOT NULL,
    size INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    key_sealed BLOB NOT NULL,
    PRIMARY KEY (upload, begins)
);
