-- What an operator looks for in one box (R-OPS-5). :key is a part of a name in small letters as a pattern; :part to :part_end
-- are the beginnings in the tables of parts under which it stands, :begin to :begin_end how a number or serial begins, NULL
-- where what was typed is none. Of each kind there are two that are asked the same: one goes by the indexes and looks at
-- what these name, of numbers the first :limit_count; CROSS JOIN says to SQLite that they come first. Where a part stands in
-- very many names, _many goes through the rows in the order of the answer instead, and has a page soon.
-- name: search_application_many
SELECT 'application' AS kind, application.number AS key, application.holder AS id, account.name AS name,
    organization.name AS organization, application.service AS about, application.state AS state,
    application.created_s AS at_s
FROM application CROSS JOIN account CROSS JOIN organization
WHERE account.id = application.holder AND organization.id = account.organization AND (
    (application.number >= :begin AND application.number < :begin_end)
    OR (lower(application.card) >= :begin AND lower(application.card) < :begin_end)
    OR (account.mobile >= :begin AND account.mobile < :begin_end)
    OR lower(account.name) LIKE :key ESCAPE '!' OR lower(application.holder_name) LIKE :key ESCAPE '!'
    OR lower(organization.name) LIKE :key ESCAPE '!')
ORDER BY application.number DESC LIMIT :limit_count

-- name: search_application
SELECT 'application' AS kind, application.number AS key, application.holder AS id, account.name AS name,
    organization.name AS organization, application.service AS about, application.state AS state,
    application.created_s AS at_s
FROM (
    SELECT number FROM (SELECT number FROM application WHERE number >= :begin AND number < :begin_end
        ORDER BY number DESC LIMIT :limit_count) AS by_number
    UNION SELECT number FROM (SELECT number FROM application WHERE lower(card) >= :begin AND lower(card) < :begin_end
        ORDER BY lower(card) LIMIT :limit_count) AS by_card
    UNION SELECT application.number FROM (SELECT id FROM account WHERE mobile >= :begin AND mobile < :begin_end
        ORDER BY mobile LIMIT :limit_count) AS by_mobile JOIN application ON application.holder = by_mobile.id
    UNION SELECT application.number FROM account_part JOIN application ON application.holder = account_part.account
        WHERE account_part.part >= :part AND account_part.part < :part_end
    UNION SELECT application FROM application_part WHERE part >= :part AND part < :part_end
    UNION SELECT application.number FROM organization_part
        JOIN account ON account.organization = organization_part.organization
        JOIN application ON application.holder = account.id
        WHERE organization_part.part >= :part AND organization_part.part < :part_end
) AS found CROSS JOIN application
JOIN account ON account.id = application.holder JOIN organization ON organization.id = account.organization
WHERE application.number = found.number AND (
    (application.number >= :begin AND application.number < :begin_end)
    OR (lower(application.card) >= :begin AND lower(application.card) < :begin_end)
    OR (account.mobile >= :begin AND account.mobile < :begin_end)
    OR lower(account.name) LIKE :key ESCAPE '!' OR lower(application.holder_name) LIKE :key ESCAPE '!'
    OR lower(organization.name) LIKE :key ESCAPE '!')
ORDER BY application.number DESC LIMIT :limit_count

-- name: search_account_many
SELECT 'account' AS kind, account.mobile AS key, account.id AS id, account.name AS name, organization.name AS organization,
    account.document_type AS about, account.state AS state, account.created_s AS at_s
FROM account CROSS JOIN organization
WHERE organization.id = account.organization AND (
    (account.mobile >= :begin AND account.mobile < :begin_end)
    OR (lower(organization.credit_code) >= :begin AND lower(organization.credit_code) < :begin_end)
    OR lower(account.name) LIKE :key ESCAPE '!' OR lower(account.email) LIKE :key ESCAPE '!'
    OR lower(organization.name) LIKE :key ESCAPE '!')
ORDER BY account.name, account.id LIMIT :limit_count

-- name: search_account
SELECT 'account' AS kind, account.mobile AS key, account.id AS id, account.name AS name, organization.name AS organization,
    account.document_type AS about, account.state AS state, account.created_s AS at_s
