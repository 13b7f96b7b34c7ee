-- The app's login, which is an operator and nothing more.
SELECT plan(6);

SELECT is(
    array_to_string(ARRAY(
        SELECT format('%s %s', privilege, relname)
        FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
        WHERE
            relnamespace IN ('public'::regnamespace, 'barycenter_jobs'::regnamespace) AND relkind IN ('r', 'v', 'p')
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
            AND has_table_privilege('barycenter_jobs_app', pg_class.oid, privilege)
        ORDER BY 1
    ), ', '),
    array_to_string(ARRAY['SELECT job', 'SELECT job_change', 'SELECT job_execution', 'SELECT job_history', 'SELECT job_status'], ', '),
    'barycenter_jobs_app reads these, writes none, and touches nothing else'
);
SELECT is(
    array_to_string(ARRAY(
        SELECT proname::text FROM pg_proc
        WHERE
            pronamespace IN ('public'::regnamespace, 'barycenter_jobs'::regnamespace)
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
            AND has_function_privilege('barycenter_jobs_app', oid, 'EXECUTE')
        ORDER BY 1
    ), ', '),
    array_to_string(ARRAY[
        'cancel_job', 'check_health', 'cleanup_expired_challenges', 'cleanup_expired_device_codes', 'cleanup_expired_refresh_tokens', 'cleanup_expired_sessions', 'configure_job', 'failures_in_a_row', 'is_lost',
        'last_sign_of', 'next_run', 'pause_job', 'preview_job', 'report_execution', 'reschedule_job', 'resume_job', 'run_batch', 'run_job', 'start_execution'
    ], ', '),
    'barycenter_jobs_app calls these, and nothing else of ours'
);
SELECT is(has_schema_privilege('barycenter_jobs_app', 'cron', 'USAGE'), false, 'barycenter_jobs_app schedules nothing through pg_cron');
SELECT is(
    has_schema_privilege('barycenter_jobs_app', 'public', 'CREATE') OR has_schema_privilege('barycenter_jobs_app', 'barycenter_jobs', 'CREATE'),
    false, 'barycenter_jobs_app makes no objects beside ours'
);
SELECT is((SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication FROM pg_roles WHERE rolname = 'barycenter_jobs_app'), false, 'the app''s login has no attribute but LOGIN');
SELECT is(
    array_to_string(ARRAY( SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 'barycenter_jobs_app'::regrole
    ), ', '),
    array_to_string(ARRAY['barycenter_jobs_operator'], ', '),
    'the app''s login is a member of nothing else'
);
