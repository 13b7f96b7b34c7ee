CREATE FUNCTION barycenter_jobs.table_under(p_view regclass)
RETURNS regclass
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tables regclass[] := ARRAY(
        SELECT DISTINCT dependency.refobjid::regclass
        FROM pg_rewrite AS rule
        INNER JOIN pg_depend AS dependency
            ON rule.oid = dependency.objid AND dependency.classid = 'pg_rewrite'::regclass
        INNER JOIN pg_class AS relation ON dependency.refobjid = relation.oid
        WHERE
            rule.ev_class = p_view
            AND dependency.refclassid = 'pg_class'::regclass
            AND dependency.refobjsubid = -1 -- the table whose ctid the view shows
            AND relation.relkind IN ('r', 'p')
    );
BEGIN
    RETURN CASE WHEN cardinality(v_tables) = 1 THEN v_tables[1] END;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.table_under(regclass) IS 'The table whose ctid the view shows. Null: none, or several.';
