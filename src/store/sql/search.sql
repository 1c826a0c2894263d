-- What an operator looks for in one box (R-OPS-5). :key is a part of a name in small letters, :other how a number or serial
-- begins, NULL where what was typed is none.
-- name: search_application
SELECT 'application' AS kind, application.number AS key, application.holder AS id, account.name AS name,
    organization.name AS organization, application.service AS about, application.state AS state,
    application.created_s AS at_s
FROM application JOIN account ON account.id = application.holder JOIN organization ON organization.id = account.organization
WHERE application.number LIKE :other ESCAPE '!' OR lower(application.card) LIKE :other ESCAPE '!'
    OR account.mobile LIKE :other ESCAPE '!'
    OR lower(account.name) LIKE :key ESCAPE '!' OR lower(application.holder_name) LIKE :key ESCAPE '!'
    OR lower(organization.name) LIKE :key ESCAPE '!'
ORDER BY application.number DESC LIMIT :limit_count

-- name: search_account
SELECT 'account' AS kind, account.mobile AS key, account.id AS id, account.name AS name, organization.name AS organization,
    account.document_type AS about, account.state AS state, account.created_s AS at_s
FROM account JOIN organization ON organization.id = account.organization
WHERE account.mobile LIKE :other ESCAPE '!' OR lower(organization.credit_code) LIKE :other ESCAPE '!'
    OR lower(account.name) LIKE :key ESCAPE '!' OR lower(account.email) LIKE :key ESCAPE '!'
    OR lower(organization.name) LIKE :key ESCAPE '!'
ORDER BY account.name, account.id LIMIT :limit_count

-- name: search_organization
SELECT 'organization' AS kind, credit_code AS key, id, name, name AS organization, 'organization' AS about, 'open' AS state,
    created_s AS at_s
FROM organization WHERE lower(credit_code) LIKE :other ESCAPE '!' OR lower(name) LIKE :key ESCAPE '!'
ORDER BY name, id LIMIT :limit_count

-- name: search_certificate
SELECT 'certificate' AS kind, certificate.serial AS key, certificate.holder AS id, account.name AS name,
    organization.name AS organization, certificate.purpose AS about,
    CASE WHEN certificate.state = 'valid' AND certificate.not_after_s < :at_s THEN 'expired'
        WHEN certificate.state = 'valid' AND certificate.transit = 1 THEN 'transit' ELSE certificate.state END AS state,
    certificate.not_after_s AS at_s
FROM certificate JOIN account ON account.id = certificate.holder JOIN organization ON organization.id = account.organization
WHERE certificate.serial LIKE :other ESCAPE '!' OR certificate.application LIKE :other ESCAPE '!'
    OR (certificate.purpose = 'signing' AND (lower(certificate.card) LIKE :other ESCAPE '!'
        OR lower(account.name) LIKE :key ESCAPE '!' OR lower(organization.name) LIKE :key ESCAPE '!'))
ORDER BY certificate.not_after_s DESC, certificate.serial LIMIT :limit_count

-- A USBKey, with whom its latest certificate names.
-- name: search_usbkey
SELECT 'usbkey' AS kind, certificate.card AS key, certificate.holder AS id, account.name AS name,
    organization.name AS organization, 'usbkey' AS about,
    CASE WHEN certificate.state = 'valid' AND certificate.transit = 1 THEN 'transit' ELSE certificate.state END AS state,
    certificate.not_before_s AS at_s
FROM certificate JOIN account ON account.id = certificate.holder JOIN organization ON organization.id = account.organization
WHERE certificate.purpose = 'signing' AND lower(certificate.card) LIKE :other ESCAPE '!'
    AND NOT EXISTS (SELECT 1 FROM certificate AS later WHERE later.card = certificate.card AND later.purpose = 'signing'
        AND later.journal_index > certificate.journal_index)
ORDER BY certificate.card LIMIT :limit_count

-- The life of a USBKey: what was written on it, the newest first.
-- name: certificate_list_card
SELECT certificate.*, account.name AS holder_name FROM certificate JOIN account ON account.id = certificate.holder
WHERE certificate.card = :key ORDER BY certificate.journal_index DESC, certificate.serial LIMIT :limit_count

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

-- Certificates of suspended accounts, which open nothing until these are open again (R-ACCT-3).
-- name: search_suspended
SELECT 'certificate' AS kind, certificate.serial AS key, certificate.holder AS id, account.name AS name,
    organization.name AS organization, account.state AS about, certificate.state AS state,
    certificate.not_after_s AS at_s
FROM certificate JOIN account ON account.id = certificate.holder JOIN organization ON organization.id = account.organization
WHERE account.state = 'suspended' AND certificate.state IN ('issued', 'valid', 'held') AND certificate.purpose = 'signing'
    AND (lower(account.name) LIKE :key ESCAPE '!' OR lower(organization.name) LIKE :key ESCAPE '!')
    AND certificate.serial > :other
ORDER BY certificate.serial LIMIT :limit_count
