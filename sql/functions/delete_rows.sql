CREATE FUNCTION public.delete_rows(
    p_view regclass,
    p_id name,
    p_ids text[],
    OUT deleted bigint,
    OUT refused text[],
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_id text;
    v_found bigint;
BEGIN
    refused := '{}';
    BEGIN
        EXECUTE format('DELETE FROM %s WHERE %I = ANY (%L)', p_view, p_id, p_ids);
        GET DIAGNOSTICS deleted = ROW_COUNT;
        RETURN;
    EXCEPTION
        WHEN assert_failure OR OTHERS THEN
            deleted := 0; -- a foreign key, say, or a trigger: find out which rows it is about
    END;

    FOREACH v_id IN ARRAY p_ids LOOP
        BEGIN
            EXECUTE format('DELETE FROM %s WHERE %I = %L', p_view, p_id, v_id);
            GET DIAGNOSTICS v_found = ROW_COUNT;
            deleted := deleted + v_found;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN
                refused := refused || v_id; -- somebody holds a row that would go with it: the next run's
            WHEN insufficient_resources OR operator_intervention OR system_error OR internal_error
                OR invalid_transaction_state OR program_limit_exceeded THEN
                RAISE; -- no row's fault
            WHEN assert_failure OR OTHERS THEN
                refused := refused || v_id;
                IF error_code IS NULL THEN
                    GET STACKED DIAGNOSTICS
                        error_code = RETURNED_SQLSTATE,
                        error_message = MESSAGE_TEXT;
                END IF;
        END;
    END LOOP;
END
$$;

COMMENT ON FUNCTION public.delete_rows(regclass, name, text[]) IS
    'Deletes the rows of p_view with these values of p_id: all at once, or, where one of them objects, one by one. Returns the rows deleted, the ids of those that stay, and the first objection.';
