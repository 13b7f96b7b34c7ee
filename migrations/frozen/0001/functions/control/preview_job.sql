CREATE FUNCTION barycenter_jobs.preview_job(name text, OUT records bigint, OUT oldest timestamptz)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off -- see run_batch
SET jit = off
SET TimeZone = 'UTC'
AS $$
#variable_conflict use_column
DECLARE
    v_job barycenter_jobs.job := barycenter_jobs.find_job(preview_job.name);
    v_oldest text := 'NULL';
BEGIN
    -- A challenge or a token may go before its expires_at, and none may be too far off for a timestamp.
    SELECT CASE
        WHEN atttypid IN ('bigint'::regtype, 'integer'::regtype)
            -- As a number of seconds it would be past the year 5000, so it is one of milliseconds.
            THEN 'to_timestamp(greatest(0, least(extract(EPOCH FROM now()), '
                'min(expires_at) / CASE WHEN min(expires_at) > 100000000000 THEN 1000 ELSE 1 END)))'
        WHEN atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) THEN 'min(expires_at)'
        ELSE 'NULL'
    END
    INTO v_oldest
    FROM pg_attribute
    WHERE attrelid = v_job.expired AND attname = 'expires_at';

    EXECUTE format('SELECT count(*), %s FROM %s', coalesce(v_oldest, 'NULL'), v_job.expired) INTO records, oldest;
    IF records = 0 THEN
        oldest := NULL;
    END IF;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.preview_job(text) IS
    'What a run would delete now, without deleting it: how many rows, and the earliest expires_at among them (null: none, or the view has no such column of a time type or in epoch seconds or milliseconds). It counts, which takes as long as reading the table may. Error: JB001 unknown job.';
