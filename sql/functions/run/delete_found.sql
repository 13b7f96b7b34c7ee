-- A found row must not go while one that is found by it has to stay. So if any row cannot go, the batch is undone and
-- done again without it, and the finder leaves out what must wait for it.
CREATE FUNCTION barycenter_jobs.delete_found(
    p_job barycenter_jobs.job,
    p_first_key text,
    p_before_key text,
    OUT deleted bigint,
    OUT is_waiting boolean,
    OUT staying tid[],
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1ms' -- see delete_range
AS $$
DECLARE
    v_found text;
    v_row record;
    v_outcome record;
    v_refused tid[];
BEGIN
    staying := ARRAY[]::tid[];
    LOOP
        v_found := format('barycenter_jobs.%I(%L, %L, %L)', p_job.finder, p_first_key, p_before_key, staying);
        BEGIN
            EXECUTE format(
                'WITH found AS MATERIALIZED (SELECT * FROM %s), gone AS ('
                '    DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT row_id FROM found WHERE NOT waits)) RETURNING 1'
                ') SELECT (SELECT count(*) FROM gone), EXISTS (SELECT FROM found WHERE waits)',
                v_found, p_job.target_table
            )
            INTO deleted, is_waiting;
            RETURN;
        EXCEPTION
            WHEN assert_failure OR OTHERS THEN
                v_refused := ARRAY[]::tid[];
        END;

        BEGIN
            deleted := 0;
            FOR v_row IN EXECUTE format('SELECT row_id FROM %s WHERE NOT waits', v_found) LOOP
                SELECT * INTO v_outcome FROM barycenter_jobs.delete_row(p_job.target_table::regclass, 'ctid', v_row.row_id);
                deleted := deleted + v_outcome.deleted;
                IF v_outcome.is_refused THEN
                    v_refused := v_refused || v_row.row_id;
                    error_code := coalesce(error_code, v_outcome.error_code);
                    error_message := coalesce(error_message, v_outcome.error_message);
                END IF;
            END LOOP;
            IF v_refused <> '{}' THEN
                RAISE EXCEPTION USING ERRCODE = 'JB013';
            END IF;
            is_waiting := false;
            RETURN;
        EXCEPTION
            WHEN SQLSTATE 'JB013' THEN
                staying := staying || v_refused;
        END;
    END LOOP;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.delete_found(barycenter_jobs.job, text, text) IS
    'Deletes what the job''s finder finds from p_first_key until before p_before_key (null: without limit). Returns the rows deleted, whether some must wait for others, the rows that stay because they are held or refused, and the first error.';
