-- Few rows of many are found fastest by an index, many by reading the table from end to end. The planner knows which:
-- it is asked how it would run the bare DELETE.
CREATE FUNCTION barycenter_jobs.start_walk(p_job barycenter_jobs.job, p_execution_id bigint)
RETURNS barycenter_jobs.walk
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table regclass := barycenter_jobs.table_under(p_job.expired);
    v_walk barycenter_jobs.walk;
    v_plan jsonb;
    c_few CONSTANT double precision := 0.05; -- part of the table up to which an index is faster (make bench)
BEGIN
    IF to_regclass(p_job.target_table) <> v_table THEN
        RAISE EXCEPTION 'The view % reads %, and another table is named % by now', p_job.expired, v_table, p_job.target_table
        USING ERRCODE = 'JB008', HINT = format('Create the view anew over %s.', p_job.target_table);
    END IF;

    v_walk.execution_id := p_execution_id;
    v_walk.can_be_refused := EXISTS (
        SELECT FROM pg_trigger
        WHERE
            tgrelid IN (SELECT v_table UNION ALL SELECT relid FROM pg_partition_tree(v_table))
            AND tgtype & 11 = 11 AND tgenabled <> 'D' -- FOR EACH ROW, BEFORE, DELETE
    ) OR EXISTS (SELECT FROM pg_rewrite WHERE ev_class = v_table AND ev_type = '4');

    IF p_job.collects THEN
        v_walk.kind := 'collected';
        v_walk.expected_rows := barycenter_jobs.collect_rows(p_job, p_execution_id);
        v_walk.next_place := CASE WHEN v_walk.expected_rows > 0 THEN '1' END;
        v_walk.last_place := v_walk.expected_rows;
        v_walk.batch_size := 1000;
    ELSE
        EXECUTE format('EXPLAIN (FORMAT JSON) DELETE FROM %s', p_job.expired) INTO v_plan;
        v_walk.expected_rows := jsonb_path_query_first(v_plan, '$[0].Plan.Plans[0]."Plan Rows"');
        IF v_walk.expected_rows < c_few * (SELECT reltuples FROM pg_class WHERE oid = v_table)
            AND NOT jsonb_path_exists(v_plan, '$.**."Node Type" ? (@ == "Seq Scan")')
        THEN
            v_walk.key_column := barycenter_jobs.leading_column(
                v_table, p_job.expired, jsonb_path_query_first(v_plan, '$.**."Index Name"') #>> '{}'
            );
        END IF;
        v_walk.kind := CASE WHEN v_walk.key_column IS NULL THEN 'pages' ELSE 'key' END;
    END IF;

    IF v_walk.kind = 'pages' THEN
        v_walk.last_place := barycenter_jobs.pages_of(v_table);
        v_walk.next_place := CASE WHEN v_walk.last_place <> '0' THEN '0' END;
        v_walk.batch_size := 64;
    ELSIF v_walk.kind = 'key' THEN
        EXECUTE format(
            'SELECT (SELECT walked.%1$I::text FROM %2$s AS walked ORDER BY walked.%1$I LIMIT 1),'
            ' (SELECT walked.%1$I::text FROM %2$s AS walked ORDER BY walked.%1$I DESC LIMIT 1)',
            v_walk.key_column, p_job.expired
        )
        INTO v_walk.next_place, v_walk.last_place;
        v_walk.batch_size := 1000;
    END IF;

    v_walk.last_place := coalesce(v_walk.last_place, '');
    v_walk.has_staying_rows := false;
    v_walk.noticed_at := clock_timestamp();
    INSERT INTO barycenter_jobs.walk VALUES (v_walk.*);
    RETURN v_walk;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.start_walk(barycenter_jobs.job, bigint) IS
    'Decides how the run walks its table, by pages, by an index or through collected rows, and fixes where the walk ends. Error: JB008 the view reads a table that was replaced.';
