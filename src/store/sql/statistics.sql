-- What was done in a span of time (R-OPS-5): until_s is the first second after it.
-- name: statistics_done
SELECT 'submitted' AS measure, service AS about, COUNT(*) AS count, 0 AS fen
FROM application WHERE submitted_s >= :from_s AND submitted_s < :until_s GROUP BY service
UNION ALL
SELECT 'decided' AS measure, CASE WHEN due_s > 0 AND decided_s > due_s THEN 'late' ELSE 'in-time' END AS about,
    COUNT(*) AS count, 0 AS fen
FROM application WHERE decided_s >= :from_s AND decided_s < :until_s
GROUP BY CASE WHEN due_s > 0 AND decided_s > due_s THEN 'late' ELSE 'in-time' END
UNION ALL
SELECT 'issued' AS measure, medium AS about, COUNT(*) AS count, 0 AS fen
FROM certificate WHERE purpose = 'signing' AND not_before_s >= :from_s AND not_before_s < :until_s GROUP BY medium
UNION ALL
SELECT 'revoked' AS measure, reason AS about, COUNT(*) AS count, 0 AS fen
FROM certificate WHERE purpose = 'signing' AND state = 'revoked' AND revoked_s >= :from_s AND revoked_s < :until_s
GROUP BY reason
UNION ALL
SELECT 'received' AS measure, method AS about, COUNT(*) AS count,
    CAST(SUM(CASE WHEN received_fen > 0 THEN received_fen ELSE amount_fen END) AS BIGINT) AS fen
FROM payment WHERE paid_s >= :from_s AND paid_s < :until_s GROUP BY method
UNION ALL
SELECT 'refunded' AS measure, method AS about, COUNT(*) AS count,
    CAST(SUM(CASE WHEN received_fen > 0 THEN received_fen ELSE amount_fen END) AS BIGINT) AS fen
FROM payment WHERE state = 'refunded' AND refunded_s >= :from_s AND refunded_s < :until_s GROUP BY method
LIMIT :limit_count

-- As it stands at from_s: certificates by their state, and applications that are under way.
-- name: statistics_now
SELECT 'certificates' AS measure,
    CASE WHEN state = 'valid' AND not_after_s < :from_s THEN 'expired'
        WHEN state = 'valid' AND transit = 1 THEN 'transit' ELSE state END AS about, COUNT(*) AS count, 0 AS fen
FROM certificate WHERE purpose = 'signing'
GROUP BY CASE WHEN state = 'valid' AND not_after_s < :from_s THEN 'expired'
    WHEN state = 'valid' AND transit = 1 THEN 'transit' ELSE state END
UNION ALL
SELECT 'open' AS measure, state AS about, COUNT(*) AS count, 0 AS fen FROM application WHERE open = 1 GROUP BY state
LIMIT :limit_count