FROM (
    SELECT id FROM (SELECT id FROM account WHERE mobile >= :begin AND mobile < :begin_end
        ORDER BY mobile LIMIT :limit_count) AS by_mobile
    UNION SELECT account.id FROM (SELECT id FROM organization
        WHERE lower(credit_code) >= :begin AND lower(credit_code) < :begin_end
        ORDER BY lower(credit_code) LIMIT :limit_count) AS by_code JOIN account ON account.organization = by_code.id
    UNION SELECT account AS id FROM account_part WHERE part >= :part AND part < :part_end
    UNION SELECT account AS id FROM email_part WHERE part >= :part AND part < :part_end
    UNION SELECT account.id FROM organization_part JOIN account ON account.organization = organization_part.organization
        WHERE organization_part.part >= :part AND organization_part.part < :part_end
) AS found CROSS JOIN account
JOIN organization ON organization.id = account.organization
WHERE account.id = found.id AND (
    (account.mobile >= :begin AND account.mobile < :begin_end)
    OR (lower(organization.credit_code) >= :begin AND lower(organization.credit_code) < :begin_end)
    OR lower(account.name) LIKE :key ESCAPE '!' OR lower(account.email) LIKE :key ESCAPE '!'
    OR lower(organization.name) LIKE :key ESCAPE '!')
ORDER BY account.name, account.id LIMIT :limit_count

-- name: search_organization_many
SELECT 'organization' AS kind, organization.credit_code AS key, organization.id AS id, organization.name AS name,
    organization.name AS organization, 'organization' AS about, 'open' AS state, organization.created_s AS at_s
FROM organization
WHERE (
    (lower(organization.credit_code) >= :begin AND lower(organization.credit_code) < :begin_end)
    OR lower(organization.name) LIKE :key ESCAPE '!')
ORDER BY organization.name, organization.id LIMIT :limit_count

-- name: search_organization
SELECT 'organization' AS kind, organization.credit_code AS key, organization.id AS id, organization.name AS name,
    organization.name AS organization, 'organization' AS about, 'open' AS state, organization.created_s AS at_s
FROM (
    SELECT id FROM (SELECT id FROM organization WHERE lower(credit_code) >= :begin AND lower(credit_code) < :begin_end
        ORDER BY lower(credit_code) LIMIT :limit_count) AS by_code
    UNION SELECT organization AS id FROM organization_part WHERE part >= :part AND part < :part_end
) AS found CROSS JOIN organization
WHERE organization.id = found.id AND (
    (lower(organization.credit_code) >= :begin AND lower(organization.credit_code) < :begin_end)
    OR lower(organization.name) LIKE :key ESCAPE '!')
ORDER BY organization.name, organization.id LIMIT :limit_count

-- name: search_certificate_many
SELECT 'certificate' AS kind, certificate.serial AS key, certificate.holder AS id, account.name AS name,
    organization.name AS organization, certificate.purpose AS about,
    CASE WHEN certificate.state = 'valid' AND certificate.not_after_s < :at_s THEN 'expired'
        WHEN certificate.state = 'valid' AND certificate.transit = 1 THEN 'transit' ELSE certificate.state END AS state,
    certificate.not_after_s AS at_s
FROM certificate CROSS JOIN account CROSS JOIN organization
WHERE account.id = certificate.holder AND organization.id = account.organization AND (
    (certificate.serial >= :begin AND certificate.serial < :begin_end)
    OR (certificate.application >= :begin AND certificate.application < :begin_end)
    OR (certificate.purpose = 'signing'
        AND ((lower(certificate.card) >= :begin AND lower(certificate.card) < :begin_end)
            OR lower(account.name) LIKE :key ESCAPE '!' OR lower(organization.name) LIKE :key ESCAPE '!')))
ORDER BY certificate.not_after_s DESC, certificate.serial LIMIT :limit_count

-- name: search_certificate
SELECT 'certificate' AS kind, certificate.serial AS key, certificate.holder AS id, account.name AS name,
    organization.name AS organization, certificate.purpose AS about,
    CASE WHEN certificate.state = 'valid' AND certificate.not_after_s < :at_s THEN 'expired'
        WHEN certificate.state = 'valid' AND certificate.transit = 1 THEN 'transit' ELSE certificate.state END AS state,
    certificate.not_after_s AS at_s
