-- The prices of the guide (R-FEE-1), in fen, from 1 January 2021 in Shanghai; later ones are added with their dates.
INSERT INTO tariff (class, service, item, from_s, amount_fen, unit) VALUES
    ('enterprise', 'apply', 'certificate', 1609430400, 39900, 'year'),
    ('enterprise', 'renew', 'certificate', 1609430400, 39900, 'year'),
    ('enterprise', 'lost', 'usbkey', 1609430400, 8000, 'each'),
    ('enterprise', 'apply', 'usbkey', 1609430400, 0, 'each'),
    ('enterprise', 'apply', 'postage', 1609430400, 0, 'each'),
    ('enterprise', 'lost', 'postage', 1609430400, 0, 'each'),
    ('enterprise', 'damaged', 'usbkey', 1609430400, 0, 'each'),
    ('enterprise', 'damaged', 'postage', 1609430400, 0, 'each'),
    ('enterprise', 'unlock', 'service', 1609430400, 0, 'each'),
    ('enterprise', 'revoke', 'service', 1609430400, 0, 'each'),
    ('enterprise', 'change', 'service', 1609430400, 0, 'each');
