CREATE FUNCTION barycenter_jobs.drop_partitions(p_job barycenter_jobs.job, p_execution_id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '20ms' -- who waits for a lock makes all wait that come after: a login waits no longer than this
AS $$
DECLARE
    v_partition regclass;
    v_dropped text[] := ARRAY[]::text[];
BEGIN
    FOR v_attempt IN 1..20 LOOP
        BEGIN
            FOR v_partition IN EXECUTE format('SELECT partition FROM %s', p_job.expired_partitions) LOOP
                v_dropped := v_dropped || v_partition::text;
                EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', p_job.target_table, v_partition);
                EXECUTE format('DROP TABLE %s', v_partition);
            END LOOP;
            EXIT;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN
                v_dropped := ARRAY[]::text[];
                PERFORM pg_sleep(0.05);
            WHEN OTHERS THEN
                RAISE WARNING 'Partition % could not be dropped: % Its rows are deleted instead.', v_partition, SQLERRM;
                v_dropped := ARRAY[]::text[];
                EXIT;
        END;
    END LOOP;
    UPDATE public.job_execution SET dropped_partitions = v_dropped WHERE id = p_execution_id;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.drop_partitions(barycenter_jobs.job, bigint) IS
    'Detaches and drops the partitions in the job''s view expired_partitions, and notes them in the run''s row. Where logins leave no gap for the lock, or PostgreSQL refuses, none: then the run deletes their rows as all others.';
