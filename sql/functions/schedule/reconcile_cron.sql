-- The one routine that writes cron.job. Where pg_cron is in another database, alembic upgrade head makes a temporary
-- copy of it there: so it needs nothing of this schema.
CREATE FUNCTION barycenter_jobs.reconcile_cron(p_wanted jsonb, p_mend boolean)
RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET row_security = on -- see prune_history
AS $$
DECLARE
    v_found record;
    v_entry record;
    v_jobname text;
    v_kept jsonb[] := ARRAY[]::jsonb[];
    v_drifting text[] := ARRAY[]::text[];
BEGIN
    FOR v_found IN
        SELECT
            entry.*,
            (
                SELECT wanted.value
                FROM jsonb_array_elements(p_wanted -> 'entries') AS wanted
                WHERE
                    entry.username = p_wanted ->> 'owner'
                    AND entry.jobname IN (SELECT jsonb_array_elements_text(wanted.value -> 'names'))
                    AND entry.schedule = wanted.value ->> 'schedule'
                    AND entry.command = wanted.value ->> 'command'
                    AND entry.database = wanted.value ->> 'database'
                    AND entry.active
                    -- pg_cron connects to the host and port that it noted when the job was scheduled.
                    AND entry.nodename = p_wanted ->> 'host'
                    AND entry.nodeport = (p_wanted ->> 'port')::integer
            ) AS wanted
        FROM cron.job AS entry
        WHERE
            (
                entry.command LIKE 'CALL barycenter_jobs.%'
                AND (
                    entry.database = p_wanted ->> 'database'
                    OR entry.database NOT IN (SELECT datname FROM pg_database)
                )
            )
            OR entry.command = p_wanted ->> 'prune'
        ORDER BY entry.jobid
    LOOP
        IF v_found.wanted IS NOT NULL AND v_found.wanted <> ALL (v_kept) THEN
            v_kept := v_kept || v_found.wanted;
            CONTINUE;
        END IF;
        v_drifting := v_drifting || coalesce(v_found.jobname, v_found.command);
        IF p_mend AND v_found.username = current_user THEN
            PERFORM cron.unschedule(v_found.jobid);
        ELSIF p_mend THEN
            DELETE FROM cron.job WHERE jobid = v_found.jobid; -- a superuser; cron.unschedule takes one's own alone
        END IF;
    END LOOP;

    FOR v_entry IN
        SELECT value
        FROM jsonb_array_elements(p_wanted -> 'entries')
        WHERE value <> ALL (v_kept)
    LOOP
        v_drifting := v_drifting || (v_entry.value -> 'names' ->> 0);
        CONTINUE WHEN NOT p_mend;
        -- pg_cron would overwrite what has the name already: another database's job, or a stranger.
        SELECT candidate.jobname
        INTO v_jobname
        FROM jsonb_array_elements_text(v_entry.value -> 'names') WITH ORDINALITY AS candidate (jobname, preference)
        WHERE candidate.jobname NOT IN (
            SELECT entry.jobname FROM cron.job AS entry WHERE entry.username = p_wanted ->> 'owner' AND entry.jobname IS NOT NULL
        )
        ORDER BY candidate.preference
        LIMIT 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'In cron.job other jobs have the names %', replace(trim('[]' FROM (v_entry.value -> 'names')::text), '"', '')
            USING ERRCODE = 'JB012', HINT = 'Unschedule one of them, if it is yours: SELECT cron.unschedule(name).';
        END IF;
        IF v_entry.value ->> 'database' = current_database() AND p_wanted ->> 'owner' = current_user THEN
            PERFORM cron.schedule(v_jobname, v_entry.value ->> 'schedule', v_entry.value ->> 'command');
        ELSE
            -- Only a superuser may name a role, even the role itself.
            PERFORM cron.schedule_in_database(
                v_jobname, v_entry.value ->> 'schedule', v_entry.value ->> 'command', v_entry.value ->> 'database',
                nullif(p_wanted ->> 'owner', current_user)
            );
        END IF;
    END LOOP;
    RETURN ARRAY(SELECT DISTINCT drifting FROM unnest(v_drifting) AS drifting ORDER BY drifting);
END
$$;

COMMENT ON FUNCTION barycenter_jobs.reconcile_cron(jsonb, boolean) IS
    'Where cron.job differs from cron_entries(): the names of the entries, empty where all is well. With p_mend it is made to agree: what is missing is scheduled; what is gone, changed, deactivated or unnamed is replaced; other people''s jobs stay. Error: JB012 no name is free in cron.job.';
