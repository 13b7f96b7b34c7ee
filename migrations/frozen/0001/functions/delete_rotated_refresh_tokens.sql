-- Barycenter has no index by which to go from a token to its successor, but the primary key leads back:
-- so it is the successors that are walked, and each names the token that it replaced.
CREATE FUNCTION public.delete_rotated_refresh_tokens(
    p_first_key bigint,
    p_last_key bigint,
    p_limit integer,
    OUT deleted bigint,
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1ms' -- see delete_expired
AS $$
DECLARE
    v_issued_before bigint;
    v_rotated varchar[];
    v_locked varchar[];
    v_free varchar[];
    v_staying varchar[] := ARRAY[]::varchar[];
    v_rows record;
BEGIN
    SELECT floor(extract(EPOCH FROM now()) - extract(EPOCH FROM grace_period))
    INTO v_issued_before
    FROM public.job
    WHERE name = 'cleanup_expired_refresh_tokens';

    deleted := 0;
    LOOP
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
                    AND parent.token <> ALL (v_staying)
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
        SELECT coalesce(array_agg(token), '{}') INTO v_rotated FROM rotated;

        v_locked := ARRAY(
            SELECT token
            FROM public.refresh_tokens
            WHERE token = ANY (v_rotated) AND token <> ALL (v_staying) AND revoked <> 0
            FOR UPDATE SKIP LOCKED
        );

        -- Where one objects, all is undone, and done again without it and those by which it is found.
        LOOP
            v_free := public.rotated_and_free(v_rotated, v_locked);
            BEGIN
                SELECT *
                INTO v_rows
                FROM public.delete_rows('public.refresh_tokens'::regclass, 'token'::name, v_free::text[]);
                IF v_rows.refused <> '{}' THEN
                    RAISE EXCEPTION USING ERRCODE = 'JB013';
                END IF;
                EXIT;
            EXCEPTION
                WHEN SQLSTATE 'JB013' THEN
                    error_code := coalesce(error_code, v_rows.error_code);
                    error_message := coalesce(error_message, v_rows.error_message);
                    v_locked := ARRAY(SELECT unnest(v_locked) EXCEPT SELECT unnest(v_rows.refused));
            END;
        END LOOP;
        deleted := deleted + v_rows.deleted;

        -- Those that stay are not to hide others.
        EXIT WHEN deleted >= p_limit OR cardinality(v_free) = cardinality(v_rotated);
        v_staying := v_staying || ARRAY(SELECT unnest(v_rotated) EXCEPT SELECT unnest(v_free));
    END LOOP;
END
$$;

COMMENT ON FUNCTION public.delete_rotated_refresh_tokens(bigint, bigint, integer) IS
    'Deletes rotated refresh tokens past the job''s grace_period, found by their successors with expires_at from p_first_key to p_last_key; p_limit at a time, and their ancestors. Those that cannot go stay, and what they are found by. Returns the rows deleted, and the first objection.';
