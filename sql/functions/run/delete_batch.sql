CREATE FUNCTION barycenter_jobs.delete_batch(
    p_job barycenter_jobs.job,
    p_walk barycenter_jobs.walk,
    p_condition text,
    p_first_key text,
    p_before_key text,
    OUT deleted bigint,
    OUT is_waiting boolean,
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_staying tid[];
    v_left text;
    v_count bigint;
BEGIN
    IF p_job.finder IS NULL THEN
        SELECT outcome.deleted, false, outcome.error_code, outcome.error_message
        INTO deleted, is_waiting, error_code, error_message
        FROM barycenter_jobs.delete_range(p_job.expired, p_condition) AS outcome;
        v_left := format('SELECT FROM %s WHERE %s', p_job.expired, p_condition);
    ELSE
        SELECT outcome.deleted, outcome.is_waiting, outcome.staying, outcome.error_code, outcome.error_message
        INTO deleted, is_waiting, v_staying, error_code, error_message
        FROM barycenter_jobs.delete_found(p_job, p_first_key, p_before_key) AS outcome;
        v_left := format(
            'SELECT FROM %s WHERE ctid = ANY (ARRAY(SELECT row_id FROM barycenter_jobs.%I(%L, %L, %L) WHERE NOT waits))',
            p_job.target_table, p_job.finder, p_first_key, p_before_key, v_staying
        );
    END IF;

    IF p_walk.can_be_refused AND error_code IS NULL THEN
        EXECUTE format('SELECT count(*) FROM (%s FOR UPDATE SKIP LOCKED) AS stayed', v_left) INTO v_count;
        IF v_count > 0 THEN
            error_code := 'JB009';
            error_message := format('a trigger or a rule on %s keeps them without an error', p_job.target_table);
        END IF;
    END IF;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.delete_batch(barycenter_jobs.job, barycenter_jobs.walk, text, text, text) IS
    'Deletes what is due in a part of the table, the whole for nulls, and looks whether a trigger or a rule has silently kept a row. Returns the rows deleted, whether some must wait for others, and the first error.';
