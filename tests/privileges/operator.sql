-- Who may run and control jobs.
SELECT plan(19);

SELECT is(
    array_to_string(ARRAY(
        SELECT format('%s %s', privilege, relname)
        FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
        WHERE
            relnamespace IN ('public'::regnamespace, 'barycenter_jobs'::regnamespace) AND relkind IN ('r', 'v', 'p')
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
            AND has_table_privilege('barycenter_jobs_operator', pg_class.oid, privilege)
        ORDER BY 1
    ), ', '),
    array_to_string(ARRAY['SELECT job', 'SELECT job_change', 'SELECT job_execution', 'SELECT job_history', 'SELECT job_status'], ', '),
    'barycenter_jobs_operator reads these, writes none, and touches nothing else'
);
SELECT is(
    array_to_string(ARRAY(
        SELECT proname::text FROM pg_proc
        WHERE
            pronamespace IN ('public'::regnamespace, 'barycenter_jobs'::regnamespace)
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
            AND has_function_privilege('barycenter_jobs_operator', oid, 'EXECUTE')
        ORDER BY 1
    ), ', '),
    array_to_string(ARRAY[
        'cancel_job', 'check_health', 'cleanup_expired_challenges', 'cleanup_expired_device_codes', 'cleanup_expired_refresh_tokens', 'cleanup_expired_sessions', 'configure_job', 'failures_in_a_row', 'is_lost',
        'last_sign_of', 'next_run', 'pause_job', 'preview_job', 'report_execution', 'reschedule_job', 'resume_job', 'run_batch', 'run_job', 'start_execution'
    ], ', '),
    'barycenter_jobs_operator calls these, and nothing else of ours'
);
SELECT is(has_schema_privilege('barycenter_jobs_operator', 'cron', 'USAGE'), false, 'barycenter_jobs_operator schedules nothing through pg_cron');
SELECT is(
    has_schema_privilege('barycenter_jobs_operator', 'public', 'CREATE') OR has_schema_privilege('barycenter_jobs_operator', 'barycenter_jobs', 'CREATE'),
    false, 'barycenter_jobs_operator makes no objects beside ours'
);
SET ROLE barycenter_jobs_operator;
SELECT lives_ok('SELECT pause_job(''cleanup_expired_sessions'')', 'an operator controls jobs');
SELECT throws_ok('SELECT * FROM sessions', '42501', NULL, 'an operator does not see sessions');
SELECT throws_ok('DELETE FROM sessions', '42501', NULL, 'an operator deletes no session by hand');
SELECT throws_ok('DELETE FROM expired_sessions', '42501', NULL, 'nor past the log');
SELECT throws_ok('SELECT * FROM delete_range(''expired_sessions'', ''true'')', '42501', NULL, 'in any way');
SELECT throws_ok('SELECT create_job(''x'', ''expired_sessions'', ''* * * * *'', ''x'')', '42501', NULL, 'an operator declares no job');
SELECT throws_ok('SELECT drop_job(''cleanup_expired_sessions'')', '42501', NULL, 'nor drops one');
SELECT throws_ok('UPDATE job_execution SET success = true', '42501', NULL, 'an operator does not write the log');
SELECT throws_ok('DELETE FROM job_execution', '42501', NULL, 'nor empty it');
SELECT throws_ok('DELETE FROM job_change', '42501', NULL, 'nor hide who changed what');
SELECT throws_ok('UPDATE job SET batch_time = ''1 ms''', '42501', NULL, 'an operator changes what the functions let it, no more');
SELECT throws_ok('SELECT start_execution(''cleanup_expired_sessions'', NULL)', '25000', NULL, 'no run is forged in a transaction');
SELECT throws_ok('SELECT run_batch(1)', 'JB004', NULL, 'nor is another''s gone on with');
SELECT throws_ok('SELECT cron.schedule(''x'', ''* * * * *'', ''SELECT 1'')', '42501', NULL, 'an operator schedules no SQL');
SELECT throws_ok('SELECT * FROM pg_authid', '42501', NULL, 'an operator reads no secrets');
RESET ROLE;
