-- name: tariff_insert
INSERT INTO tariff (class, service, item, from_s, amount_fen, unit, entered_by, entered_s)
VALUES (:class, :service, :item, :from_s, :amount_fen, :unit, :entered_by, :entered_s)

-- Of each price the row that began last.
-- name: tariff_list
SELECT * FROM tariff WHERE from_s <= :at_s AND NOT EXISTS (SELECT 1 FROM tariff AS later WHERE later.class = tariff.class
    AND later.service = tariff.service AND later.item = tariff.item AND later.from_s > tariff.from_s
    AND later.from_s <= :at_s)
ORDER BY class, service, item LIMIT :limit_count

-- Also those that held, and those to come.
-- name: tariff_list_all
SELECT * FROM tariff ORDER BY from_s DESC, class, service, item LIMIT :limit_count

-- name: tariff_get_from
SELECT * FROM tariff WHERE class = :class AND service = :service AND item = :item AND from_s = :from_s

-- One that does not hold yet.
-- name: tariff_delete
DELETE FROM tariff WHERE class = :class AND service = :service AND item = :item AND from_s = :from_s AND from_s > :entered_s

-- What holds at a time: the row that began last.
-- name: tariff_get
SELECT * FROM tariff WHERE class = :class AND service = :service AND item = :item AND from_s <= :from_s
ORDER BY from_s DESC LIMIT 1

-- name: payment_insert
INSERT INTO payment (order_number, application, method, amount_fen, state, code_url, page_url, transaction_number,
                     created_s, expires_s, paid_s, checked_s, tries, next_s, trouble, refunded_s, reference, received_fen,
                     refused_s)
VALUES (:order_number, :application, :method, :amount_fen, :state, :code_url, :page_url, :transaction_number,
        :created_s, :expires_s, :paid_s, :checked_s, :tries, :next_s, :trouble, :refunded_s, :reference, :received_fen,
        :refused_s)

-- name: payment_get
SELECT * FROM payment WHERE order_number = :key

-- name: payment_latest
SELECT * FROM payment WHERE application = :key ORDER BY created_s DESC, order_number DESC LIMIT 1

-- name: payment_list_of
SELECT * FROM payment WHERE application = :key ORDER BY created_s, order_number LIMIT :limit_count

-- name: payment_list_in
SELECT * FROM payment WHERE state = :state AND order_number > :key ORDER BY order_number LIMIT :limit_count

-- Transfers that wait to be confirmed, also those for which it was long.
-- name: payment_list_transfers
SELECT * FROM payment WHERE method = 'transfer' AND state IN ('open', 'closed') AND order_number > :key
ORDER BY order_number LIMIT :limit_count

-- name: payment_booked
SELECT * FROM payment WHERE method = 'transfer' AND transaction_number = :key LIMIT 1

-- Another amount than was due has come: it goes back.
-- name: payment_set_received
UPDATE payment SET state = 'refunding', transaction_number = :transaction_number, paid_s = :paid_s,
                   received_fen = :received_fen, tries = 0, next_s = 0, trouble = NULL
WHERE order_number = :order_number AND state IN ('open', 'closed')

-- name: payment_sum_paid
SELECT COALESCE(CAST(SUM(amount_fen) AS INTEGER), 0) AS count FROM payment WHERE application = :key AND state = 'paid'

-- name: payment_refund_all
UPDATE payment SET state = 'refunding', tries = 0, next_s = 0, trouble = NULL WHERE application = :key AND state = 'paid'

-- name: payment_expire_open
UPDATE payment SET expires_s = :at_s, next_s = 0 WHERE application = :key AND state = 'open'

-- name: payment_set_code
UPDATE payment SET code_url = :code_url, page_url = :page_url WHERE order_number = :order_number AND state = 'open'

-- name: payment_set_paid
UPDATE payment SET state = 'paid', transaction_number = :transaction_number, paid_s = :paid_s
WHERE order_number = :order_number AND state IN ('open', 'closed')

-- name: payment_set_state
UPDATE payment SET state = :state, tries = :tries, next_s = :next_s, trouble = :trouble, refunded_s = :refunded_s,
                   refused_s = :refused_s
WHERE order_number = :order_number

-- name: payment_checked
UPDATE payment SET checked_s = :checked_s, tries = :tries, next_s = :next_s, trouble = :trouble
WHERE order_number = :order_number

-- The gateway refuses the refund for good: it is not asked for any more, but a case for finance.
-- name: payment_set_refused
UPDATE payment SET checked_s = :checked_s, tries = :tries, trouble = :trouble, refused_s = :refused_s
WHERE order_number = :order_number AND state = 'refunding' AND refused_s = 0

-- name: payment_list_refused
SELECT * FROM payment WHERE state = 'refunding' AND refused_s > 0 AND order_number > :key
ORDER BY order_number LIMIT :limit_count

-- One payment of an application goes back, whatever becomes of the application.
-- name: payment_refund_one
UPDATE payment SET state = 'refunding', tries = 0, next_s = 0, trouble = NULL WHERE order_number = :key AND state = 'paid'

-- name: refund_insert
INSERT INTO refund (id, order_number, application, amount_fen, words, state, asked_by, asked_by_id, asked_s, decided_by,
                    decided_by_id, decided_s, decided_words)
VALUES (:id, :order_number, :application, :amount_fen, :words, :state, :asked_by, :asked_by_id, :asked_s, :decided_by,
        :decided_by_id, :decided_s, :decided_words)

-- name: refund_get
SELECT * FROM refund WHERE id = :id

-- name: refund_list
SELECT * FROM refund WHERE asked_s < :at_s OR (asked_s = :at_s AND id < :id)
ORDER BY asked_s DESC, id DESC LIMIT :limit_count

-- name: refund_decide
UPDATE refund SET state = :state, decided_by = :decided_by, decided_by_id = :decided_by_id, decided_s = :decided_s,
                  decided_words = :decided_words
WHERE id = :id AND state = 'waiting'

-- Payments to look after: open ones, and those that the gateway is to give back; a transfer is given back by people.
-- name: payment_unsettled
SELECT * FROM payment WHERE (state = 'open' OR (state = 'refunding' AND method <> 'transfer' AND refused_s = 0))
      AND next_s <= :at_s
ORDER BY next_s, order_number
LIMIT :limit_count

-- name: callback_insert
INSERT INTO payment_callback (id, method, timestamp, nonce, signature, serial, body, outcome, received_s)
VALUES (:id, :method, :timestamp, :nonce, :signature, :serial, :body, :outcome, :received_s)

-- name: callback_outcome
UPDATE payment_callback SET outcome = :outcome WHERE id = :id

-- name: callback_delete
DELETE FROM payment_callback WHERE id = :id
