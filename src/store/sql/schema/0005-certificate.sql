-- Certificates as the journal has them; rows come from there (journal_index), never otherwise. One is 'issued' until
-- the USBKey that holds it is closed; only a valid one opens anything.
CREATE TABLE IF NOT EXISTS certificate (
    serial TEXT NOT NULL PRIMARY KEY,
    ca_id TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('signing', 'encryption')),
    pair TEXT NOT NULL,
    holder BLOB NOT NULL,
    application TEXT NOT NULL,
    medium TEXT NOT NULL,
    card TEXT,
    subject TEXT NOT NULL,
    der BLOB NOT NULL,
    not_before_s INTEGER NOT NULL,
    not_after_s INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('issued', 'valid', 'held', 'revoked')),
    revoked_s INTEGER NOT NULL,
    reason TEXT,
    journal_index INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS certificate_holder ON certificate (holder, not_after_s);

CREATE INDEX IF NOT EXISTS certificate_pair ON certificate (pair);

-- The key envelope of a pair, until the USBKey confirms that it is in.
CREATE TABLE IF NOT EXISTS enveloped_key (
    application TEXT NOT NULL PRIMARY KEY,
    blob BLOB NOT NULL
);

-- How far the journal has been applied to this database, and the last root that the signer told with its size.
CREATE TABLE IF NOT EXISTS journal_position (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    incarnation BLOB NOT NULL,
    size INTEGER NOT NULL,
    root_size INTEGER NOT NULL,
    root BLOB NOT NULL
);
