CREATE FUNCTION barycenter_jobs.lock_target(p_view regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s' -- nobody waits for the batch meanwhile: it holds nothing yet
AS $$
BEGIN
    EXECUTE format('LOCK TABLE %s IN ROW EXCLUSIVE MODE', p_view);
EXCEPTION
    WHEN lock_not_available THEN
        RAISE EXCEPTION 'The table under % is locked by another session, as CREATE INDEX locks it', p_view
        USING ERRCODE = 'lock_not_available';
END
$$;

COMMENT ON FUNCTION barycenter_jobs.lock_target(regclass) IS
    'Takes the lock on the view''s table that every DELETE needs. Error: 55P03 not to be had within 5 seconds.';
