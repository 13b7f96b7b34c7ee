CREATE FUNCTION barycenter_jobs.next_range(
    p_job barycenter_jobs.job,
    p_walk barycenter_jobs.walk,
    OUT condition text,
    OUT first_key text,
    OUT next_place text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_source text := CASE WHEN p_job.finder IS NULL THEN p_job.expired::text ELSE p_job.target_table END;
BEGIN
    IF p_walk.key_column IS NULL THEN
        next_place := least(p_walk.next_place::bigint + p_walk.batch_size, p_walk.last_place::bigint);
        condition := format('row_id >= ''(%s,0)'' AND row_id < ''(%s,0)''', p_walk.next_place, next_place);
        next_place := nullif(next_place, p_walk.last_place);
        RETURN;
    END IF;

    first_key := p_walk.next_place;
    EXECUTE format(
        'SELECT %1$I::text FROM %2$s WHERE %1$I BETWEEN %3$L AND %4$L ORDER BY %1$I OFFSET %5$s LIMIT 1',
        p_walk.key_column, v_source, first_key, p_walk.last_place, p_walk.batch_size
    )
    INTO next_place;

    IF next_place = first_key THEN
        IF p_job.finder IS NULL THEN
            RETURN; -- more rows share this key than a batch should have
        END IF;
        EXECUTE format(
            'SELECT %1$I::text FROM %2$s WHERE %1$I > %3$L AND %1$I <= %4$L ORDER BY %1$I LIMIT 1',
            p_walk.key_column, v_source, first_key, p_walk.last_place
        )
        INTO next_place;
    END IF;
    condition := CASE
        WHEN next_place IS NULL THEN format('%I BETWEEN %L AND %L', p_walk.key_column, first_key, p_walk.last_place)
        ELSE format('%1$I >= %2$L AND %1$I < %3$L', p_walk.key_column, first_key, next_place)
    END;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.next_range(barycenter_jobs.job, barycenter_jobs.walk) IS
    'The part of the table that the next batch deletes from, as a condition on the view, and where the batch after it begins (null: it is the last). A null condition: so many rows share one key that the walk has to go by pages.';
