-- Who asked for a certificate's last hold, and in which organization's name (R-OPS-9): by the journal. None in those of
-- before, which holders asked for themselves.
ALTER TABLE certificate ADD COLUMN held_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE certificate ADD COLUMN held_by BLOB;
ALTER TABLE certificate ADD COLUMN held_for TEXT;

-- Whom to tell what became of a wish: the account that asked; none where the console did.
ALTER TABLE revocation_wish ADD COLUMN asked_account BLOB;
