-- name: organization_insert
INSERT INTO organization (id, name, credit_code, address, created_s, changed_s)
VALUES (:id, :name, :credit_code, :address, :created_s, :changed_s)

-- name: organization_get
SELECT * FROM organization WHERE id = :id

-- name: organization_by_code
SELECT * FROM organization WHERE credit_code = :key

-- name: organization_list
SELECT * FROM organization WHERE id > :after ORDER BY id LIMIT :limit_count

-- name: account_insert
INSERT INTO account (id, organization, name, document_type, document_sealed, document_index, document_mask,
                     mobile, email, state, created_s)
VALUES (:id, :organization, :name, :document_type, :document_sealed, :document_index, :document_mask,
        :mobile, :email, :state, :created_s)

-- name: account_get
SELECT account.*, organization.name AS organization_name
FROM account JOIN organization ON organization.id = account.organization WHERE account.id = :id

-- name: account_by_mobile
SELECT account.*, organization.name AS organization_name
FROM account JOIN organization ON organization.id = account.organization
WHERE account.mobile = :key AND account.state <> 'closed'

-- name: account_list
SELECT account.*, organization.name AS organization_name
FROM account JOIN organization ON organization.id = account.organization
WHERE account.id > :after ORDER BY account.id LIMIT :limit_count

-- name: account_list_of
SELECT account.*, organization.name AS organization_name
FROM account JOIN organization ON organization.id = account.organization
WHERE account.organization = :id AND account.id > :after ORDER BY account.id LIMIT :limit_count

-- A closed account stays closed.
-- name: account_set_state
UPDATE account SET state = :state WHERE id = :id AND state <> 'closed'

-- name: account_claim_insert
INSERT INTO account_claim (value, account) VALUES (:value, :account)

-- name: account_claim_delete_of
DELETE FROM account_claim WHERE account = :id

-- name: operator_insert
INSERT INTO operator (serial, name, roles, certificate, state, added_s)
VALUES (:serial, :name, :roles, :certificate, :state, :added_s)

-- name: operator_remove
UPDATE operator SET state = 'removed' WHERE serial = :key

-- name: operator_get
SELECT * FROM operator WHERE serial = :key

-- name: seal_mark_get
SELECT * FROM seal_mark WHERE id = 1

-- name: seal_mark_insert
INSERT INTO seal_mark (id, mark) VALUES (:id, :mark)
