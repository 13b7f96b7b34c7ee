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
    v_last_place bigint;
    v_left text;
    v_count bigint;
BEGIN
    IF p_walk.kind = 'collected' THEN
        v_last_place := coalesce(p_next_place::bigint - 1, p_walk.last_place::bigint);
        SELECT outcome.deleted, outcome.has_staying_rows, outcome.error_code, outcome.error_message
        INTO deleted, has_staying_rows, error_code, error_message
        FROM barycenter_jobs.delete_collected(p_job, p_walk, v_last_place) AS outcome;
        v_left := format(
            'SELECT FROM %s AS target INNER JOIN barycenter_jobs.found'
            ' ON target.ctid = found.row_id AND target.xmin = found.row_version'
            ' WHERE found.execution_id = %s AND found.place BETWEEN %s AND %s AND NOT found.stays'
            ' FOR UPDATE OF target SKIP LOCKED',
            p_job.target_table, p_walk.execution_id, p_walk.next_place, v_last_place
        );
    ELSE
        SELECT outcome.deleted, false, outcome.error_code, outcome.error_message
        INTO deleted, has_staying_rows, error_code, error_message
        FROM barycenter_jobs.delete_range(p_job.expired, p_condition) AS outcome;
        v_left := format('SELECT FROM %s WHERE %s FOR UPDATE SKIP LOCKED', p_job.expired, p_condition);
    END IF;

    IF p_walk.can_be_refused AND error_code IS NULL THEN
        EXECUTE format('SELECT count(*) FROM (%s) AS stayed', v_left) INTO v_count;
        IF v_count > 0 THEN
            error_code := 'JB009';
            error_message := format('a trigger or a rule on %s keeps them without an error', p_job.target_table);
        END IF;
    END IF;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.delete_batch(barycenter_jobs.job, barycenter_jobs.walk, text, text) IS
    'Deletes what is due until p_next_place, and looks whether a trigger or a rule has silently kept a row. Returns the rows deleted, whether collected rows stay, and the first error.';
