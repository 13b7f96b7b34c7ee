CREATE FUNCTION barycenter_jobs.leading_column(p_table regclass, p_view regclass, p_index name)
RETURNS name
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT key_column.attname
        FROM pg_index AS index
        INNER JOIN pg_class AS relation ON index.indexrelid = relation.oid
        INNER JOIN pg_am AS method ON relation.relam = method.oid AND method.amname = 'btree'
        INNER JOIN pg_attribute AS key_column
            ON index.indrelid = key_column.attrelid AND index.indkey[0] = key_column.attnum
        INNER JOIN pg_attribute AS shown ON key_column.attname = shown.attname AND shown.attrelid = p_view
        WHERE index.indrelid = p_table AND relation.relname = p_index
    );
END
$$;

COMMENT ON FUNCTION barycenter_jobs.leading_column(regclass, regclass, name) IS
    'The first column of a B-tree index on the table, if the view shows it under the same name. Null otherwise.';
