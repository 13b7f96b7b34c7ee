-- Rows of a dropped partition are not looked at one by one. So the partition key alone must decide which are due.
CREATE FUNCTION barycenter_jobs.partitions_problem(p_job barycenter_jobs.job, p_table regclass)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_key smallint := (
        SELECT partattrs[0] FROM pg_partitioned_table WHERE partrelid = p_table AND partstrat = 'r' AND partnatts = 1
    );
BEGIN
    RETURN CASE
        WHEN coalesce(v_key, 0) = 0 THEN format('The table %s is not partitioned by ranges of one column', p_table)
        WHEN NOT EXISTS (
            SELECT
            FROM pg_attribute
            INNER JOIN pg_class ON attrelid = pg_class.oid
            WHERE
                attrelid = p_job.expired_partitions AND attname = 'partition' AND atttypid = 'regclass'::regtype
                AND relkind = 'v' AND pg_get_userbyid(relowner) = current_user
        ) THEN format('%s is not a view of the role %s with a column partition of type regclass', p_job.expired_partitions, current_user)
        WHEN NOT pg_has_role((SELECT relowner FROM pg_class WHERE oid = p_table), 'USAGE')
            THEN format('The role %s does not own %s, so it may not drop its partitions', current_user, p_table)
        WHEN EXISTS (
            SELECT
            FROM pg_rewrite AS rule
            INNER JOIN pg_depend ON rule.oid = objid AND classid = 'pg_rewrite'::regclass
            WHERE rule.ev_class = p_job.expired AND refobjid = p_table AND refobjsubid > 0 AND refobjsubid <> v_key
        ) OR NOT EXISTS (
            SELECT
            FROM pg_attribute AS key_column
            INNER JOIN pg_attribute AS shown ON key_column.attname = shown.attname AND shown.attrelid = p_job.expired
            WHERE key_column.attrelid = p_table AND key_column.attnum = v_key
        ) THEN format('The view %s does not show row_id and the partition key of %s alone, or looks at another column', p_job.expired, p_table)
    END;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.partitions_problem(barycenter_jobs.job, regclass) IS
    'Why the job cannot drop partitions of the table, in a sentence. Null: it can.';
