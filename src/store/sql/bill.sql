-- name: bill_get
SELECT * FROM bill WHERE method = :method AND day = :day

-- name: bill_list
SELECT * FROM bill ORDER BY day DESC, method LIMIT :limit_count

-- name: bill_delete
DELETE FROM bill WHERE method = :method AND day = :day

-- name: bill_insert
INSERT INTO bill (method, day, state, entries, differences, fetched_s, tries, next_s, trouble)
VALUES (:method, :day, :state, :entries, :differences, :fetched_s, :tries, :next_s, :trouble)

-- name: bill_entry_delete
DELETE FROM bill_entry WHERE method = :method AND day = :day

-- name: bill_entry_insert
INSERT INTO bill_entry (method, day, line, kind, order_number, refund_number, transaction_number, amount_fen, at_s)
VALUES (:method, :day, :line, :kind, :order_number, :refund_number, :transaction_number, :amount_fen, :at_s)

-- When the first payment by a gateway was opened; 0: none was.
-- name: payment_first
SELECT COALESCE(CAST(MIN(created_s) AS INTEGER), 0) AS count FROM payment WHERE method = :key

-- Rows of the bill that are not as ours are. A refund has our number, made of the order's; any other was made at the gateway by
-- hand.
-- name: bill_compare
SELECT * FROM (
    SELECT e.order_number AS order_number, e.refund_number AS refund_number, p.application AS application,
           COALESCE(p.amount_fen, 0) AS ours_fen, e.amount_fen AS theirs_fen,
           CASE WHEN p.order_number IS NULL THEN 'missing-here'
                WHEN e.kind = 'refund' AND (p.state NOT IN ('refunding', 'refunded')
                                            OR e.refund_number <> REPLACE(p.order_number, 'P', 'R')) THEN 'by-hand'
                WHEN e.amount_fen <> p.amount_fen THEN 'other-amount'
                WHEN e.kind = 'payment' AND p.state IN ('open', 'closed') THEN 'not-paid-here'
                ELSE 'none' END AS kind
    FROM bill_entry e LEFT JOIN payment p ON p.order_number = e.order_number AND p.method = e.method
    WHERE e.method = :method AND e.day = :day
) AS compared WHERE kind <> 'none' LIMIT :limit_count

-- What we have as paid in the day and no bill has.
-- name: bill_missing
SELECT p.order_number AS order_number, '' AS refund_number, p.application AS application, p.amount_fen AS ours_fen,
       0 AS theirs_fen, 'missing-there' AS kind
FROM payment p
WHERE p.method = :method AND p.paid_s >= :from_s AND p.paid_s < :to_s AND p.state IN ('paid', 'refunding', 'refunded')
      AND NOT EXISTS (SELECT 1 FROM bill_entry e WHERE e.method = p.method AND e.kind = 'payment'
                      AND e.order_number = p.order_number)
LIMIT :limit_count

-- Until they are found again.
-- name: difference_drop_open
UPDATE difference SET state = 'gone' WHERE method = :method AND day = :day AND state = 'open'

-- name: difference_same
SELECT * FROM difference WHERE method = :method AND day = :day AND kind = :kind AND order_number = :order_number
      AND refund_number = :refund_number AND theirs_fen = :theirs_fen

-- name: difference_get
SELECT * FROM difference WHERE id = :id

-- name: difference_insert
INSERT INTO difference (id, method, day, kind, order_number, refund_number, application, ours_fen, theirs_fen, found_s, state,
                        settled_by, settled_by_id, settled_s, words)
VALUES (:id, :method, :day, :kind, :order_number, :refund_number, :application, :ours_fen, :theirs_fen, :found_s, :state,
        :settled_by, :settled_by_id, :settled_s, :words)

-- name: difference_set
UPDATE difference SET state = :state, settled_by = :settled_by, settled_by_id = :settled_by_id, settled_s = :settled_s,
                      words = :words
WHERE id = :id AND state <> 'settled'

-- name: difference_list
SELECT * FROM difference WHERE state = :state AND (found_s < :at_s OR (found_s = :at_s AND id < :id))
ORDER BY found_s DESC, id DESC LIMIT :limit_count
