CREATE FUNCTION barycenter_jobs.collect_rows(p_job barycenter_jobs.job, p_execution_id bigint)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET work_mem = '64MB' -- one sort and one hash join over what is due, instead of files on disk
AS $$
DECLARE
    v_count bigint;
BEGIN
    DELETE FROM barycenter_jobs.found -- of runs that were lost
    WHERE execution_id NOT IN (SELECT id FROM public.job_execution WHERE completed_at IS NULL);
    EXECUTE format(
        'INSERT INTO barycenter_jobs.found (execution_id, place, row_id, row_version) '
        'SELECT $1, row_number() OVER (ORDER BY deletion_order), row_id, row_version FROM %s',
        p_job.expired
    )
    USING p_execution_id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM brin_summarize_new_values('barycenter_jobs.found_place_idx');
    RETURN v_count;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.collect_rows(barycenter_jobs.job, bigint) IS
    'Notes all rows of the job''s view in found, in the order in which they are to be deleted. Returns how many.';
