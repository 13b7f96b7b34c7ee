-- Run by the embedded cluster's superuser at each start, in the database postgres: the database and the two
-- logins. The owner is no superuser; what it is granted is what the README lists.
\getenv password PGPASSWORD
SELECT format('CREATE ROLE barycenter LOGIN CREATEROLE PASSWORD %L', :'password')
WHERE to_regrole('barycenter') IS NULL
\gexec
SELECT format('CREATE ROLE barycenter_jobs_app LOGIN PASSWORD %L', :'password')
WHERE to_regrole('barycenter_jobs_app') IS NULL
\gexec
SELECT 'CREATE DATABASE barycenter OWNER barycenter'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'barycenter')
\gexec
\connect barycenter
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_cron;
GRANT USAGE ON SCHEMA cron TO barycenter;
GRANT CREATE ON SCHEMA public TO barycenter;
GRANT pg_read_all_stats, pg_read_all_settings TO barycenter;
