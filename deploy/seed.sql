-- Life-like rows for the four identity tables, :rows each, half of them expired. Run it with
-- psql -v rows=200000 -f deploy/seed.sql. Names are random, so it can be run again.
\set ON_ERROR_STOP on
BEGIN;

-- One after the other, as they were issued: rows that expire together lie together. The first half has expired,
-- over the last 30 days up to a minute ago; the second half will, from an hour to 30 days ahead.
CREATE TEMPORARY TABLE seed ON COMMIT DROP AS
SELECT
    n,
    n <= :rows / 2 AS expired,
    extract(EPOCH FROM now())::bigint AS epoch,
    gen_random_uuid()::text AS id,
    'user-' || (random() * 10000)::integer AS subject,
    'client-' || (random() * 20)::integer AS client,
    CASE
        WHEN n <= :rows / 2 THEN (-60 - 2592000 * (1 - 2.0 * n / :rows))::bigint
        ELSE (3600 + 2588400 * (2.0 * n / :rows - 1))::bigint
    END AS ends_in -- seconds from now
FROM generate_series(1, :rows) AS n;

-- They live for 30 days.
INSERT INTO sessions (session_id, subject, auth_time, created_at, expires_at, user_agent, ip_address, amr, acr)
SELECT
    id, subject, epoch + ends_in - 2592000, epoch + ends_in - 2592000, epoch + ends_in,
    'Mozilla/5.0 (X11; Linux x86_64)', '192.0.2.' || n % 256, 'pwd', '1'
FROM seed
ORDER BY n;

-- They live for 30 days, too. Of the live ones every fourth has been rotated by the next, an hour ago: within its grace.
INSERT INTO refresh_tokens (token, client_id, subject, scope, created_at, expires_at, revoked, parent_token)
SELECT
    id, client, subject, 'openid offline_access',
    CASE WHEN NOT expired AND n % 4 = 2 THEN epoch - 3600 ELSE epoch + ends_in - 2592000 END,
    epoch + ends_in,
    CASE WHEN NOT expired AND n % 4 = 1 THEN 1 ELSE 0 END,
    CASE WHEN NOT expired AND n % 4 = 2 THEN lag(id) OVER (ORDER BY n) END
FROM seed
ORDER BY n;

-- Issued for 5 minutes, the live ones within the last five seconds.
INSERT INTO webauthn_challenges (challenge, subject, challenge_type, created_at, expires_at, options_json)
SELECT
    id, subject, CASE n % 3 WHEN 0 THEN 'registration' ELSE 'authentication' END,
    CASE WHEN expired THEN epoch + ends_in - 300 ELSE epoch - 5 + ends_in / 600000 END,
    CASE WHEN expired THEN epoch + ends_in ELSE epoch + 295 + ends_in / 600000 END,
    '{"challenge": "' || id || '", "timeout": 300000, "userVerification": "preferred"}'
FROM seed
ORDER BY n;

-- Issued for 30 minutes, the live ones within the last five seconds.
INSERT INTO device_codes (device_code, user_code, client_id, scope, created_at, expires_at, status)
SELECT
    id, upper(left(md5(id), 8)), client, 'openid',
    CASE WHEN expired THEN epoch + ends_in - 1800 ELSE epoch - 5 + ends_in / 600000 END,
    CASE WHEN expired THEN epoch + ends_in ELSE epoch + 1795 + ends_in / 600000 END,
    CASE WHEN expired THEN 'expired' ELSE 'pending' END
FROM seed
ORDER BY n;

COMMIT;
