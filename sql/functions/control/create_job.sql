CREATE FUNCTION barycenter_jobs.create_job(
    name text,
    expired regclass,
    schedule text,
    description text,
    retention interval DEFAULT NULL,
    place integer DEFAULT NULL,
    waiting regclass DEFAULT NULL,
    expired_partitions regclass DEFAULT NULL
)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER -- a superuser declares what the owner will run
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_body text := format(' BEGIN CALL barycenter_jobs.run_job(%L); END ', create_job.name);
    v_schedule text;
BEGIN
    IF EXISTS (
        SELECT FROM pg_proc
        WHERE pronamespace = 'barycenter_jobs'::regnamespace AND proname = create_job.name AND prosrc <> v_body
    ) THEN
        RAISE EXCEPTION 'The name % is taken by another routine of barycenter_jobs', create_job.name
        USING ERRCODE = 'JB010', HINT = 'Choose another name.';
    END IF;

    INSERT INTO barycenter_jobs.job AS declared (
        name, description, schedule, position, expired, target_table, waiting, expired_partitions, retention
    )
    SELECT
        create_job.name,
        create_job.description,
        create_job.schedule,
        coalesce(create_job.place, (SELECT max(job.position) + 1 FROM barycenter_jobs.job), 1),
        create_job.expired,
        '', -- the trigger check_job fills it in
        create_job.waiting,
        create_job.expired_partitions,
        create_job.retention
    ON CONFLICT (name) DO UPDATE
        SET
            description = excluded.description,
            expired = excluded.expired,
            waiting = excluded.waiting,
            expired_partitions = excluded.expired_partitions,
            retention = coalesce(declared.retention, excluded.retention)
    RETURNING schedule INTO v_schedule;

    EXECUTE format(
        'CREATE OR REPLACE PROCEDURE barycenter_jobs.%I() LANGUAGE plpgsql AS %L', create_job.name, v_body
    );
    EXECUTE format(
        'COMMENT ON PROCEDURE barycenter_jobs.%I() IS %L',
        create_job.name, create_job.description || '. What pg_cron calls; the same as CALL run_job(name).'
    );
    EXECUTE format('REVOKE ALL ON PROCEDURE barycenter_jobs.%I() FROM public', create_job.name);
    EXECUTE format('GRANT EXECUTE ON PROCEDURE barycenter_jobs.%I() TO barycenter_jobs_operator', create_job.name);
    ANALYZE barycenter_jobs.job; -- autovacuum passes over a table so small, and the planner would expect hundreds of jobs
    RETURN format('Job %s deletes the rows of %s at %s.', create_job.name, create_job.expired, v_schedule);
END
$$;

COMMENT ON FUNCTION barycenter_jobs.create_job(text, regclass, text, text, interval, integer, regclass, regclass) IS
    'Declares a job: it deletes the rows of the view expired, which shows a table''s ctid AS row_id, and drops the partitions in the view expired_partitions. Declaring it again replaces its views and description and leaves schedule, pause and settings as they are. Errors: JB006 a schedule that pg_cron does not understand; JB010 what cannot work: a view that cannot be deleted from, missing rights, row-level security, partitions that cannot be dropped, a name that will not do.';
