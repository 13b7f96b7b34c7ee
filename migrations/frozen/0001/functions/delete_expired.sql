-- The one DELETE of all cleanup functions. A range of keys costs what a bare DELETE costs; picking rows
-- one by one, which is what skipping locked rows takes, about twice that. So the range is tried first.
CREATE FUNCTION public.delete_expired(
    p_view regclass,
    p_id name,
    p_first_key bigint,
    p_last_key bigint,
    p_limit integer,
    OUT deleted bigint,
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- A login that holds a row goes first. Waits add up, and while it waits others wait for what it has deleted: were it
-- longer, all of them together could reach deadlock_timeout, and the victim be a login.
SET lock_timeout = '1ms'
AS $$
DECLARE
    v_ids text[];
    v_refused text[] := ARRAY[]::text[];
    v_rows record;
BEGIN
    -- A single key may be shared by any number of rows: only a range is known to hold p_limit at most.
    IF p_first_key < p_last_key THEN
        BEGIN
            EXECUTE format('DELETE FROM %s WHERE expires_at BETWEEN $1 AND $2', p_view)
            USING p_first_key, p_last_key;
            GET DIAGNOSTICS deleted = ROW_COUNT;
            RETURN;
        EXCEPTION
            WHEN assert_failure OR OTHERS THEN
                NULL; -- somebody holds a row of the range, or one objects to its end: take the others
        END;
    END IF;

    deleted := 0;
    LOOP
        EXECUTE format(
            'SELECT ARRAY('
            '    SELECT %2$I::text FROM %1$s'
            '    WHERE expires_at BETWEEN $1 AND $2 AND %2$I::text <> ALL ($3)'
            '    LIMIT $4 FOR UPDATE SKIP LOCKED'
            ')',
            p_view, p_id
        )
        INTO v_ids
        USING p_first_key, p_last_key, v_refused, p_limit - deleted;
        EXIT WHEN v_ids = '{}';

        SELECT * INTO v_rows FROM public.delete_rows(p_view, p_id, v_ids);
        deleted := deleted + v_rows.deleted;
        error_code := coalesce(error_code, v_rows.error_code);
        error_message := coalesce(error_message, v_rows.error_message);
        -- Those that stay are not to hide others that share their key.
        v_refused := v_refused || v_rows.refused;
        EXIT WHEN v_rows.refused = '{}' OR deleted >= p_limit;
    END LOOP;
END
$$;

COMMENT ON FUNCTION public.delete_expired(regclass, name, bigint, bigint, integer) IS
    'Deletes what p_view shows with expires_at from p_first_key to p_last_key; of a single key p_limit rows at most. Rows that another transaction holds locked, or that object to being deleted, stay for the next run. Returns the rows deleted, and the first objection.';
