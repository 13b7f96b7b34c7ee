CREATE FUNCTION barycenter_jobs.next_range(
    p_job barycenter_jobs.job,
    p_walk barycenter_jobs.walk,
    OUT condition text,
    OUT next_place text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE p_walk.kind
        WHEN 'pages' THEN
            next_place := least(p_walk.next_place::bigint + p_walk.batch_size, p_walk.last_place::bigint);
            condition := format('row_id >= ''(%s,0)'' AND row_id < ''(%s,0)''', p_walk.next_place, next_place);
            next_place := nullif(next_place, p_walk.last_place);
        WHEN 'collected' THEN
            next_place := least(p_walk.next_place::bigint + p_walk.batch_size, p_walk.last_place::bigint);
            condition := format(
                'ctid = ANY (ARRAY('
                'SELECT unnest(row_ids) FROM barycenter_jobs.found WHERE execution_id = %s AND place >= %s AND place < %s'
                ')) AND age(xmin) > %s',
                p_walk.execution_id, p_walk.next_place, next_place, age(p_walk.started_by)
            );
            next_place := nullif(next_place, p_walk.last_place);
        WHEN 'key' THEN
            EXECUTE format(
                -- ORDER BY a bare name would mean the text that is selected.
                'SELECT walked.%1$I::text FROM %2$s AS walked WHERE walked.%1$I BETWEEN %3$L AND %4$L '
                'ORDER BY walked.%1$I OFFSET %5$s LIMIT 1',
                p_walk.key_column, p_job.expired, p_walk.next_place, p_walk.last_place, p_walk.batch_size
            )
            INTO next_place;
            condition := CASE
                WHEN next_place IS NULL
                    THEN format('%I BETWEEN %L AND %L', p_walk.key_column, p_walk.next_place, p_walk.last_place)
                WHEN next_place <> p_walk.next_place
                    THEN format('%1$I >= %2$L AND %1$I < %3$L', p_walk.key_column, p_walk.next_place, next_place)
            END;
    END CASE;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.next_range(barycenter_jobs.job, barycenter_jobs.walk) IS
    'The part of the table that the next batch deletes from, as a condition on the view, and where the batch after it begins (null: it is the last). For kind key a null condition: more rows share a key than a batch should have.';
