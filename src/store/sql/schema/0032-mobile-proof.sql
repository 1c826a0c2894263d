-- Who has shown by a code that a new number is in the own hands (R-ACCT-8): of an account the latest.
CREATE TABLE IF NOT EXISTS mobile_proof (
    account BLOB NOT NULL PRIMARY KEY REFERENCES account (id),
    mobile TEXT NOT NULL,
    proven_s INTEGER NOT NULL
);

-- What waits is looked for by itself.
CREATE INDEX IF NOT EXISTS mobile_change_state ON mobile_change (state, asked_s, id);
CREATE INDEX IF NOT EXISTS mobile_change_account ON mobile_change (account, asked_s);
CREATE INDEX IF NOT EXISTS organization_change_state ON organization_change (state, asked_s, id);

-- Codes have one purpose more. Those of before are forgotten: a code lives five minutes.
DROP TABLE IF EXISTS sms_code;

CREATE TABLE IF NOT EXISTS sms_code (
    mobile TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('login', 'receipt', 'mobile')),
    salt BLOB NOT NULL,
    hash BLOB NOT NULL,
    sent_s INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    used INTEGER NOT NULL,
    wanted INTEGER NOT NULL,
    day INTEGER NOT NULL,
    day_count INTEGER NOT NULL,
    PRIMARY KEY (mobile, purpose)
);

CREATE INDEX IF NOT EXISTS sms_code_wanted ON sms_code (wanted, sent_s);
