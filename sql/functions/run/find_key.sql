CREATE FUNCTION barycenter_jobs.find_key(
    p_view regclass,
    p_table regclass,
    OUT key_column name,
    OUT first_key text,
    OUT last_key text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off -- which index would it be?
AS $$
DECLARE
    v_plan jsonb;
    v_has_nulls boolean;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) DELETE FROM %s', p_view) INTO v_plan;
    SELECT attribute.attname
    INTO key_column
    FROM pg_index AS index
    INNER JOIN pg_class AS relation ON index.indexrelid = relation.oid
    INNER JOIN pg_am AS method ON relation.relam = method.oid AND method.amname = 'btree'
    INNER JOIN pg_attribute AS attribute ON index.indrelid = attribute.attrelid AND index.indkey[0] = attribute.attnum
    -- Other types' operators are not found in pg_catalog, or are another type's.
    INNER JOIN pg_type AS type ON attribute.atttypid = type.oid AND type.typnamespace = 'pg_catalog'::regnamespace
    INNER JOIN pg_attribute AS shown ON attribute.attname = shown.attname AND shown.attrelid = p_view
    WHERE
        index.indrelid = p_table
        AND relation.relname
        = jsonb_path_query_first(v_plan, '$.** ? (exists(@."Index Cond"))."Index Name"') #>> '{}';
    IF NOT FOUND THEN
        RETURN;
    END IF;

    EXECUTE format(
        'SELECT'
        ' (SELECT walked.%1$I::text FROM %2$s AS walked ORDER BY walked.%1$I LIMIT 1),'
        ' (SELECT walked.%1$I::text FROM %2$s AS walked ORDER BY walked.%1$I DESC LIMIT 1),'
        ' EXISTS (SELECT FROM %2$s AS walked WHERE walked.%1$I IS NULL)',
        key_column, p_view
    )
    INTO first_key, last_key, v_has_nulls;
    key_column := CASE WHEN NOT v_has_nulls THEN key_column END; -- no range of keys holds these rows
END
$$;

COMMENT ON FUNCTION barycenter_jobs.find_key(regclass, regclass) IS
    'The column along whose B-tree index the view''s rows can be found, if the view shows it under the same name, its type is PostgreSQL''s own, and no row has it null; with its first and its last value among them. Null: there is none.';
