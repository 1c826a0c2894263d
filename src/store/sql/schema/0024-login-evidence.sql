-- How the certificate stood at a login, as the CA signed it then (R-LOGIN-8).
ALTER TABLE login_evidence ADD COLUMN ocsp BLOB;

CREATE INDEX IF NOT EXISTS login_evidence_at ON login_evidence (at_s, id);
CREATE INDEX IF NOT EXISTS decision_made ON decision (made_s, nonce);
