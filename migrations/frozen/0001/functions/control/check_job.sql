CREATE FUNCTION barycenter_jobs.check_job()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER -- so that current_user is who runs the job
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table regclass := barycenter_jobs.table_under(new.expired);
    v_is_deletable boolean := pg_relation_is_updatable(new.expired, false) & 16 = 16; -- 1 << CMD_DELETE
    v_is_collectable boolean := new.waiting IS NOT NULL AND (
        SELECT count(*) = 2
        FROM pg_attribute
        WHERE
            (attrelid = new.expired AND (attname, atttypid) = ('deletion_order', 'bigint'::regtype))
            OR (attrelid = new.waiting AND (attname, atttypid) = ('row_id', 'tid'::regtype))
    );
    v_view_owner name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = new.expired);
    v_problem text;
    v_hint text;
BEGIN
    v_problem := CASE
        WHEN new.name !~ '^[a-z][a-z0-9_]{0,62}$'
            THEN format('The name "%s" is not made of lower-case letters, digits and _, at most 63, a letter first', new.name)
        WHEN (SELECT relkind FROM pg_class WHERE oid = new.expired) <> 'v' THEN format('%s is not a view', new.expired)
        WHEN NOT EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = new.expired AND attname = 'row_id' AND atttypid = 'tid'::regtype
        ) THEN format('The view %s has no column row_id', new.expired)
        WHEN v_table IS NULL
            THEN format('The view %s does not show the rows of exactly one table of this database', new.expired)
        WHEN NOT v_is_deletable AND NOT v_is_collectable
            THEN format('The view %s cannot be deleted from: it must be a plain SELECT … FROM one table WHERE …', new.expired)
        WHEN v_view_owner <> current_user
            THEN format('The view %s belongs to %s, and jobs run as %s', new.expired, v_view_owner, current_user)
        WHEN NOT has_table_privilege(v_table, 'SELECT')
            OR NOT has_table_privilege(v_table, 'UPDATE')
            OR NOT has_table_privilege(v_table, 'DELETE')
            THEN format('The role %s may not delete from %s', current_user, v_table)
        WHEN EXISTS (
            SELECT FROM pg_class WHERE oid IN (SELECT barycenter_jobs.tables_of(v_table)) AND relkind NOT IN ('r', 'p')
        ) THEN format('A partition of %s is a foreign table, whose rows have no pages here', v_table)
        WHEN row_security_active(v_table) THEN format('Row-level security hides rows of %s from the role %s', v_table, current_user)
        WHEN new.expired_partitions IS NOT NULL THEN barycenter_jobs.partitions_problem(new, v_table)
    END;
    IF v_problem IS NOT NULL THEN
        v_hint := CASE
            WHEN v_problem LIKE 'The name%' THEN 'Choose another name: it is that of the job''s procedure, too.'
            WHEN v_view_owner <> current_user THEN format('ALTER VIEW %s OWNER TO %I;', new.expired, current_user)
            WHEN v_problem LIKE '%may not delete%'
                THEN format('Let the table''s owner run: GRANT SELECT, UPDATE, DELETE ON %s TO %I;', v_table, current_user)
            WHEN v_problem LIKE 'Row-level%'
                THEN format('Give the role BYPASSRLS, or a policy on %s that is true for it and that FORCE does not restrict.', v_table)
            WHEN v_problem LIKE '%column partition%'
                THEN format('Create it as: SELECT partition FROM barycenter_jobs.range_partitions(%L) WHERE upper_bound…', v_table)
            WHEN v_problem = barycenter_jobs.partitions_problem(new, v_table)
                THEN 'Leave expired_partitions out: then their rows are deleted.'
            ELSE 'Create it as: SELECT ctid AS row_id, … FROM a table WHERE its rows have expired.'
        END;
        RAISE EXCEPTION '%', v_problem USING ERRCODE = 'JB010', HINT = v_hint;
    END IF;
    new.target_table := (
        SELECT format('%I.%I', nspname, relname)
        FROM pg_class INNER JOIN pg_namespace ON relnamespace = pg_namespace.oid
        WHERE pg_class.oid = v_table
    );
    RETURN new;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.check_job() IS
    'Trigger function: refuses a job whose name will not do or whose view could not be deleted from, and notes the table under the view. Error: JB010.';
