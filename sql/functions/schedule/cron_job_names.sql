CREATE FUNCTION barycenter_jobs.cron_job_names(p_job_name text)
RETURNS text[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_long text := format('%s@%s', p_job_name, current_database());
BEGIN
    RETURN ARRAY[
        p_job_name,
        -- Until pg_cron 1.5 jobname is a name, which is cut off in silence after 63 bytes.
        CASE
            WHEN octet_length(v_long) <= 63 THEN v_long
            ELSE format('%s@%s', left(p_job_name, 54), left(md5(v_long), 8))
        END
    ];
END
$$;

COMMENT ON FUNCTION barycenter_jobs.cron_job_names(text) IS
    'The names that a job''s entry in cron.job may have, best first: the job''s own, or, where another database of the same owner has taken that, one with this database in it.';
