-- Which red invoice takes one back is asked for each invoice that is shown.
CREATE INDEX IF NOT EXISTS invoice_about ON invoice (about);
