-- How many times the holder was reminded to confirm the receipt of what was sent (R-SHIP-3).
ALTER TABLE shipment ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0;
