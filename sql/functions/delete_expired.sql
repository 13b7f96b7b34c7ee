-- The one DELETE of all cleanup functions. A range of keys costs what a bare DELETE costs; picking rows
-- one by one, which is what skipping locked rows takes, about twice that. So the range is tried first.
CREATE FUNCTION public.delete_expired(
    p_view regclass,
    p_id name,
    p_first_key bigint,
    p_last_key bigint,
    p_limit integer
)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- A login that holds a row goes first. Well below deadlock_timeout, so that it is never a login that is the victim.
SET lock_timeout = '100ms'
AS $$
DECLARE
    v_deleted bigint;
BEGIN
    -- A single key may be shared by any number of rows: only a range is known to hold p_limit at most.
    IF p_first_key < p_last_key THEN
        BEGIN
            EXECUTE format('DELETE FROM %s WHERE expires_at BETWEEN $1 AND $2', p_view)
            USING p_first_key, p_last_key;
            GET DIAGNOSTICS v_deleted = ROW_COUNT;
            RETURN v_deleted;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN
                NULL; -- somebody holds a row of the range: take the others
        END;
    END IF;

    -- A row that has changed in the meantime is judged again, by what the view says of it now.
    EXECUTE format(
        'DELETE FROM %1$s WHERE %2$I = ANY (ARRAY('
        '    SELECT %2$I FROM %1$s WHERE expires_at BETWEEN $1 AND $2 LIMIT $3 FOR UPDATE SKIP LOCKED'
        '))',
        p_view, p_id
    )
    USING p_first_key, p_last_key, p_limit;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END
$$;

COMMENT ON FUNCTION public.delete_expired(regclass, name, bigint, bigint, integer) IS
    'Deletes what p_view shows with expires_at from p_first_key to p_last_key; of a single key p_limit rows at most. Rows that another transaction holds locked stay for the next run. Returns the rows deleted.';