FROM (
    SELECT serial FROM (SELECT serial FROM certificate WHERE serial >= :begin AND serial < :begin_end
        ORDER BY serial LIMIT :limit_count) AS by_serial
    UNION SELECT serial FROM (SELECT serial FROM certificate WHERE application >= :begin AND application < :begin_end
        ORDER BY application DESC LIMIT :limit_count) AS by_number
    UNION SELECT serial FROM (SELECT serial FROM certificate WHERE purpose = 'signing' AND lower(card) >= :begin
        AND lower(card) < :begin_end ORDER BY lower(card) LIMIT :limit_count) AS by_card
    UNION SELECT certificate.serial FROM account_part JOIN certificate ON certificate.holder = account_part.account
        WHERE account_part.part >= :part AND account_part.part < :part_end
    UNION SELECT certificate.serial FROM organization_part
        JOIN account ON account.organization = organization_part.organization
        JOIN certificate ON certificate.holder = account.id
        WHERE organization_part.part >= :part AND organization_part.part < :part_end
) AS found CROSS JOIN certificate
JOIN account ON account.id = certificate.holder JOIN organization ON organization.id = account.organization
WHERE certificate.serial = found.serial AND (
    (certificate.serial >= :begin AND certificate.serial < :begin_end)
    OR (certificate.application >= :begin AND certificate.application < :begin_end)
    OR (certificate.purpose = 'signing'
        AND ((lower(certificate.card) >= :begin AND lower(certificate.card) < :begin_end)
            OR lower(account.name) LIKE :key ESCAPE '!' OR lower(organization.name) LIKE :key ESCAPE '!')))
ORDER BY certificate.not_after_s DESC, certificate.serial LIMIT :limit_count

-- A USBKey, with whom its latest certificate names.
-- name: search_usbkey
SELECT 'usbkey' AS kind, certificate.card AS key, certificate.holder AS id, account.name AS name,
    organization.name AS organization, 'usbkey' AS about,
    CASE WHEN certificate.state = 'valid' AND certificate.transit = 1 THEN 'transit' ELSE certificate.state END AS state,
    certificate.not_before_s AS at_s
FROM certificate JOIN account ON account.id = certificate.holder JOIN organization ON organization.id = account.organization
WHERE certificate.purpose = 'signing' AND lower(certificate.card) >= :begin AND lower(certificate.card) < :begin_end
    AND NOT EXISTS (SELECT 1 FROM certificate AS later WHERE later.purpose = 'signing'
        AND lower(later.card) = lower(certificate.card) AND later.card = certificate.card
        AND later.journal_index > certificate.journal_index)
ORDER BY lower(certificate.card), certificate.journal_index LIMIT :limit_count

-- In how many names a part stands, or in those of how many people, as far as :limit_count.
-- name: search_weight
SELECT COUNT(*) AS count FROM (SELECT 1 FROM account_part WHERE part >= :part AND part < :part_end
    UNION ALL SELECT 1 FROM organization_part WHERE part >= :part AND part < :part_end
    UNION ALL SELECT 1 FROM organization_part JOIN account ON account.organization = organization_part.organization
        WHERE organization_part.part >= :part AND organization_part.part < :part_end
    UNION ALL SELECT 1 FROM application_part WHERE part >= :part AND part < :part_end LIMIT :limit_count) AS weighed

-- name: search_weight_email
SELECT COUNT(*) AS count FROM (SELECT 1 FROM email_part WHERE part >= :part AND part < :part_end LIMIT :limit_count) AS weighed

-- The ends of a name, cut (schema 0030).
-- name: account_part_insert
INSERT INTO account_part (part, account)
WITH RECURSIVE ending (id, rest) AS (SELECT id, lower(name) FROM account WHERE id = :id
    UNION ALL SELECT id, substr(rest, 2) FROM ending WHERE length(rest) > 1)
SELECT DISTINCT substr(rest, 1, 6), id FROM ending

-- name: email_part_insert
INSERT INTO email_part (part, account)
WITH RECURSIVE ending (id, rest) AS (SELECT id, lower(email) FROM account WHERE id = :id
    UNION ALL SELECT id, substr(rest, 2) FROM ending WHERE length(rest) > 1)
SELECT DISTINCT substr(rest, 1, 6), id FROM ending

-- name: organization_part_insert
INSERT INTO organization_part (part, organization)
WITH RECURSIVE ending (id, rest) AS (SELECT id, lower(name) FROM organization WHERE id = :id
    UNION ALL SELECT id, substr(rest, 2) FROM ending WHERE length(rest) > 1)
SELECT DISTINCT substr(rest, 1, 6), id FROM ending

