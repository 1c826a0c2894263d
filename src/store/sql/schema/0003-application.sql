-- Applications (受理单). A row carries what was filled in; what is derived from it is not stored.
CREATE TABLE IF NOT EXISTS application (
    number TEXT NOT NULL PRIMARY KEY,
    service TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    holder BLOB NOT NULL REFERENCES account (id),
    open INTEGER NOT NULL,
    agreement_version TEXT,
    agreed_s INTEGER NOT NULL,
    agreed_from TEXT,
    organization_name TEXT,
    credit_code TEXT,
    organization_address TEXT,
    holder_name TEXT,
    document_type TEXT,
    document_sealed BLOB,
    document_mask TEXT,
    mobile TEXT,
    email TEXT,
    invoice_title TEXT,
    tax_number TEXT,
    invoice_email TEXT,
    confirmed INTEGER NOT NULL,
    medium TEXT,
    recipient TEXT,
    recipient_mobile TEXT,
    province TEXT,
    address TEXT,
    postcode TEXT,
    fee_fen INTEGER NOT NULL,
    form_revision INTEGER NOT NULL,
    form_code TEXT,
    created_s INTEGER NOT NULL,
    submitted_s INTEGER NOT NULL,
    started_s INTEGER NOT NULL,
    due_s INTEGER NOT NULL,
    left_s INTEGER NOT NULL,
    returned_s INTEGER NOT NULL,
    decided_s INTEGER NOT NULL,
    finished_s INTEGER NOT NULL,
    return_reason TEXT,
    return_items TEXT,
    return_words TEXT,
    about TEXT,
    card TEXT,
    serial TEXT
);

CREATE INDEX IF NOT EXISTS application_holder ON application (holder, number);

CREATE INDEX IF NOT EXISTS application_queue ON application (state, due_s, number);

-- One open application a person: the holder's id stands here while one is open, and only then.
CREATE TABLE IF NOT EXISTS application_open (
    holder BLOB NOT NULL PRIMARY KEY REFERENCES account (id),
    number TEXT NOT NULL UNIQUE REFERENCES application (number)
);

-- The form as printed, each revision; the file lies in the upload folder under NAME, encrypted.
CREATE TABLE IF NOT EXISTS form (
    application TEXT NOT NULL REFERENCES application (number),
    revision INTEGER NOT NULL,
    code TEXT NOT NULL,
    size INTEGER NOT NULL,
    sm3 BLOB NOT NULL,
    name TEXT NOT NULL UNIQUE,
    key_sealed BLOB NOT NULL,
    printed_s INTEGER NOT NULL,
    PRIMARY KEY (application, revision)
);

-- Scans. The current one of each kind counts; earlier ones stay.
CREATE TABLE IF NOT EXISTS attachment (
    id BLOB NOT NULL PRIMARY KEY,
    application TEXT NOT NULL REFERENCES application (number),
    kind TEXT NOT NULL,
    type TEXT NOT NULL,
    size INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    key_sealed BLOB NOT NULL,
    current INTEGER NOT NULL,
    uploaded_s INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS attachment_application ON attachment (application, kind);

-- What reviewers and producers signed, as signed; kept before the signer is asked. NONCE is the request's id there, so
-- that the same statement (HASH is its SM3) asks the same again after a crash.
CREATE TABLE IF NOT EXISTS decision (
    nonce TEXT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL,
    decision TEXT NOT NULL,
    statement TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    signature BLOB NOT NULL,
    operator_serial TEXT NOT NULL,
    made_s INTEGER NOT NULL,
    used INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS decision_application ON decision (application, made_s);

CREATE TABLE IF NOT EXISTS shipment (
    application TEXT NOT NULL PRIMARY KEY REFERENCES application (number),
    carrier TEXT NOT NULL,
    waybill TEXT NOT NULL,
    shipped_s INTEGER NOT NULL
);
