-- Who acts for the holder of an application (经办人, R-FORM-6): DEPUTY may; what NAME and MOBILE say stands on its form.
ALTER TABLE application ADD COLUMN deputy BLOB;
ALTER TABLE application ADD COLUMN deputy_name TEXT;
ALTER TABLE application ADD COLUMN deputy_mobile TEXT;
CREATE INDEX IF NOT EXISTS application_deputy ON application (deputy, number);
