CREATE FUNCTION barycenter_jobs.delete_collected(
    p_job barycenter_jobs.job,
    p_walk barycenter_jobs.walk,
    p_condition text,
    p_next_place text,
    OUT deleted bigint,
    OUT has_staying_rows boolean,
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1ms' -- see delete_range
AS $$
DECLARE
    v_row_id tid;
    v_outcome record;
BEGIN
    has_staying_rows := p_walk.has_staying_rows;
    IF NOT has_staying_rows THEN
        BEGIN
            EXECUTE format('DELETE FROM %s WHERE %s', p_job.target_table, p_condition);
            GET DIAGNOSTICS deleted = ROW_COUNT;
            RETURN;
        EXCEPTION
            WHEN assert_failure OR OTHERS THEN
                NULL; -- a row is held or refused: the loop finds out which
        END;
    END IF;

    deleted := 0;
    FOR v_row_id IN
        SELECT unnest(row_ids)
        FROM barycenter_jobs.found
        WHERE
            execution_id = p_walk.execution_id
            AND place >= p_walk.next_place::bigint
            AND place < coalesce(p_next_place, p_walk.last_place)::bigint
        ORDER BY place
    LOOP
        SELECT *
        INTO v_outcome
        FROM barycenter_jobs.delete_row(
            p_job.target_table::regclass,
            format(
                'ctid = %1$L AND age(xmin) > %2$s AND NOT EXISTS (SELECT FROM %3$s WHERE row_id = %1$L)',
                v_row_id, age(p_walk.started_by), p_job.waiting
            )
        );
        deleted := deleted + v_outcome.deleted;
        has_staying_rows := has_staying_rows OR v_outcome.is_refused;
        error_code := coalesce(error_code, v_outcome.error_code);
        error_message := coalesce(error_message, v_outcome.error_message);
    END LOOP;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.delete_collected(barycenter_jobs.job, barycenter_jobs.walk, text, text) IS
    'Deletes the collected rows from the walk''s next place to p_next_place, which meet p_condition: all at once, or, once one was refused or held, one by one without those that have to wait for it. Returns the rows deleted, whether any stay, and the first error.';
