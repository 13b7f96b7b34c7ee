-- Few columns: Barycenter could not change a column that a view names. A subquery: it is evaluated once, not for each row.
CREATE OR REPLACE VIEW barycenter_jobs.expired_challenges AS
SELECT
    ctid AS row_id,
    challenge,
    created_at,
    expires_at
FROM webauthn_challenges
WHERE
    expires_at < (SELECT floor(date_part('epoch', now()))::bigint)
    OR created_at < (
        SELECT floor(date_part('epoch', now()) - date_part('epoch', job.retention))::bigint
        FROM barycenter_jobs.job
        WHERE job.name = 'cleanup_expired_challenges'
    );

COMMENT ON VIEW barycenter_jobs.expired_challenges IS
    'What cleanup_expired_challenges deletes: WebAuthn challenges older than the job''s retention, or past expires_at.';

SELECT barycenter_jobs.create_job(
    'cleanup_expired_challenges',
    expired => 'barycenter_jobs.expired_challenges',
    schedule => '*/5 * * * *',
    description => 'Clean up expired WebAuthn challenges',
    retention => '5 minutes',
    place => 3
);
