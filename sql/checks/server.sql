-- What has to be so before anything is installed. Each failure is one sentence, with what to do as its hint.
DO $$
DECLARE
    v_database text := pg_catalog.current_database();
    v_cron_database text;
    v_time_zone text;
    -- Alembic says where pg_cron is expected: in the database that CRON_DATABASE_URL names, if in another one.
    v_expected text := coalesce(
        nullif(pg_catalog.current_setting('barycenter_jobs.cron_database', true), ''), v_database
    );
    v_server_version integer := pg_catalog.current_setting('server_version_num');
    v_missing text;
    v_schema_owner name := (SELECT pg_catalog.pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace WHERE nspname = 'barycenter_jobs');
BEGIN
    -- Whoever may create in it could plant functions that run with the owner's rights.
    IF NOT pg_catalog.pg_has_role(v_schema_owner, 'USAGE') OR EXISTS (
        SELECT
        FROM pg_catalog.pg_namespace CROSS JOIN LATERAL pg_catalog.aclexplode(nspacl) AS privilege
        WHERE nspname = 'barycenter_jobs' AND privilege_type = 'CREATE' AND grantee <> nspowner
    ) THEN
        RAISE EXCEPTION 'The schema barycenter_jobs is there already, and others than "%" may create in it', current_user
        USING ERRCODE = 'JB010', HINT = 'Rename or drop that schema: the jobs need one of their own.';
    END IF;

    IF v_server_version < 150000 THEN
        RAISE EXCEPTION 'Barycenter Jobs needs PostgreSQL 15 or later; this is %', pg_catalog.current_setting('server_version')
        USING ERRCODE = 'JB010', HINT = 'Upgrade the server.';
    END IF;

    IF NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pg_cron') THEN
        RAISE EXCEPTION 'The extension pg_cron is not installed on this server'
        USING ERRCODE = 'JB010', HINT = pg_catalog.format(
            'Install its package (Debian: postgresql-%s-cron), set shared_preload_libraries = ''pg_cron'' and cron.database_name = ''%s'', and restart the server.',
            v_server_version / 10000, v_database
        );
    END IF;

    BEGIN
        v_cron_database := pg_catalog.current_setting('cron.database_name', true);
        v_time_zone := pg_catalog.current_setting('cron.timezone', true);
    EXCEPTION
        WHEN insufficient_privilege THEN
            v_cron_database := v_expected; -- loaded, but hidden from this role, which is told so below
    END;
    IF v_cron_database IS NULL THEN
        RAISE EXCEPTION 'pg_cron is installed but not loaded, so nothing would run the jobs'
        USING ERRCODE = 'JB010', HINT = pg_catalog.format(
            'Set shared_preload_libraries = ''pg_cron'' and cron.database_name = ''%s'' in postgresql.conf, and restart the server.',
            v_database
        );
    END IF;
    IF v_cron_database <> v_expected THEN
        RAISE EXCEPTION 'pg_cron serves the database "%", not "%"', v_cron_database, v_expected
        USING ERRCODE = 'JB010', HINT = pg_catalog.format(
            'Set cron.database_name = ''%s'' and restart the server, or, where it has to stay as it is, set CRON_DATABASE_URL to that database.', v_expected
        );
    END IF;

    IF v_time_zone <> 'GMT' AND EXISTS (
        SELECT FROM pg_catalog.pg_available_extensions
        WHERE name = 'pg_cron' AND default_version LIKE '1.4%'
    ) THEN
        RAISE EXCEPTION 'cron.timezone is set, but pg_cron 1.4 does not know it and runs all jobs by GMT'
        USING ERRCODE = 'JB010', HINT = 'Remove cron.timezone from the server''s settings, or install pg_cron 1.5 or later.';
    END IF;

    IF v_expected = v_database AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_cron') THEN
        IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
            RAISE EXCEPTION 'The extension pg_cron is not in the database "%", and the role "%" may not create it', v_database, current_user
            USING ERRCODE = 'JB010', HINT = pg_catalog.format(
                'Let a superuser run, in this database: CREATE EXTENSION pg_cron; GRANT USAGE ON SCHEMA cron TO %I;', current_user
            );
        END IF;
        CREATE EXTENSION pg_cron;
    END IF;

    SELECT pg_catalog.string_agg(needed.command, ' ')
    INTO v_missing
    FROM (
        VALUES
        (
            CASE
                WHEN v_expected = v_database THEN
                    pg_catalog.has_schema_privilege('cron', 'USAGE')
                    AND pg_catalog.has_table_privilege('cron.job', 'SELECT')
                    AND pg_catalog.has_table_privilege('cron.job_run_details', 'SELECT')
                    AND pg_catalog.has_table_privilege('cron.job_run_details', 'DELETE')
                ELSE true
            END,
            'GRANT USAGE ON SCHEMA cron TO %1$I; GRANT SELECT ON cron.job TO %1$I; GRANT SELECT, DELETE ON cron.job_run_details TO %1$I;'
        ),
        (pg_catalog.has_schema_privilege('public', 'CREATE'), 'GRANT CREATE ON SCHEMA public TO %1$I;'),
        (pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'), 'GRANT pg_read_all_stats TO %1$I;'),
        (pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE'), 'GRANT pg_read_all_settings TO %1$I;'),
        (
            (SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user)
            OR (
                SELECT pg_catalog.count(*) = 1
                FROM pg_catalog.pg_auth_members AS granted
                INNER JOIN pg_catalog.pg_roles AS reader ON granted.roleid = reader.oid
                INNER JOIN pg_catalog.pg_roles AS operator ON granted.member = operator.oid
                WHERE reader.rolname = 'barycenter_jobs_reader' AND operator.rolname = 'barycenter_jobs_operator'
            ),
            'CREATE ROLE barycenter_jobs_reader; CREATE ROLE barycenter_jobs_operator; GRANT barycenter_jobs_reader TO barycenter_jobs_operator;'
        )
    ) AS needed (fulfilled, command)
    WHERE NOT needed.fulfilled;
    IF v_missing IS NOT NULL THEN
        RAISE EXCEPTION 'The role "%" lacks privileges that the jobs need', current_user
        USING ERRCODE = 'JB010', HINT = pg_catalog.format('Let a superuser run, in this database: ' || v_missing, current_user);
    END IF;
END
$$;
