CREATE FUNCTION public.preview_job(p_job_name text, OUT records bigint, OUT oldest timestamptz)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    v_job public.job := public.find_job(p_job_name);
    v_now bigint := floor(extract(EPOCH FROM now()));
BEGIN
    -- A challenge or a token may go before its expires_at; and none may be too far off for a timestamp.
    EXECUTE format(
        'SELECT count(*), to_timestamp(greatest(0, least($1, min(expires_at)))) FROM public.%I', v_job.expired
    )
    INTO records, oldest
    USING v_now;
    IF records = 0 THEN
        oldest := NULL;
    END IF;
END
$$;

COMMENT ON FUNCTION public.preview_job(text) IS
    'What a run would delete now, without deleting it: how many rows, and the earliest expires_at among them, null if there is none. It counts, which takes as long as reading the table may. Error: JB001 unknown job.';
