CREATE FUNCTION public.rotated_and_free(p_rotated varchar[], p_locked varchar[])
RETURNS varchar[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = on
AS $$
BEGIN
    IF cardinality(p_locked) = cardinality(p_rotated) THEN
        RETURN p_locked;
    END IF;

    RETURN ARRAY(
        WITH RECURSIVE rotated AS MATERIALIZED (
            SELECT
                candidate.token,
                candidate.parent_token,
                candidate.expires_at,
                locked.token IS NOT NULL AS is_locked
            FROM public.refresh_tokens AS candidate
            LEFT JOIN unnest(p_locked) AS locked (token) ON candidate.token = locked.token
            WHERE candidate.token = ANY (p_rotated)
        ),
        needed (token) AS (
            -- One that has expired is found by that.
            SELECT rotated.token
            FROM rotated
            WHERE NOT rotated.is_locked AND rotated.expires_at >= floor(extract(EPOCH FROM now()))::bigint
            UNION
            SELECT rotated.token
            FROM needed
            INNER JOIN rotated ON needed.token = rotated.parent_token
        )
        SELECT rotated.token
        FROM rotated
        WHERE rotated.is_locked AND rotated.token NOT IN (SELECT needed.token FROM needed)
    );
END
$$;

COMMENT ON FUNCTION public.rotated_and_free(varchar[], varchar[]) IS
    'Those of p_locked, which can be deleted, that are no descendants of others of p_rotated, which have to stay: a rotated token is found by its successor.';
