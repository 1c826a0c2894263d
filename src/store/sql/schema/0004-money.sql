-- The tariff (R-FEE-1): data with a date from which it holds. Fen.
CREATE TABLE IF NOT EXISTS tariff (
    class TEXT NOT NULL,
    service TEXT NOT NULL,
    item TEXT NOT NULL,
    from_s INTEGER NOT NULL,
    amount_fen INTEGER NOT NULL,
    unit TEXT NOT NULL,
    PRIMARY KEY (class, service, item, from_s)
);

CREATE TABLE IF NOT EXISTS payment (
    order_number TEXT NOT NULL PRIMARY KEY,
    application TEXT NOT NULL REFERENCES application (number),
    method TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'closed', 'refunding', 'refunded')),
    code_url TEXT,
    transaction_number TEXT,
    created_s INTEGER NOT NULL,
    expires_s INTEGER NOT NULL,
    paid_s INTEGER NOT NULL,
    checked_s INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS payment_application ON payment (application, created_s);

-- Raw callbacks as they came, before anybody believes them; handled at least once.
CREATE TABLE IF NOT EXISTS payment_callback (
    id BLOB NOT NULL PRIMARY KEY,
    method TEXT NOT NULL,
    timestamp TEXT,
    nonce TEXT,
    signature TEXT,
    serial TEXT,
    body BLOB NOT NULL,
    outcome TEXT NOT NULL,
    received_s INTEGER NOT NULL
);
