CREATE FUNCTION public.next_batch(
    p_job public.job,
    p_execution public.job_execution,
    OUT first_key bigint,
    OUT last_key bigint,
    OUT next_key bigint
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c_first_bigint CONSTANT bigint := -9223372036854775808;
    c_last_bigint CONSTANT bigint := 9223372036854775807;
    v_end bigint := c_last_bigint;
BEGIN
    -- What expires while the run is going is left to the next one, or the run might never end.
    IF NOT p_job.looks_ahead THEN
        v_end := floor(extract(EPOCH FROM p_execution.started_at)) - 1;
    END IF;

    first_key := coalesce(p_execution.next_key, c_first_bigint);
    EXECUTE format(
        'SELECT expires_at FROM public.%I WHERE expires_at BETWEEN $1 AND $2 ORDER BY expires_at OFFSET $3 LIMIT 1',
        p_job.target
    )
    INTO next_key
    USING first_key, v_end, p_job.batch_size;

    IF next_key IS NULL THEN
        last_key := v_end;
    ELSIF next_key > first_key THEN
        last_key := next_key - 1;
    ELSE
        -- More rows share this key than a batch may hold.
        last_key := first_key;
        next_key := CASE WHEN first_key < v_end THEN first_key + 1 END;
    END IF;
END
$$;

COMMENT ON FUNCTION public.next_batch(public.job, public.job_execution) IS
    'The range of expires_at that the run''s next batch looks at: batch_size rows of the job''s target at most, or one key that more rows share. next_key is where the batch after it begins, null if there is none.';
