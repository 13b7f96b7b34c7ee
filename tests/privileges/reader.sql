-- Who may read.
SELECT plan(8);

SELECT is(
    array_to_string(ARRAY(
        SELECT format('%s %s', privilege, relname)
        FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
        WHERE
            relnamespace IN ('public'::regnamespace, 'barycenter_jobs'::regnamespace) AND relkind IN ('r', 'v', 'p')
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
            AND has_table_privilege('barycenter_jobs_reader', pg_class.oid, privilege)
        ORDER BY 1
    ), ', '),
    array_to_string(ARRAY['SELECT job', 'SELECT job_change', 'SELECT job_execution', 'SELECT job_history', 'SELECT job_status'], ', '),
    'barycenter_jobs_reader reads these, writes none, and touches nothing else'
);
SELECT is(
    array_to_string(ARRAY(
        SELECT proname::text FROM pg_proc
        WHERE
            pronamespace IN ('public'::regnamespace, 'barycenter_jobs'::regnamespace)
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
            AND has_function_privilege('barycenter_jobs_reader', oid, 'EXECUTE')
        ORDER BY 1
    ), ', '),
    array_to_string(ARRAY['check_health', 'failures_in_a_row', 'is_lost', 'last_sign_of', 'next_run'], ', '),
    'barycenter_jobs_reader calls these, and nothing else of ours'
);
SELECT is(has_schema_privilege('barycenter_jobs_reader', 'cron', 'USAGE'), false, 'barycenter_jobs_reader schedules nothing through pg_cron');
SELECT is(
    has_schema_privilege('barycenter_jobs_reader', 'public', 'CREATE') OR has_schema_privilege('barycenter_jobs_reader', 'barycenter_jobs', 'CREATE'),
    false, 'barycenter_jobs_reader makes no objects beside ours'
);
SET ROLE barycenter_jobs_reader;
SELECT lives_ok('SELECT * FROM job_status, job_execution, job_change', 'a reader reads');
SELECT throws_ok('CALL run_job(''cleanup_expired_sessions'')', '42501', NULL, 'a reader runs nothing');
SELECT throws_ok('SELECT cancel_job(''cleanup_expired_sessions'')', '42501', NULL, 'a reader cancels nothing');
SELECT throws_ok('SELECT * FROM expired_sessions', '42501', NULL, 'a reader does not see session ids');
RESET ROLE;
