-- Who migrates and owns the jobs, and is no superuser.
SELECT plan(4);

SELECT is((SELECT rolsuper OR rolbypassrls OR rolreplication FROM pg_roles WHERE rolname = 'barycenter'), false, 'the owner is no superuser');
SELECT is(
    array_to_string(ARRAY(
        SELECT roleid::regrole::text FROM pg_auth_members
        WHERE member = 'barycenter'::regrole AND roleid::regrole::text NOT LIKE 'barycenter_jobs_%'
        ORDER BY 1
    ), ', '),
    array_to_string(ARRAY['pg_read_all_settings', 'pg_read_all_stats'], ', '),
    'the owner is a member of what the README lists'
);
SELECT is_empty(
    $$
        SELECT proname FROM pg_proc
        WHERE
            pronamespace IN ('public'::regnamespace, 'barycenter_jobs'::regnamespace) AND prosecdef
            AND (proconfig IS NULL OR NOT 'search_path=pg_catalog, pg_temp' = ANY (proconfig) OR proowner <> 'barycenter'::regrole)
    $$,
    'what runs with the owner''s rights looks up names in pg_catalog alone'
);
SET ROLE barycenter;
SELECT throws_ok('SELECT * FROM pg_authid', '42501', NULL, 'the owner reads no secrets of the cluster''s');
RESET ROLE;
