-- Organizations and the people in them (R-ACCT-1). Identity numbers are sealed under the data key; the
-- index over them is keyed too (document_index = HMAC), so that the table alone says nobody's number.
CREATE TABLE IF NOT EXISTS organization (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    credit_code TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    created_s INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS account (
    id BLOB NOT NULL PRIMARY KEY,
    organization BLOB NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL,
    document_type TEXT NOT NULL,
    document_sealed BLOB NOT NULL,
    document_index BLOB NOT NULL,
    document_mask TEXT NOT NULL,
    mobile TEXT NOT NULL,
    email TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'suspended', 'closed')),
    created_s INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS account_organization ON account (organization, id);

CREATE INDEX IF NOT EXISTS account_mobile ON account (mobile);

-- What only one account that is not closed may have: the keyed index of its identity document and of its mobile
-- number. Who has left can be opened an account elsewhere.
CREATE TABLE IF NOT EXISTS account_claim (
    value BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL REFERENCES account (id)
);

CREATE INDEX IF NOT EXISTS account_claim_account ON account_claim (account);

-- The register of operators as the journal has it; applied from there, never written otherwise.
CREATE TABLE IF NOT EXISTS operator (
    serial TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    certificate BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'removed')),
    added_s INTEGER NOT NULL
);

-- By which a data key is told to be that of this database: a keyed hash of nothing.
CREATE TABLE IF NOT EXISTS seal_mark (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    mark BLOB NOT NULL
);
