-- The outbox: written in the same transaction as what it tells of, sent at least once (R-OPS-7).
CREATE TABLE IF NOT EXISTS notice (
    id BLOB NOT NULL PRIMARY KEY,
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
    recipient TEXT NOT NULL,
    template TEXT NOT NULL,
    subject TEXT,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    tries INTEGER NOT NULL,
    next_s INTEGER NOT NULL,
    created_s INTEGER NOT NULL,
    sent_s INTEGER NOT NULL,
    last_error TEXT
);

CREATE INDEX IF NOT EXISTS notice_waiting ON notice (state, channel, next_s);

CREATE INDEX IF NOT EXISTS notice_created ON notice (created_s, id);

-- Who did what: written in the same transaction as the act.
CREATE TABLE IF NOT EXISTS audit (
    id BLOB NOT NULL PRIMARY KEY,
    at_s INTEGER NOT NULL,
    actor TEXT NOT NULL,
    actor_id TEXT,
    client TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    request TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS audit_time ON audit (at_s, id);

CREATE INDEX IF NOT EXISTS audit_subject ON audit (subject, at_s);

-- The CA service agreement, each version.
CREATE TABLE IF NOT EXISTS agreement (
    version TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    issued_s INTEGER NOT NULL
);
