-- Using a refresh token rotates it: it is revoked and gets a successor. It goes once the successor is as old as the job's
-- retention, so that token reuse can still be detected until then. Only the successor tells this age. So a token
-- is not shown while its own parent still has to wait for it, and is deleted after its parent.
CREATE OR REPLACE VIEW barycenter_jobs.expired_refresh_tokens AS
SELECT
    due.row_id,
    due.created_at AS deletion_order,
    due.token,
    due.expires_at
FROM (
    SELECT ctid AS row_id, token, parent_token, created_at, expires_at
    FROM refresh_tokens
    WHERE expires_at < floor(date_part('epoch', now()))::bigint
    UNION ALL
    SELECT ctid, token, parent_token, created_at, expires_at
    FROM refresh_tokens
    WHERE
        expires_at >= floor(date_part('epoch', now()))::bigint
        AND revoked <> 0
        AND token IN (
            SELECT successor.parent_token
            FROM refresh_tokens AS successor
            WHERE
                successor.created_at < (
                    SELECT floor(date_part('epoch', now()) - date_part('epoch', retention))::bigint
                    FROM barycenter_jobs.job
                    WHERE name = 'cleanup_expired_refresh_tokens'
                )
        )
) AS due
WHERE
    due.created_at < (
        SELECT floor(date_part('epoch', now()) - date_part('epoch', retention))::bigint
        FROM barycenter_jobs.job
        WHERE name = 'cleanup_expired_refresh_tokens'
    )
    OR NOT EXISTS (
        SELECT
        FROM refresh_tokens AS parent
        WHERE
            due.parent_token = parent.token
            AND due.token <> parent.token
            AND parent.revoked <> 0
            AND parent.expires_at >= floor(date_part('epoch', now()))::bigint
    );

COMMENT ON VIEW barycenter_jobs.expired_refresh_tokens IS
    'What cleanup_expired_refresh_tokens deletes: refresh tokens past expires_at, and rotated ones whose successor is older than the job''s retention.';

-- Older, so that tokens that name each other do not wait for each other.
CREATE OR REPLACE VIEW barycenter_jobs.waiting_refresh_tokens AS
SELECT token.ctid AS row_id
FROM refresh_tokens AS token
INNER JOIN refresh_tokens AS parent
    ON
        token.parent_token = parent.token
        AND token.token <> parent.token
        AND token.created_at >= parent.created_at
WHERE parent.revoked <> 0 AND parent.expires_at >= floor(date_part('epoch', now()))::bigint;

COMMENT ON VIEW barycenter_jobs.waiting_refresh_tokens IS
    'Refresh tokens whose parent is there and can only be recognized as rotated by them, so that it has to be deleted first.';

SELECT barycenter_jobs.create_job(
    'cleanup_expired_refresh_tokens',
    expired => 'barycenter_jobs.expired_refresh_tokens',
    schedule => '30 * * * *',
    description => 'Clean up expired refresh tokens',
    retention => '24 hours',
    waiting => 'barycenter_jobs.waiting_refresh_tokens',
    place => 2
);