-- Before it is called otherwise.
-- name: organization_part_delete
DELETE FROM organization_part WHERE organization = :id AND part IN (
    WITH RECURSIVE ending (rest) AS (SELECT lower(name) FROM organization WHERE id = :id
        UNION ALL SELECT substr(rest, 2) FROM ending WHERE length(rest) > 1)
    SELECT substr(rest, 1, 6) FROM ending)

-- Only of a holder who is called otherwise than the account; :name is in small letters.
-- name: application_part_insert
INSERT INTO application_part (part, application)
WITH RECURSIVE ending (rest) AS (SELECT CAST(:name AS TEXT) FROM account WHERE id = :holder AND lower(name) <> :name
    UNION ALL SELECT substr(rest, 2) FROM ending WHERE length(rest) > 1)
SELECT DISTINCT substr(rest, 1, 6), CAST(:application AS TEXT) FROM ending

-- name: application_part_delete
DELETE FROM application_part WHERE application = :key AND part IN (
    WITH RECURSIVE ending (rest) AS (SELECT lower(holder_name) FROM application WHERE number = :key
        UNION ALL SELECT substr(rest, 2) FROM ending WHERE length(rest) > 1)
    SELECT substr(rest, 1, 6) FROM ending)

-- The life of a USBKey: what was written on it, the newest first.
-- name: certificate_list_card
SELECT certificate.*, account.name AS holder_name FROM certificate JOIN account ON account.id = certificate.holder
WHERE certificate.purpose IN ('signing', 'encryption') AND lower(certificate.card) = lower(:key) AND certificate.card = :key
ORDER BY certificate.journal_index DESC, certificate.serial LIMIT :limit_count

-- Certificates on hold, and since when (R-REVOKE-3); what is about them is the state of the account.
-- name: search_held
SELECT 'certificate' AS kind, certificate.serial AS key, certificate.holder AS id, account.name AS name,
    organization.name AS organization, account.state AS about, certificate.state AS state,
    COALESCE((SELECT MAX(at_s) FROM audit WHERE audit.subject = certificate.serial AND audit.action = 'certificate.hold'), 0)
    AS at_s, placer.name AS asked_by, certificate.held_for AS asked_for
FROM certificate JOIN account ON account.id = certificate.holder JOIN organization ON organization.id = account.organization
LEFT JOIN account AS placer ON placer.id = certificate.held_by
WHERE certificate.state = 'held' AND certificate.purpose = 'signing'
    AND (lower(account.name) LIKE :key ESCAPE '!' OR lower(organization.name) LIKE :key ESCAPE '!')
    AND certificate.serial > :other
ORDER BY certificate.serial LIMIT :limit_count

-- Certificates on their way to their holder, who has not confirmed the receipt, and since when (R-SHIP-3).
-- name: search_transit
SELECT 'certificate' AS kind, certificate.serial AS key, certificate.holder AS id, account.name AS name,
    organization.name AS organization, account.state AS about,
    CASE WHEN certificate.state = 'held' THEN 'held' ELSE 'transit' END AS state,
    COALESCE(shipment.shipped_s, certificate.not_before_s) AS at_s, certificate.application AS application,
    parcel.state AS parcel, COALESCE(shipment.reminded, 0) AS reminded
FROM certificate JOIN account ON account.id = certificate.holder JOIN organization ON organization.id = account.organization
LEFT JOIN shipment ON shipment.application = certificate.application
LEFT JOIN parcel ON parcel.application = certificate.application
WHERE certificate.transit = 1 AND certificate.state IN ('valid', 'held') AND certificate.purpose = 'signing'
    AND (lower(account.name) LIKE :key ESCAPE '!' OR lower(organization.name) LIKE :key ESCAPE '!')
    AND certificate.serial > :other
ORDER BY certificate.serial LIMIT :limit_count

-- Certificates of suspended accounts, which open nothing until these are open again (R-ACCT-3).
-- name: search_suspended
SELECT 'certificate' AS kind, certificate.serial AS key, certificate.holder AS id, account.name AS name,
    organization.name AS organization, account.state AS about, certificate.state AS state,
    certificate.not_after_s AS at_s
FROM account CROSS JOIN certificate CROSS JOIN organization
WHERE certificate.holder = account.id AND organization.id = account.organization
    AND account.state = 'suspended' AND certificate.state IN ('issued', 'valid', 'held') AND certificate.purpose = 'signing'
    AND (lower(account.name) LIKE :key ESCAPE '!' OR lower(organization.name) LIKE :key ESCAPE '!')
    AND certificate.serial > :other
ORDER BY certificate.serial LIMIT :limit_count
