CREATE VIEW public.oldest_rotated_refresh_tokens AS
SELECT token
FROM public.refresh_tokens
WHERE
    revoked <> 0
    AND NOT EXISTS (
        SELECT FROM public.refresh_tokens AS parent
        WHERE parent.token = refresh_tokens.parent_token AND parent.revoked <> 0
    );

COMMENT ON VIEW public.oldest_rotated_refresh_tokens IS
    'Revoked refresh tokens whose own parent is not a revoked token that is still there.';
