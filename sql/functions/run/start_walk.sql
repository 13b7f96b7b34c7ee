-- Few rows of many are found fastest by an index, many by reading the table from end to end. The planner knows which:
-- it is asked how it would run the bare DELETE.
CREATE FUNCTION barycenter_jobs.start_walk(p_job barycenter_jobs.job, p_execution_id bigint)
RETURNS barycenter_jobs.walk
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table regclass := barycenter_jobs.table_under(p_job.expired);
    v_kind text;
    v_key_column name;
    v_batch_size bigint := 100;
    v_expected_rows bigint;
    v_walk barycenter_jobs.walk;
    v_plan jsonb;
    v_has_nulls boolean;
    v_first text;
    v_last text;
    c_few CONSTANT double precision := 0.05; -- part of the table up to which an index is faster (make bench)
BEGIN
    IF to_regclass(p_job.target_table) <> v_table THEN
        RAISE EXCEPTION 'The view % reads %, and another table is named % by now', p_job.expired, v_table, p_job.target_table
        USING ERRCODE = 'JB008', HINT = format('Create the view anew over %s.', p_job.target_table);
    END IF;

    IF p_job.waiting IS NOT NULL THEN
        v_kind := 'collected';
        v_expected_rows := barycenter_jobs.collect_rows(p_job, p_execution_id);
        v_last := v_expected_rows; -- in places of a hundred rows
        v_batch_size := 4;
    ELSE
        EXECUTE format('EXPLAIN (FORMAT JSON) DELETE FROM %s', p_job.expired) INTO v_plan;
        v_expected_rows := coalesce(jsonb_path_query_first(v_plan, '$[0].Plan.Plans[0]."Plan Rows"')::bigint, 0); -- null: a rule
        IF v_expected_rows < c_few * (SELECT reltuples FROM pg_class WHERE oid = v_table)
            AND NOT jsonb_path_exists(v_plan, '$.**."Node Type" ? (@ == "Seq Scan")')
        THEN
            v_key_column := barycenter_jobs.leading_column(
                v_table, p_job.expired, jsonb_path_query_first(v_plan, '$.**."Index Name"') #>> '{}'
            );
        END IF;
        IF v_key_column IS NOT NULL THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %s AS walked WHERE walked.%I IS NULL)', p_job.expired, v_key_column)
            INTO v_has_nulls; -- no range of keys holds these rows
            v_key_column := CASE WHEN NOT v_has_nulls THEN v_key_column END;
        END IF;
        v_kind := CASE WHEN v_key_column IS NULL THEN 'pages' ELSE 'key' END;
    END IF;

    IF v_kind = 'pages' THEN
        v_last := barycenter_jobs.pages_of(v_table);
        v_batch_size := 4;
    ELSIF v_kind = 'key' THEN
        EXECUTE format(
            'SELECT (SELECT walked.%1$I::text FROM %2$s AS walked ORDER BY walked.%1$I LIMIT 1),'
            ' (SELECT walked.%1$I::text FROM %2$s AS walked ORDER BY walked.%1$I DESC LIMIT 1)',
            v_key_column, p_job.expired
        )
        INTO v_first, v_last;
    END IF;

    IF v_kind <> 'key' THEN
        v_first := CASE WHEN v_last <> '0' THEN '0' END;
    END IF;

    INSERT INTO barycenter_jobs.walk (
        execution_id, kind, key_column, next_place, last_place, batch_size, expected_rows, can_be_refused
    )
    VALUES (
        p_execution_id,
        v_kind,
        v_key_column,
        v_first,
        coalesce(v_last, ''),
        v_batch_size,
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
