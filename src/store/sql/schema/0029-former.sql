-- The approved application that this one takes the place of: the USBKey that was to take its certificate is lost or broken.
ALTER TABLE application ADD COLUMN former TEXT;

CREATE INDEX IF NOT EXISTS application_former ON application (former);
