-- What stands for the names of an SMS template: gateways take that in the place of words. And the gateway's own number of what
-- it took (R-OPS-7).
ALTER TABLE notice ADD COLUMN params TEXT;
ALTER TABLE notice ADD COLUMN receipt TEXT;
