CREATE FUNCTION barycenter_jobs.delete_batch(
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
AS $$
DECLARE
    v_left text;
    v_count bigint;
BEGIN
    IF p_walk.kind = 'collected' THEN
        SELECT outcome.deleted, outcome.has_staying_rows, outcome.error_code, outcome.error_message
        INTO deleted, has_staying_rows, error_code, error_message
        FROM barycenter_jobs.delete_collected(p_job, p_walk, p_condition, p_next_place) AS outcome;
        v_left := format(
            '%1$s WHERE %2$s AND NOT EXISTS (SELECT FROM %3$s AS waiting WHERE waiting.row_id = %1$s.ctid)',
            p_job.target_table, p_condition, p_job.waiting
        );
    ELSE
        SELECT outcome.deleted, false, outcome.error_code, outcome.error_message
        INTO deleted, has_staying_rows, error_code, error_message
        FROM barycenter_jobs.delete_range(p_job.expired, p_condition) AS outcome;
        v_left := format('%s WHERE %s', p_job.expired, p_condition);
    END IF;

    IF p_walk.can_be_refused AND error_code IS NULL THEN
        EXECUTE format('SELECT count(*) FROM (SELECT FROM %s FOR UPDATE SKIP LOCKED) AS stayed', v_left) INTO v_count;
        IF v_count > 0 THEN
            error_code := 'JB009';
            error_message := format('a trigger or a rule on %s keeps them without an error', p_job.target_table);
        END IF;
    END IF;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.delete_batch(barycenter_jobs.job, barycenter_jobs.walk, text, text) IS
    'Deletes what is due until p_next_place, and looks whether a trigger or a rule has silently kept a row. Returns the rows deleted, whether collected rows stay, and the first error.';
