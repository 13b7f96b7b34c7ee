CREATE FUNCTION barycenter_jobs.drop_partition(
    p_job barycenter_jobs.job,
    p_execution public.job_execution,
    p_walk barycenter_jobs.walk
)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '20ms' -- everybody who comes after waits behind a lock that is waited for
AS $$
DECLARE
    v_partition regclass := barycenter_jobs.next_partition(p_job, p_walk);
BEGIN
    IF v_partition IS NULL THEN
        RETURN false;
    END IF;
    UPDATE barycenter_jobs.walk SET next_place = v_partition::oid::text WHERE execution_id = p_execution.id;

    FOR v_attempt IN 1..20 LOOP
        BEGIN
            UPDATE public.job_execution -- first: a cancel that is held open must not keep logins waiting
            SET dropped_partitions = dropped_partitions || v_partition::text
            WHERE id = p_execution.id AND completed_at IS NULL;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'Execution % was cancelled', p_execution.id USING ERRCODE = 'JB007';
            END IF;
            EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', p_job.target_table, v_partition);
            EXECUTE format('DROP TABLE %s', v_partition);
            RETURN true;
        EXCEPTION
            WHEN SQLSTATE 'JB007' THEN
                RAISE;
            WHEN lock_not_available OR deadlock_detected THEN
                PERFORM pg_sleep(0.05);
            WHEN OTHERS THEN
                -- Not a WARNING: a client that is gone would end the run.
                RAISE LOG 'Partition % is not dropped, and its rows are deleted: %', v_partition, SQLERRM;
                RETURN true;
        END;
    END LOOP;
    RETURN true;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.drop_partition(barycenter_jobs.job, public.job_execution, barycenter_jobs.walk) IS
    'Detaches and drops the next partition that can go as a whole, and notes it in the run''s row. Where logins leave no gap for the lock, or PostgreSQL refuses, it stays, and the run deletes its rows as all others. True: one was tried; false: there is no other. Error: JB007 the run was cancelled meanwhile.';
