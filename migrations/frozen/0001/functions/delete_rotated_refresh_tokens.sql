-- Barycenter has no index by which to go from a token to its successor, but the primary key leads back:
-- so it is the successors that are walked, and each names the token that it replaced.
CREATE FUNCTION public.delete_rotated_refresh_tokens(
    p_first_key bigint,
    p_last_key bigint,
    p_limit integer
)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    v_issued_before bigint;
    v_rotated varchar[];
    v_locked varchar[];
    v_deleted bigint;
BEGIN
    SELECT floor(extract(EPOCH FROM now()) - extract(EPOCH FROM grace_period))
    INTO v_issued_before
    FROM public.job
    WHERE name = 'cleanup_expired_refresh_tokens';

    -- All ancestors at once: a token that goes takes with it the knowledge of whom it had replaced.
    WITH RECURSIVE rotated (token, parent_token, created_at) AS (
        (
            SELECT DISTINCT
                parent.token,
                parent.parent_token,
                parent.created_at
            FROM public.refresh_tokens AS successor
            INNER JOIN public.refresh_tokens AS parent ON successor.parent_token = parent.token
            WHERE
                successor.expires_at BETWEEN p_first_key AND p_last_key
                AND successor.created_at < v_issued_before
                AND parent.revoked <> 0
            LIMIT p_limit
        )
        UNION
        SELECT
            parent.token,
            parent.parent_token,
            parent.created_at
        FROM rotated
        INNER JOIN public.refresh_tokens AS parent ON rotated.parent_token = parent.token
        WHERE
            rotated.created_at < v_issued_before
            AND parent.revoked <> 0
    )
    SELECT array_agg(token) INTO v_rotated FROM rotated;

    v_locked := ARRAY(
        SELECT token
        FROM public.refresh_tokens
        WHERE token = ANY (v_rotated) AND revoked <> 0
        FOR UPDATE SKIP LOCKED
    );

    -- Where somebody holds one of them, only the oldest of each chain go: the others still tell of theirs.
    DELETE FROM public.refresh_tokens
    WHERE
        token = ANY (v_locked)
        AND (
            cardinality(v_locked) = cardinality(v_rotated)
            OR parent_token IS NULL
            OR parent_token <> ALL (v_rotated)
        );
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END
$$;

COMMENT ON FUNCTION public.delete_rotated_refresh_tokens(bigint, bigint, integer) IS
    'Deletes rotated refresh tokens past the job''s grace_period, found by their successors with expires_at from p_first_key to p_last_key; p_limit at most, and their ancestors. Returns the rows deleted.';
