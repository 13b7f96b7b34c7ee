-- A rotated token is kept for a while: as long as it is there, a replay of it is seen for what it is.
CREATE VIEW public.expired_refresh_tokens AS
SELECT
    token,
    expires_at
FROM public.refresh_tokens
WHERE
    expires_at < floor(extract(EPOCH FROM now()))::bigint
    OR (
        revoked <> 0
        AND EXISTS (
            SELECT FROM public.refresh_tokens AS successor
            WHERE
                successor.parent_token = refresh_tokens.token
                AND successor.created_at < (
                    SELECT floor(extract(EPOCH FROM now()) - extract(EPOCH FROM job.grace_period))::bigint
                    FROM public.job
                    WHERE job.name = 'cleanup_expired_refresh_tokens'
                )
        )
    );

COMMENT ON VIEW public.expired_refresh_tokens IS
    'What cleanup_expired_refresh_tokens deletes: refresh tokens past expires_at, and rotated ones (revoked, with a successor) once the successor is older than the job''s grace_period.';
