-- On its way to its holder, who has not confirmed the receipt (R-SHIP-3): begun and ended by the journal, whatever the
-- state says beside.
ALTER TABLE certificate ADD COLUMN transit INTEGER NOT NULL DEFAULT 0;

-- That the holder has confirmed it: kept before the signer is told, under the id of the request by which it is.
CREATE TABLE IF NOT EXISTS receipt (
    application TEXT NOT NULL PRIMARY KEY REFERENCES application (number),
    request BLOB NOT NULL,
    confirmed_s INTEGER NOT NULL
);

-- SMS codes are for one purpose each. Those of before are forgotten: a code lives five minutes.
DROP TABLE IF EXISTS sms_code;

CREATE TABLE IF NOT EXISTS sms_code (
    mobile TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('login', 'receipt')),
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
