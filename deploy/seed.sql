-- Life-like rows for the four identity tables, :rows each, every other one expired. Run it with
-- psql -v rows=200000 -f deploy/seed.sql. Names are random, so it can be run again.
\set ON_ERROR_STOP on
BEGIN;

CREATE TEMPORARY TABLE seed ON COMMIT DROP AS
SELECT
    n,
    n % 2 = 0 AS expired,
    extract(EPOCH FROM now())::bigint AS epoch,
    gen_random_uuid()::text AS id,
    'user-' || (random() * 10000)::integer AS subject,
    'client-' || (random() * 20)::integer AS client,
    -- How far the row's end lies away, seconds: up to 30 days behind, or from an hour to 30 days ahead.
    CASE WHEN n % 2 = 0 THEN -60 - (random() * 2592000)::bigint ELSE 3600 + (random() * 2592000)::bigint END AS ends_in
FROM generate_series(1, :rows) AS n;

INSERT INTO sessions (session_id, subject, auth_time, created_at, expires_at, user_agent, ip_address, amr, acr)
SELECT
    id, subject, epoch + ends_in - 2595600, epoch + ends_in - 2595600, epoch + ends_in,
    'Mozilla/5.0 (X11; Linux x86_64)', '192.0.2.' || n % 256, 'pwd', '1'
FROM seed;

-- Every fourth live token has been rotated an hour ago: within the grace period.
INSERT INTO refresh_tokens (token, client_id, subject, scope, created_at, expires_at, revoked, parent_token)
SELECT
    id, client, subject, 'openid offline_access',
    CASE WHEN n % 8 = 5 THEN epoch - 3600 ELSE least(epoch - 7200, epoch + ends_in - 2595600) END,
    epoch + ends_in,
    CASE WHEN n % 8 = 3 THEN 1 ELSE 0 END,
    CASE WHEN n % 8 = 5 THEN lag(id, 2) OVER (ORDER BY n) END
FROM seed;

-- Issued for 5 minutes: the live ones, a moment ago.
INSERT INTO webauthn_challenges (challenge, subject, challenge_type, created_at, expires_at, options_json)
SELECT
    id, subject, CASE n % 3 WHEN 0 THEN 'registration' ELSE 'authentication' END,
    CASE WHEN expired THEN epoch + ends_in - 300 ELSE epoch END,
    CASE WHEN expired THEN epoch + ends_in ELSE epoch + 300 END,
    '{"challenge": "' || id || '", "timeout": 300000, "userVerification": "preferred"}'
FROM seed;

-- Issued for 30 minutes: the live ones, a moment ago.
INSERT INTO device_codes (device_code, user_code, client_id, scope, created_at, expires_at, status, subject)
SELECT
    id, upper(left(md5(id), 8)), client, 'openid',
    CASE WHEN expired THEN epoch + ends_in - 1800 ELSE epoch END,
    CASE WHEN expired THEN epoch + ends_in ELSE epoch + 1800 END,
    CASE WHEN expired THEN 'expired' ELSE 'pending' END, NULL
FROM seed;

COMMIT;
