-- Bank transfers (R-FEE-2): what the payer writes beside the money, and how much came where it was another amount. What
-- the bank booked once counts once.
ALTER TABLE payment ADD COLUMN reference TEXT;
ALTER TABLE payment ADD COLUMN received_fen INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX IF NOT EXISTS payment_reference ON payment (reference);
CREATE UNIQUE INDEX IF NOT EXISTS payment_booking ON payment (transaction_number) WHERE method = 'transfer';
