-- name: invoice_insert
INSERT INTO invoice (number, application, kind, about, state, way, title, tax_number, email, amount_fen, reason,
                     invoice_number, created_s, issued_s, sent_s, tries, next_s, trouble, wish_title, wish_tax_number,
                     wish_email, wish_s, taken_back, batch)
VALUES (:number, :application, :kind, :about, :state, :way, :title, :tax_number, :email, :amount_fen, :reason,
        :invoice_number, :created_s, :issued_s, :sent_s, :tries, :next_s, :trouble, :wish_title, :wish_tax_number,
        :wish_email, :wish_s, :taken_back, :batch)

-- name: invoice_get
SELECT invoice.*, (SELECT COUNT(*) FROM invoice AS other WHERE other.about = invoice.number AND other.kind = 'red') AS red
FROM invoice WHERE number = :key

-- name: invoice_list_of
SELECT invoice.*, (SELECT COUNT(*) FROM invoice AS other WHERE other.about = invoice.number AND other.kind = 'red') AS red
FROM invoice WHERE application = :key ORDER BY number LIMIT :limit_count

-- The newest first.
-- name: invoice_list
SELECT invoice.*, (SELECT COUNT(*) FROM invoice AS other WHERE other.about = invoice.number AND other.kind = 'red') AS red
FROM invoice WHERE number < :key ORDER BY number DESC LIMIT :limit_count

-- name: invoice_list_in
SELECT invoice.*, (SELECT COUNT(*) FROM invoice AS other WHERE other.about = invoice.number AND other.kind = 'red') AS red
FROM invoice WHERE state = :state AND number < :key ORDER BY number DESC LIMIT :limit_count

-- What somebody has to look at: refused, or not come through, or to be corrected.
-- name: invoice_list_trouble
SELECT invoice.*, (SELECT COUNT(*) FROM invoice AS other WHERE other.about = invoice.number AND other.kind = 'red') AS red
FROM invoice WHERE number < :key AND (state = 'failed' OR trouble IS NOT NULL OR (kind = 'blue' AND wish_s > 0))
    AND state NOT IN ('red-lettered', 'replaced', 'void')
ORDER BY number DESC LIMIT :limit_count

-- What the job goes on with: not what waits for people to make it.
-- name: invoice_work
SELECT * FROM invoice WHERE next_s <= :at_s
    AND ((state = 'due' AND way IS NULL) OR (state = 'requested' AND way = 'platform'))
ORDER BY next_s, number LIMIT :limit_count

-- What waits for people, to be exported.
-- name: invoice_list_manual
SELECT * FROM invoice WHERE state = 'due' AND way = 'manual' ORDER BY number LIMIT :limit_count

-- name: invoice_list_batch
SELECT * FROM invoice WHERE batch = :key ORDER BY number LIMIT :limit_count

-- Read and changed in one closure.
-- name: invoice_update
UPDATE invoice SET state = :state, way = :way, title = :title, tax_number = :tax_number, email = :email,
                   invoice_number = :invoice_number, issued_s = :issued_s, sent_s = :sent_s, tries = :tries,
                   next_s = :next_s, trouble = :trouble, wish_title = :wish_title, wish_tax_number = :wish_tax_number,
                   wish_email = :wish_email, wish_s = :wish_s, taken_back = :taken_back, batch = :batch
WHERE number = :number

-- name: invoice_file_insert
INSERT INTO invoice_file (invoice, kind, size, name, key_sealed, taken_s)
VALUES (:invoice, :kind, :size, :name, :key_sealed, :taken_s)

-- name: invoice_file_delete
DELETE FROM invoice_file WHERE invoice = :invoice AND kind = :kind

-- name: invoice_file_get
SELECT * FROM invoice_file WHERE invoice = :key AND kind = :other

-- name: invoice_file_list
SELECT * FROM invoice_file WHERE invoice = :key ORDER BY kind LIMIT :limit_count
