-- Electronic invoices (R-INV-1, R-INV-2). NUMBER is made of the application's and is what the tax platform knows the request
-- by: asked again it is the same invoice. KIND red takes back the one it is ABOUT; a blue one with ABOUT takes its place.
-- WISH_…: the holder's wish to have it corrected; of a red one, what the invoice after it is to say. TAKEN_BACK: the money
-- went back, so the invoice is to. BATCH: the export that it stands in.
CREATE TABLE IF NOT EXISTS invoice (
    number TEXT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL REFERENCES application (number),
    kind TEXT NOT NULL CHECK (kind IN ('blue', 'red')),
    about TEXT,
    state TEXT NOT NULL,
    way TEXT,
    title TEXT NOT NULL,
    tax_number TEXT NOT NULL,
    email TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    reason TEXT,
    invoice_number TEXT,
    created_s INTEGER NOT NULL,
    issued_s INTEGER NOT NULL,
    sent_s INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    next_s INTEGER NOT NULL,
    trouble TEXT,
    wish_title TEXT,
    wish_tax_number TEXT,
    wish_email TEXT,
    wish_s INTEGER NOT NULL,
    taken_back INTEGER NOT NULL,
    batch TEXT
);
CREATE INDEX IF NOT EXISTS invoice_application ON invoice (application, number);
CREATE INDEX IF NOT EXISTS invoice_state ON invoice (state, number);
CREATE INDEX IF NOT EXISTS invoice_due ON invoice (state, next_s, number);
CREATE INDEX IF NOT EXISTS invoice_batch ON invoice (batch, number);
CREATE UNIQUE INDEX IF NOT EXISTS invoice_official ON invoice (invoice_number);
-- Its files, encrypted in the upload folder like scans.
CREATE TABLE IF NOT EXISTS invoice_file (
    invoice TEXT NOT NULL REFERENCES invoice (number),
    kind TEXT NOT NULL CHECK (kind IN ('pdf', 'ofd', 'receipt')),
    size INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    key_sealed BLOB NOT NULL,
    taken_s INTEGER NOT NULL,
    PRIMARY KEY (invoice, kind)
);
-- What an e-mail carries: "invoice:kind,kind".
ALTER TABLE notice ADD COLUMN attached TEXT;
