-- Refunds as they go on (R-FEE-4, R-FEE-6): how often the gateway was asked about the order, when it is asked next, why
-- the last time failed, in words, and when the money had gone back.
ALTER TABLE payment ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN next_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN trouble TEXT;
ALTER TABLE payment ADD COLUMN refunded_s INTEGER NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS payment_due ON payment (state, next_s, order_number);
