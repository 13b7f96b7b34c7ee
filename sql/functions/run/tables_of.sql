CREATE FUNCTION barycenter_jobs.tables_of(p_table regclass)
RETURNS SETOF regclass
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE tree (relid) AS (
        SELECT p_table
        UNION
        SELECT inhrelid::regclass FROM pg_inherits INNER JOIN tree ON inhparent = tree.relid
    )

    SELECT relid FROM tree;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.tables_of(regclass) IS 'The table, its partitions, and the tables that inherit from it.';
