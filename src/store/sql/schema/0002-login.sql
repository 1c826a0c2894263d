-- SMS codes: one current code a number, hashed; the counts make the limits of R-SMS-1. WANTED until the code is made:
-- asking for one does the same for every number, whether an account has it or not.
CREATE TABLE IF NOT EXISTS sms_code (
    mobile TEXT NOT NULL PRIMARY KEY,
    salt BLOB NOT NULL,
    hash BLOB NOT NULL,
    sent_s INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    used INTEGER NOT NULL,
    wanted INTEGER NOT NULL,
    day INTEGER NOT NULL,
    day_count INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS sms_code_wanted ON sms_code (wanted, sent_s);

-- How often a client address asked for codes, or tried wrong ones, in an hour.
CREATE TABLE IF NOT EXISTS sms_client (
    address TEXT NOT NULL PRIMARY KEY,
    hour INTEGER NOT NULL,
    hour_count INTEGER NOT NULL
);

-- Sessions, found by the hash of what the cookie holds. EXPIRES moves on while it is used, never beyond ENDS.
CREATE TABLE IF NOT EXISTS session (
    token_hash BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('holder', 'operator', 'platform')),
    account BLOB REFERENCES account (id),
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    serial TEXT,
    means TEXT NOT NULL,
    origin TEXT NOT NULL,
    created_s INTEGER NOT NULL,
    expires_s INTEGER NOT NULL,
    ends_s INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS session_account ON session (account);

CREATE INDEX IF NOT EXISTS session_serial ON session (serial);

-- Logins with a key that have begun: what must be signed, used once.
CREATE TABLE IF NOT EXISTS key_login (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('holder', 'operator', 'platform')),
    origin TEXT NOT NULL,
    serial TEXT NOT NULL,
    statement TEXT NOT NULL,
    created_s INTEGER NOT NULL,
    used INTEGER NOT NULL
);

-- What was signed at each login that succeeded: evidence (R-LOGIN-8).
CREATE TABLE IF NOT EXISTS login_evidence (
    id BLOB NOT NULL PRIMARY KEY,
    statement TEXT NOT NULL,
    signature BLOB NOT NULL,
    serial TEXT NOT NULL,
    certificate BLOB NOT NULL,
    status TEXT NOT NULL,
    client TEXT NOT NULL,
    at_s INTEGER NOT NULL
);

-- Answers kept for a repeat of the same write (Idempotency-Key).
CREATE TABLE IF NOT EXISTS idempotency (
    hash BLOB NOT NULL PRIMARY KEY,
    request_hash BLOB NOT NULL,
    status INTEGER NOT NULL,
    answer TEXT NOT NULL,
    created_s INTEGER NOT NULL
);
