-- Few columns: Barycenter could not change a column that a view names. A subquery: it is evaluated once, not for each row.
CREATE OR REPLACE VIEW barycenter_jobs.expired_sessions AS
SELECT
    ctid AS row_id,
    session_id,
    expires_at
FROM sessions
WHERE expires_at < (SELECT floor(date_part('epoch', now()))::bigint);

COMMENT ON VIEW barycenter_jobs.expired_sessions IS 'What cleanup_expired_sessions deletes: sessions past expires_at.';

SELECT barycenter_jobs.create_job(
    'cleanup_expired_sessions',
    expired => 'barycenter_jobs.expired_sessions',
    schedule => '0 * * * *',
    description => 'Clean up expired user sessions',
    place => 1
);
