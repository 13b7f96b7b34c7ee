-- A run is one CALL, and the CALL's statement is its life: pg_stat_activity shows it as active, with the
-- started_at of the run as its query_start, across every COMMIT and until the very end. No lock tells that:
-- one that the transaction holds is gone at each COMMIT, one that the session holds outlives a cancelled CALL.
CREATE FUNCTION barycenter_jobs.is_lost(p_execution_id bigint)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_backend_pid integer;
    v_started_at timestamptz;
BEGIN
    -- A standby does not see the primary's backends.
    IF pg_is_in_recovery() THEN
        RETURN false;
    END IF;

    SELECT backend_pid, started_at
    INTO v_backend_pid, v_started_at
    FROM public.job_execution
    WHERE id = p_execution_id AND completed_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    PERFORM pg_stat_clear_snapshot(); -- what this transaction has seen before may be old
    -- Where its state is not to be seen (track_activities is off, or the owner has lost pg_read_all_stats), a backend
    -- that may be the run's counts as running.
    IF EXISTS (
        SELECT FROM pg_stat_get_activity(v_backend_pid) AS backend
        WHERE (backend.state = 'active' AND backend.query_start = v_started_at)
            OR (backend.state = 'disabled' AND backend.backend_start <= v_started_at)
            OR backend.query = '<insufficient privilege>'
    ) THEN
        RETURN false;
    END IF;

    -- The end may have been written since the first look: it is always written before the statement ends.
    RETURN EXISTS (SELECT FROM public.job_execution WHERE id = p_execution_id AND completed_at IS NULL);
END
$$;

COMMENT ON FUNCTION barycenter_jobs.is_lost(bigint) IS
    'True if this unfinished execution''s backend is gone or does something else by now, so that it can never end. False for all others, and on a standby. In a REPEATABLE READ transaction the answer is as old as the transaction''s snapshot.';
