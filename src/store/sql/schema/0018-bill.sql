-- The gateways' bills (R-FEE-4): one a day and gateway, its rows as they were fetched, and what differs from ours until
-- somebody has settled it.
CREATE TABLE IF NOT EXISTS bill (
    method TEXT NOT NULL,
    day TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'compared')),
    entries INTEGER NOT NULL,
    differences INTEGER NOT NULL,
    fetched_s INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    next_s INTEGER NOT NULL,
    trouble TEXT,
    PRIMARY KEY (method, day)
);

CREATE TABLE IF NOT EXISTS bill_entry (
    method TEXT NOT NULL,
    day TEXT NOT NULL,
    line INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund')),
    order_number TEXT NOT NULL,
    refund_number TEXT NOT NULL,
    transaction_number TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    at_s INTEGER NOT NULL,
    PRIMARY KEY (method, day, line)
);
CREATE INDEX IF NOT EXISTS bill_entry_order ON bill_entry (order_number);
CREATE INDEX IF NOT EXISTS payment_paid ON payment (method, paid_s);

CREATE TABLE IF NOT EXISTS difference (
    id BLOB NOT NULL PRIMARY KEY,
    method TEXT NOT NULL,
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    order_number TEXT NOT NULL,
    refund_number TEXT NOT NULL,
    application TEXT,
    ours_fen INTEGER NOT NULL,
    theirs_fen INTEGER NOT NULL,
    found_s INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'settled', 'gone')),
    settled_by TEXT,
    settled_by_id TEXT,
    settled_s INTEGER NOT NULL,
    words TEXT
);
CREATE INDEX IF NOT EXISTS difference_found ON difference (state, found_s, id);
CREATE INDEX IF NOT EXISTS difference_day ON difference (method, day);
