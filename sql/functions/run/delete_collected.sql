CREATE FUNCTION barycenter_jobs.delete_collected(
    p_job barycenter_jobs.job,
    p_walk barycenter_jobs.walk,
    p_last_place bigint,
    OUT deleted bigint,
    OUT has_staying_rows boolean,
    OUT error_code text,
    OUT error_message text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1ms' -- see delete_range
-- Each row is at its ctid, whatever the statistics of found say.
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
    v_found record;
    v_stays boolean;
    v_outcome record;
BEGIN
    has_staying_rows := p_walk.has_staying_rows;
    IF NOT has_staying_rows THEN
        BEGIN
            EXECUTE format(
                'DELETE FROM %s AS target USING barycenter_jobs.found '
                'WHERE found.execution_id = $1 AND found.place BETWEEN $2 AND $3'
                ' AND target.ctid = found.row_id AND target.xmin = found.row_version',
                p_job.target_table
            )
            USING p_walk.execution_id, p_walk.next_place::bigint, p_last_place;
            GET DIAGNOSTICS deleted = ROW_COUNT;
            RETURN;
        EXCEPTION
            WHEN assert_failure OR OTHERS THEN
                PERFORM barycenter_jobs.link_rows(p_job, p_walk.execution_id); -- the loop finds out which row stays
        END;
    END IF;

    deleted := 0;
    FOR v_found IN
        SELECT
            ctid AS found_id,
            *
        FROM barycenter_jobs.found
        WHERE execution_id = p_walk.execution_id AND place BETWEEN p_walk.next_place::bigint AND p_last_place
        ORDER BY place
    LOOP
        IF EXISTS (
            SELECT FROM barycenter_jobs.found AS earlier
            WHERE earlier.execution_id = p_walk.execution_id AND earlier.row_id = v_found.after_row_id AND earlier.stays
        ) THEN
            v_stays := true;
        ELSE
            SELECT *
            INTO v_outcome
            FROM barycenter_jobs.delete_row(
                p_job.target_table::regclass, format('ctid = %L AND xmin = %L', v_found.row_id, v_found.row_version)
            );
            v_stays := v_outcome.is_refused;
            deleted := deleted + v_outcome.deleted;
            error_code := coalesce(error_code, v_outcome.error_code);
            error_message := coalesce(error_message, v_outcome.error_message);
        END IF;
        IF v_stays THEN
            has_staying_rows := true;
            UPDATE barycenter_jobs.found SET stays = true WHERE ctid = v_found.found_id;
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.delete_collected(barycenter_jobs.job, barycenter_jobs.walk, bigint) IS
    'Deletes collected rows from the walk''s next place to p_last_place: all at once, or, once one was refused or held, one by one without those that have to go after it. Returns the rows deleted, whether any stay, and the first error.';
