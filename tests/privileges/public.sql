-- A login that was granted nothing: what PUBLIC may do.
SELECT plan(4);

SELECT is(
    array_to_string(ARRAY(
        SELECT format('%s %s', privilege, relname)
        FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
        WHERE
            relnamespace IN ('public'::regnamespace, 'barycenter_jobs'::regnamespace) AND relkind IN ('r', 'v', 'p')
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
            AND has_table_privilege('stranger', pg_class.oid, privilege)
        ORDER BY 1
    ), ', '),
    array_to_string(ARRAY[]::text[], ', '),
    'stranger reads these, writes none, and touches nothing else'
);
SELECT is(
    array_to_string(ARRAY(
        SELECT proname::text FROM pg_proc
        WHERE
            pronamespace IN ('public'::regnamespace, 'barycenter_jobs'::regnamespace)
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
            AND has_function_privilege('stranger', oid, 'EXECUTE')
        ORDER BY 1
    ), ', '),
    array_to_string(ARRAY[]::text[], ', '),
    'stranger calls these, and nothing else of ours'
);
SELECT is(has_schema_privilege('stranger', 'cron', 'USAGE'), false, 'stranger schedules nothing through pg_cron');
SELECT is(
    has_schema_privilege('stranger', 'public', 'CREATE') OR has_schema_privilege('stranger', 'barycenter_jobs', 'CREATE'),
    false, 'stranger makes no objects beside ours'
);
