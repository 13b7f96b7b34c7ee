-- Run by a cluster's superuser at each start, in the database postgres: the identity database, its owner, and the
-- login of the admin API. The owner is no superuser; what it is granted is what the README lists.
\set ON_ERROR_STOP on
\getenv database POSTGRES_DB
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
SET client_min_messages = warning;
SET log_statement = none; -- passwords
SET log_min_duration_statement = -1;
SET log_min_error_statement = panic;

SELECT 'CREATE ROLE barycenter LOGIN CREATEROLE'
WHERE to_regrole('barycenter') IS NULL
\gexec
SELECT 'CREATE ROLE barycenter_jobs_app LOGIN'
WHERE to_regrole('barycenter_jobs_app') IS NULL
\gexec
ALTER ROLE barycenter PASSWORD :'owner_password';
ALTER ROLE barycenter_jobs_app PASSWORD :'app_password';
SELECT format('CREATE DATABASE %I OWNER barycenter', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec
GRANT pg_read_all_stats, pg_read_all_settings TO barycenter;

-- The migration would make the two roles; they are here first so that the admin API's login can be given its own.
SET ROLE barycenter;
SELECT format('CREATE ROLE %I NOLOGIN', role)
FROM unnest(ARRAY['barycenter_jobs_reader', 'barycenter_jobs_operator']) AS role
WHERE to_regrole(role) IS NULL
\gexec
GRANT barycenter_jobs_reader TO barycenter_jobs_operator;
GRANT barycenter_jobs_operator TO barycenter_jobs_app;
RESET ROLE;

\connect :"database"
GRANT CREATE ON SCHEMA public TO barycenter;

SELECT
    current_setting('cron.database_name') AS cron_database,
    current_setting('cron.database_name') <> :'database' AS is_elsewhere
\gset
\connect :"cron_database"
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_cron;
GRANT USAGE ON SCHEMA cron TO barycenter;
\if :is_elsewhere
GRANT EXECUTE ON FUNCTION cron.schedule_in_database(text, text, text, text, text, boolean) TO barycenter;
\endif
