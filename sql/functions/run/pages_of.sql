CREATE FUNCTION barycenter_jobs.pages_of(p_table regclass)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT coalesce(max(pg_relation_size(oid)), 0) / current_setting('block_size')::bigint
        FROM pg_class
        WHERE oid IN (SELECT barycenter_jobs.tables_of(p_table)) AND relkind = 'r'
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.pages_of(regclass) IS
    'How many pages the table has. Of one with partitions or children: the largest of them, as a walk goes over all of them side by side.';
