-- By what a part of a name is found (R-OPS-5): every end of a name in small letters, "张三丰", "三丰", "丰", cut to its first
-- PART_CHARACTERS (service/part.h), so that a part of a name is the beginning of a row here. Kept in the transaction that
-- writes the name. Accounts by name and by e-mail, organizations, applications whose holder is called otherwise there.
CREATE TABLE IF NOT EXISTS account_part (
    part TEXT NOT NULL,
    account BLOB NOT NULL REFERENCES account (id),
    PRIMARY KEY (part, account)
);
CREATE TABLE IF NOT EXISTS email_part (
    part TEXT NOT NULL,
    account BLOB NOT NULL REFERENCES account (id),
    PRIMARY KEY (part, account)
);
CREATE TABLE IF NOT EXISTS organization_part (
    part TEXT NOT NULL,
    organization BLOB NOT NULL REFERENCES organization (id),
    PRIMARY KEY (part, organization)
);
CREATE TABLE IF NOT EXISTS application_part (
    part TEXT NOT NULL,
    application TEXT NOT NULL REFERENCES application (number),
    PRIMARY KEY (part, application)
);
-- Of what is there already.
INSERT INTO account_part (part, account)
WITH RECURSIVE ending (id, rest) AS (SELECT id, lower(name) FROM account
    UNION ALL SELECT id, substr(rest, 2) FROM ending WHERE length(rest) > 1)
SELECT DISTINCT substr(rest, 1, 6), id FROM ending;
INSERT INTO email_part (part, account)
WITH RECURSIVE ending (id, rest) AS (SELECT id, lower(email) FROM account
    UNION ALL SELECT id, substr(rest, 2) FROM ending WHERE length(rest) > 1)
SELECT DISTINCT substr(rest, 1, 6), id FROM ending;
INSERT INTO organization_part (part, organization)
WITH RECURSIVE ending (id, rest) AS (SELECT id, lower(name) FROM organization
    UNION ALL SELECT id, substr(rest, 2) FROM ending WHERE length(rest) > 1)
SELECT DISTINCT substr(rest, 1, 6), id FROM ending;
INSERT INTO application_part (part, application)
WITH RECURSIVE ending (number, rest) AS (SELECT application.number, lower(application.holder_name) FROM application
    JOIN account ON account.id = application.holder WHERE lower(application.holder_name) <> lower(account.name)
    UNION ALL SELECT number, substr(rest, 2) FROM ending WHERE length(rest) > 1)
SELECT DISTINCT substr(rest, 1, 6), number FROM ending;

-- Numbers are found by how they begin.
CREATE INDEX IF NOT EXISTS application_card ON application (lower(card), number);
CREATE INDEX IF NOT EXISTS certificate_card ON certificate (purpose, lower(card), journal_index);
CREATE INDEX IF NOT EXISTS certificate_application ON certificate (application);
CREATE INDEX IF NOT EXISTS organization_code ON organization (lower(credit_code));
-- In the order in which what is found is shown.
CREATE INDEX IF NOT EXISTS certificate_latest ON certificate (not_after_s DESC, serial);
CREATE INDEX IF NOT EXISTS account_name ON account (name, id);
CREATE INDEX IF NOT EXISTS organization_name ON organization (name, id);

-- What statistics count month by month, and how certificates stand now.
CREATE INDEX IF NOT EXISTS application_submitted ON application (submitted_s, service);
CREATE INDEX IF NOT EXISTS application_decided ON application (decided_s, due_s);
CREATE INDEX IF NOT EXISTS certificate_begun ON certificate (purpose, not_before_s, medium);
CREATE INDEX IF NOT EXISTS certificate_revoked ON certificate (purpose, revoked_s, reason) WHERE state = 'revoked';
CREATE INDEX IF NOT EXISTS payment_received ON payment (paid_s, method, received_fen, amount_fen);
CREATE INDEX IF NOT EXISTS payment_refunded ON payment (refunded_s, method, received_fen, amount_fen) WHERE state = 'refunded';
-- Of a person, before any other that names a purpose.
DROP INDEX IF EXISTS certificate_holder;
CREATE INDEX IF NOT EXISTS certificate_of ON certificate (holder, purpose, state, not_after_s);
DROP INDEX IF EXISTS certificate_end;
CREATE INDEX IF NOT EXISTS certificate_standing ON certificate (purpose, state, not_after_s, transit);
CREATE INDEX IF NOT EXISTS account_suspended ON account (id) WHERE state = 'suspended';
