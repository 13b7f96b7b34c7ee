CREATE FUNCTION barycenter_jobs.delete_row(
    p_relation regclass,
    p_condition text,
    OUT deleted bigint,
    OUT is_refused boolean,
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    is_refused := false;
    EXECUTE format('DELETE FROM %s WHERE %s', p_relation, p_condition);
    GET DIAGNOSTICS deleted = ROW_COUNT;
EXCEPTION
    WHEN lock_not_available OR deadlock_detected THEN
        deleted := 0; -- somebody holds it, or a row that would go with it: the next run's
        is_refused := true;
    WHEN insufficient_resources OR operator_intervention OR system_error OR internal_error
        OR invalid_transaction_state OR program_limit_exceeded THEN
        RAISE; -- no row's fault
    WHEN assert_failure OR OTHERS THEN
        deleted := 0;
        is_refused := true;
        GET STACKED DIAGNOSTICS
            error_code = RETURNED_SQLSTATE,
            error_message = MESSAGE_TEXT;
        IF error_code IN ('42P01', '42883', '42704', '3F000') THEN
            error_message := error_message
            || ' (a trigger runs with search_path = pg_catalog, pg_temp here: qualify its names, or ALTER FUNCTION … SET search_path)';
        END IF;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.delete_row(regclass, text) IS
    'Deletes the one row of a view or table that meets the condition. If that is refused, the error; if somebody holds it locked, no error.';
