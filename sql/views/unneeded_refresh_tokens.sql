-- A rotated token is found by its successor. Where it cannot go yet (somebody holds it locked), its successor waits,
-- until the rotated one has expired and is found by that.
CREATE VIEW public.unneeded_refresh_tokens AS
SELECT
    token,
    expires_at
FROM public.refresh_tokens
WHERE
    expires_at < floor(extract(EPOCH FROM now()))::bigint
    AND NOT EXISTS (
        SELECT FROM public.refresh_tokens AS parent
        WHERE
            parent.token = refresh_tokens.parent_token
            AND parent.revoked <> 0
            AND parent.expires_at >= floor(extract(EPOCH FROM now()))::bigint
            AND refresh_tokens.created_at < (
                SELECT floor(extract(EPOCH FROM now()) - extract(EPOCH FROM job.grace_period))::bigint
                FROM public.job
                WHERE job.name = 'cleanup_expired_refresh_tokens'
            )
    );

COMMENT ON VIEW public.unneeded_refresh_tokens IS
    'Refresh tokens past expires_at, but for those by which a rotated token that has to go first is found.';
