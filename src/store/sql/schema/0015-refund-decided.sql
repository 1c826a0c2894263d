-- When the gateway refused a refund for good (R-FEE-4): a case for finance since then, 0 while it is none.
ALTER TABLE payment ADD COLUMN refused_s INTEGER NOT NULL DEFAULT 0;

-- Money back after the issue, for the CA's own error (R-FEE-6): asked for by one person, decided by another. One waits for a
-- payment at a time.
CREATE TABLE IF NOT EXISTS refund (
    id BLOB NOT NULL PRIMARY KEY,
    order_number TEXT NOT NULL REFERENCES payment (order_number),
    application TEXT NOT NULL REFERENCES application (number),
    amount_fen INTEGER NOT NULL,
    words TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'rejected')),
    asked_by TEXT NOT NULL,
    asked_by_id TEXT NOT NULL,
    asked_s INTEGER NOT NULL,
    decided_by TEXT,
    decided_by_id TEXT,
    decided_s INTEGER NOT NULL,
    decided_words TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS refund_waiting ON refund (order_number) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS refund_asked ON refund (asked_s, id);
