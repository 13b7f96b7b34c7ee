CREATE FUNCTION barycenter_jobs.collect_rows(p_job barycenter_jobs.job, p_execution_id bigint)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET work_mem = '64MB' -- one sort and one hash join over what is due, instead of files on disk
AS $$
DECLARE
    v_count bigint;
BEGIN
    EXECUTE format(
        'INSERT INTO barycenter_jobs.found (execution_id, place, row_ids) '
        'SELECT $1, due.n / 100, array_agg(due.row_id) '
        'FROM (SELECT row_id, row_number() OVER (ORDER BY deletion_order) - 1 AS n FROM %s) AS due GROUP BY due.n / 100',
        p_job.expired
    )
    USING p_execution_id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.collect_rows(barycenter_jobs.job, bigint) IS
    'Notes all rows of the job''s view in found, in the order in which they are to be deleted. Returns how many places they take.';
