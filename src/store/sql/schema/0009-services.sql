-- What the seven services need beyond an application for a new certificate.
-- ORIGIN: the service that was applied for, as its form says; SERVICE is another one when a damaged USBKey turned out to
-- be the holder's fault.
ALTER TABLE application ADD COLUMN origin TEXT;
ALTER TABLE application ADD COLUMN successor BLOB;
ALTER TABLE application ADD COLUMN successor_confirmed_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN keep_encryption INTEGER NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN revoke_reason TEXT;
ALTER TABLE application ADD COLUMN key_waybill TEXT;
ALTER TABLE application ADD COLUMN key_received_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN inspected_s INTEGER NOT NULL DEFAULT 0;
-- When its holder last did something; when a warning of its lapse, and the notice that no money has come, were sent.
ALTER TABLE application ADD COLUMN touched_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN warned_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN unpaid_told_s INTEGER NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS application_touched ON application (open, touched_s, number);
CREATE INDEX IF NOT EXISTS application_successor ON application (successor, number);
-- How many reminders of its end a certificate's holder was sent (R-RENEW-1).
ALTER TABLE certificate ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS certificate_end ON certificate (purpose, state, not_after_s);
-- What was begun before these columns were there.
UPDATE application SET origin = service, touched_s = created_s WHERE origin IS NULL;
