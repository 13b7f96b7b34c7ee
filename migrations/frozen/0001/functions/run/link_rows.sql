CREATE FUNCTION barycenter_jobs.link_rows(p_job barycenter_jobs.job, p_execution_id bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET work_mem = '64MB'
SET enable_hashjoin = on
SET enable_seqscan = on
AS $$
BEGIN
    EXECUTE format(
        'UPDATE barycenter_jobs.found SET after_row_id = due.after_row_id FROM %s AS due '
        'WHERE found.execution_id = $1 AND due.row_id = found.row_id AND due.after_row_id IS NOT NULL',
        p_job.expired
    )
    USING p_execution_id;
    PERFORM brin_summarize_new_values('barycenter_jobs.found_place_idx');
END
$$;

COMMENT ON FUNCTION barycenter_jobs.link_rows(barycenter_jobs.job, bigint) IS
    'Notes in found which row each collected row has to be deleted after. Only a run in which a row stays needs to know.';
