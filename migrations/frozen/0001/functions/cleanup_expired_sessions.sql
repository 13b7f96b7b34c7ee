CREATE FUNCTION public.cleanup_expired_sessions(
    p_first_key bigint,
    p_last_key bigint,
    p_limit integer,
    OUT deleted bigint,
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT *
    INTO deleted, error_code, error_message
    FROM public.delete_expired('public.expired_sessions'::regclass, 'session_id'::name, p_first_key, p_last_key, p_limit);
END
$$;

COMMENT ON FUNCTION public.cleanup_expired_sessions(bigint, bigint, integer) IS
    'Deletes user sessions past their expiration time with expires_at from p_first_key to p_last_key (Unix epoch seconds). One batch; CALL run_job(''cleanup_expired_sessions'') does them all.';
