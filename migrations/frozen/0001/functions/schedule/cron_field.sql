CREATE FUNCTION barycenter_jobs.cron_field(p_text text, p_name text, p_first integer, p_last integer, p_names text[])
RETURNS integer[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_part text;
    v_range text[];
    v_from integer;
    v_to integer;
    v_step integer;
    v_values integer[] := ARRAY[]::integer[];
BEGIN
    FOREACH v_part IN ARRAY string_to_array(p_text, ',') LOOP
        v_range := regexp_match(
            v_part, '^(?:(\*)|([0-9]{1,4}|[A-Za-z]{3})(?:-([0-9]{1,4}|[A-Za-z]{3}))?)(?:/([0-9]{1,4}))?$'
        );
        IF v_range[1] = '*' THEN
            v_from := p_first;
            v_to := p_last;
        ELSE
            v_from := coalesce(
                array_position(p_names, lower(v_range[2])) + p_first - 1, substring(v_range[2] FROM '^[0-9]+$')::integer
            );
            v_to := CASE WHEN v_range[3] IS NULL THEN v_from ELSE coalesce(
                array_position(p_names, lower(v_range[3])) + p_first - 1, substring(v_range[3] FROM '^[0-9]+$')::integer
            ) END;
        END IF;
        v_step := coalesce(v_range[4]::integer, 1);

        -- Stricter than pg_cron, which takes a range that runs backwards, or a step too wide, and starts the job
        -- never or once an hour.
        IF v_from IS NULL OR v_to IS NULL OR v_from NOT BETWEEN p_first AND p_last OR v_to NOT BETWEEN v_from AND p_last
            OR v_step NOT BETWEEN 1 AND p_last
            OR (v_range[4] IS NOT NULL AND v_range[1] IS NULL AND v_range[3] IS NULL)
        THEN
            RAISE EXCEPTION 'The % of the schedule, "%", is not understood', p_name, p_text
            USING
                ERRCODE = 'JB006',
                HINT = format(
                    'Give *, a number from %s to %s, a range (%1$s-%2$s), a list of these (%1$s,%2$s), or a step after * or a range (*/2).',
                    p_first, p_last
                );
        END IF;
        v_values := v_values || ARRAY(SELECT generate_series(v_from, v_to, v_step));
    END LOOP;
    RETURN ARRAY(SELECT DISTINCT unnest(v_values) ORDER BY 1);
END
$$;

COMMENT ON FUNCTION barycenter_jobs.cron_field(text, text, integer, integer, text[]) IS
    'The numbers that a field of cron text stands for, from p_first to p_last. p_names are other words for them, from the first on. Error: JB006 not a field of cron text.';
