CREATE FUNCTION public.cleanup_expired_refresh_tokens(
    p_first_key bigint,
    p_last_key bigint,
    p_limit integer,
    OUT deleted bigint,
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- One look-up by primary key for each token; a join of any other kind reads the whole table for each batch.
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    v_now bigint := floor(extract(EPOCH FROM now()));
    v_expired record;
BEGIN
    -- Rotated tokens first: it is their successors that tell which they are.
    SELECT *
    INTO deleted, error_code, error_message
    FROM public.delete_rotated_refresh_tokens(p_first_key, p_last_key, p_limit);
    IF p_first_key >= v_now THEN
        RETURN;
    END IF;

    SELECT *
    INTO v_expired
    FROM public.delete_expired(
        'public.unneeded_refresh_tokens'::regclass, 'token'::name, p_first_key, least(p_last_key, v_now - 1), p_limit
    );
    deleted := deleted + v_expired.deleted;
    error_code := coalesce(error_code, v_expired.error_code);
    error_message := coalesce(error_message, v_expired.error_message);
END
$$;

COMMENT ON FUNCTION public.cleanup_expired_refresh_tokens(bigint, bigint, integer) IS
    'Deletes refresh tokens past their expiration time, with expires_at from p_first_key to p_last_key (Unix epoch seconds), and the rotated ones whose successor lies in that range and is older than the job''s grace_period. One batch; CALL run_job(''cleanup_expired_refresh_tokens'') does them all.';
