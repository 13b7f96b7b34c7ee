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
SET lock_timeout = '100ms'
AS $$
DECLARE
    v_issued_before bigint;
    v_rotated varchar[];
    v_locked varchar[];
    v_refused varchar[] := ARRAY[]::varchar[];
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
                    AND parent.token <> ALL (v_refused)
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
            WHERE token = ANY (v_rotated) AND token <> ALL (v_refused) AND revoked <> 0
            FOR UPDATE SKIP LOCKED
        );
        EXIT WHEN v_locked = '{}';

        IF v_refused = '{}' AND cardinality(v_locked) = cardinality(v_rotated) THEN
            BEGIN
                DELETE FROM public.refresh_tokens WHERE token = ANY (v_locked);
                GET DIAGNOSTICS deleted = ROW_COUNT;
                RETURN;
            EXCEPTION
                WHEN assert_failure OR OTHERS THEN
                    NULL; -- one of them objects
            END;
        END IF;

        -- Where one of them has to stay, they go from the oldest on: its descendants are still needed to find it.
        SELECT *
        INTO v_rows
        FROM public.delete_rows('public.oldest_rotated_refresh_tokens', 'token', v_locked);
        deleted := deleted + v_rows.deleted;
        error_code := coalesce(error_code, v_rows.error_code);
        error_message := coalesce(error_message, v_rows.error_message);
        v_refused := v_refused || v_rows.refused::varchar[];
        EXIT WHEN v_rows.deleted = 0 AND v_rows.refused = '{}';
    END LOOP;
END
$$;

COMMENT ON FUNCTION public.delete_rotated_refresh_tokens(bigint, bigint, integer) IS
    'Deletes rotated refresh tokens past the job''s grace_period, found by their successors with expires_at from p_first_key to p_last_key; p_limit at a time, and their ancestors. Those that cannot go stay, and what they are found by. Returns the rows deleted, and the first objection.';
