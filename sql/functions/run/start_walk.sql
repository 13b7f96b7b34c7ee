-- Few rows of many are found fastest by an index, many by reading the table from end to end. The planner knows how many
-- they are: it is asked how it would run the bare DELETE.
CREATE FUNCTION barycenter_jobs.start_walk(p_job barycenter_jobs.job, p_execution_id bigint)
RETURNS barycenter_jobs.walk
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c_few CONSTANT double precision := 0.05; -- part of the table up to which an index is faster (make bench)
    v_table regclass := barycenter_jobs.table_under(p_job.expired);
    v_key_column name;
    v_first_key text;
    v_last_key text;
    v_plan jsonb;
    v_expected_rows bigint := 0;
    v_places bigint;
    v_walk barycenter_jobs.walk;
BEGIN
    IF to_regclass(p_job.target_table) <> v_table THEN
        RAISE EXCEPTION 'The view % reads %, and another table is named % by now', p_job.expired, v_table, p_job.target_table
        USING ERRCODE = 'JB008', HINT = format('Create the view anew over %s.', p_job.target_table);
    END IF;

    IF p_job.waiting IS NULL THEN
        SELECT * INTO v_key_column, v_first_key, v_last_key FROM barycenter_jobs.find_key(p_job.expired, v_table);
    END IF;
    IF v_key_column IS NOT NULL THEN
        -- The planner can estimate a constant, but not a subquery in the view.
        EXECUTE format('EXPLAIN (FORMAT JSON) DELETE FROM %s WHERE %I <= %L', p_job.expired, v_key_column, v_last_key)
        INTO v_plan;
        v_expected_rows := coalesce( -- null: a rule
            jsonb_path_query_first(v_plan, '$[0].Plan.Plans ? (@."Parent Relationship" == "Outer")."Plan Rows"')::bigint, 0
        );
        IF v_expected_rows > c_few * (SELECT reltuples FROM pg_class WHERE oid = v_table)
            OR jsonb_path_exists(v_plan, '$.**."Node Type" ? (@ == "Seq Scan")')
        THEN
            v_key_column := NULL;
        END IF;
    END IF;
    v_places := CASE
        WHEN p_job.waiting IS NOT NULL THEN barycenter_jobs.collect_rows(p_job, p_execution_id)
        WHEN v_key_column IS NULL THEN barycenter_jobs.pages_of(v_table)
    END;

    INSERT INTO barycenter_jobs.walk (
        execution_id, kind, key_column, next_place, last_place, batch_size, expected_rows, can_be_refused
    )
    VALUES (
        p_execution_id,
        CASE WHEN p_job.waiting IS NOT NULL THEN 'collected' WHEN v_key_column IS NULL THEN 'pages' ELSE 'key' END,
        v_key_column,
        CASE WHEN v_places > 0 THEN '0' WHEN v_places IS NULL THEN v_first_key END,
        coalesce(v_places::text, v_last_key, ''),
        CASE WHEN v_places IS NULL THEN 100 ELSE 4 END,
        v_expected_rows,
        EXISTS (
            SELECT FROM pg_trigger
            WHERE
                tgrelid IN (SELECT p_job.expired UNION ALL SELECT barycenter_jobs.tables_of(v_table))
                AND tgtype & 1 = 1 AND tgtype & 66 > 0 AND tgtype & 8 = 8 AND tgenabled <> 'D' -- ROW, BEFORE or INSTEAD, DELETE
        ) OR EXISTS (SELECT FROM pg_rewrite WHERE ev_class IN (p_job.expired, v_table) AND ev_type = '4') -- a rule ON DELETE
    )
    RETURNING * INTO v_walk;
    RETURN v_walk;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.start_walk(barycenter_jobs.job, bigint) IS
    'Decides how the run walks its table, by pages, by an index or through collected rows, and fixes where the walk ends. Error: JB008 the view reads a table that was replaced.';
