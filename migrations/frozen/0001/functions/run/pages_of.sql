CREATE FUNCTION barycenter_jobs.pages_of(p_table regclass)
RETURNS bigint
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT max(pg_relation_size(leaf.relid)) / current_setting('block_size')::bigint
        FROM (SELECT p_table::oid UNION ALL SELECT relid FROM pg_partition_tree(p_table)) AS leaf (relid)
        INNER JOIN pg_class AS relation ON leaf.relid = relation.oid AND relation.relkind = 'r'
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.pages_of(regclass) IS
    'How many pages the table has. Of a partitioned table: its largest partition, as a walk goes over all of them side by side.';
