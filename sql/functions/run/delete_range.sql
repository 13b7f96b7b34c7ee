-- Never wait for rows that a login holds. Waits add up while this batch holds locks of its own; past deadlock_timeout
-- PostgreSQL could abort the login.
CREATE FUNCTION barycenter_jobs.delete_range(
    p_view regclass,
    p_condition text,
    OUT deleted bigint,
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1ms'
AS $$
DECLARE
    v_row_id tid;
    v_outcome record;
BEGIN
    BEGIN
        EXECUTE format('DELETE FROM %s WHERE %s', p_view, p_condition);
        GET DIAGNOSTICS deleted = ROW_COUNT;
        RETURN;
    EXCEPTION
        WHEN lock_not_available OR deadlock_detected THEN
            NULL; -- take the rows that nobody holds
        WHEN assert_failure OR OTHERS THEN
            NULL; -- the loop below finds out which row it was
    END;

    BEGIN
        EXECUTE format(
            'WITH free AS MATERIALIZED (SELECT row_id FROM %1$s WHERE %2$s FOR UPDATE SKIP LOCKED) '
            'DELETE FROM %1$s WHERE row_id = ANY (ARRAY(SELECT free.row_id FROM free)) AND %2$s',
            p_view, p_condition
        );
        GET DIAGNOSTICS deleted = ROW_COUNT;
        RETURN;
    EXCEPTION
        WHEN assert_failure OR OTHERS THEN
            deleted := 0;
    END;

    FOR v_row_id IN EXECUTE format('SELECT row_id FROM %s WHERE %s FOR UPDATE SKIP LOCKED', p_view, p_condition) LOOP
        SELECT * INTO v_outcome FROM barycenter_jobs.delete_row(p_view, format('row_id = %L', v_row_id));
        deleted := deleted + v_outcome.deleted;
        error_code := coalesce(error_code, v_outcome.error_code);
        error_message := coalesce(error_message, v_outcome.error_message);
    END LOOP;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.delete_range(regclass, text) IS
    'Deletes the rows of the view that meet the condition: all at once; if that fails, those that nobody holds locked; if that fails, one by one. Returns the rows deleted, and the first error that kept a row.';
