-- Payment by a page of the gateway (R-FEE-2): the address, signed, that the payer opens.
ALTER TABLE payment ADD COLUMN page_url TEXT;
