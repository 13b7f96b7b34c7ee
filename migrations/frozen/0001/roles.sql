-- The two roles that people and the app's login are granted. Roles belong to the whole cluster:
-- another database of the same cluster may have made them already.
DO $$
DECLARE
    v_role text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['barycenter_jobs_reader', 'barycenter_jobs_operator'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = v_role) THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', v_role);
        END IF;
    END LOOP;

    IF NOT pg_catalog.pg_has_role('barycenter_jobs_operator', 'barycenter_jobs_reader', 'MEMBER') THEN
        GRANT barycenter_jobs_reader TO barycenter_jobs_operator;
    END IF;
END
$$;
