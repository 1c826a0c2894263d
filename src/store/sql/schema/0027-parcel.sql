-- A parcel with the courier (R-SHIP-1): 'asked' until its waybill is known, then what the latest of its events says.
-- ORDER_NUMBER is ours, absent where the waybill was entered by hand; NEXT_S when it is looked for, 0: not any more.
CREATE TABLE IF NOT EXISTS parcel (
    application TEXT NOT NULL PRIMARY KEY REFERENCES application (number),
    order_number TEXT,
    waybill TEXT,
    state TEXT NOT NULL CHECK (state IN ('asked', 'ordered', 'collected', 'moving', 'delivering', 'delivered', 'returned')),
    at_s INTEGER NOT NULL,
    words TEXT,
    place TEXT,
    asked_s INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    next_s INTEGER NOT NULL,
    trouble TEXT
);

CREATE INDEX IF NOT EXISTS parcel_next ON parcel (next_s, application);
