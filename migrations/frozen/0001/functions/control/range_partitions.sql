CREATE FUNCTION barycenter_jobs.range_partitions(
    parent regclass,
    OUT partition regclass,
    OUT lower_bound text,
    OUT upper_bound text
)
RETURNS SETOF record
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    RETURN QUERY
    SELECT
        relation.oid::regclass,
        coalesce(replace(bounds[1], '''''', ''''), bounds[2]),
        coalesce(replace(bounds[3], '''''', ''''), bounds[4])
    FROM pg_inherits
    INNER JOIN pg_class AS relation ON inhrelid = relation.oid
    INNER JOIN pg_partitioned_table AS partitioned ON inhparent = partitioned.partrelid,
        LATERAL regexp_match(
            pg_get_expr(relation.relpartbound, relation.oid),
            '^FOR VALUES FROM \((?:''((?:[^'']|'''')*)''|([-0-9.]+)|MINVALUE)\)'
            ' TO \((?:''((?:[^'']|'''')*)''|([-0-9.]+)|MAXVALUE)\)$'
        ) AS bounds
    WHERE inhparent = range_partitions.parent AND partitioned.partstrat = 'r' AND bounds IS NOT NULL AND NOT inhdetachpending;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.range_partitions(regclass) IS
    'The partitions of a table that is partitioned by ranges of one column, with their bounds as text (null: MINVALUE or MAXVALUE; the upper one is not part of it); without a DEFAULT partition. For views of expired partitions (create_job).';
