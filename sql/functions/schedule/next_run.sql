CREATE FUNCTION barycenter_jobs.next_run(p_schedule text, p_after timestamptz)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c_months CONSTANT integer := 12 * 40; -- 29 February that has to be a Sunday, too, may be 40 years off
    c_month_names CONSTANT text[] := string_to_array('jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec', ',');
    c_day_names CONSTANT text[] := string_to_array('sun,mon,tue,wed,thu,fri,sat', ',');
    v_time_zone text := coalesce(current_setting('cron.timezone', true), 'GMT');
    v_after timestamp;
    v_field text[] := string_to_array(p_schedule, ' ');
    v_minutes integer[];
    v_hours integer[];
    v_days integer[];
    v_month_numbers integer[];
    v_weekdays integer[];
    v_first date;
    v_last date;
    v_day date;
    v_minute integer;
BEGIN
    IF v_field[2] IN ('second', 'seconds') THEN
        RETURN p_after + v_field[1]::integer * interval '1 second';
    END IF;

    IF v_time_zone <> 'GMT' AND NOT barycenter_jobs.pg_cron_knows('time zone') THEN
        v_time_zone := 'GMT'; -- whatever it is set to
    END IF;
    v_after := p_after AT TIME ZONE v_time_zone;

    v_minutes := barycenter_jobs.cron_field(v_field[1], 'minute'::text, 0, 59, NULL::text[]);
    v_hours := barycenter_jobs.cron_field(v_field[2], 'hour'::text, 0, 23, NULL::text[]);
    v_days := CASE v_field[3] WHEN '$' THEN NULL ELSE barycenter_jobs.cron_field(v_field[3], 'day of the month'::text, 1, 31, NULL::text[]) END;
    v_month_numbers := barycenter_jobs.cron_field(v_field[4], 'month'::text, 1, 12, c_month_names);
    v_weekdays := barycenter_jobs.cron_field(v_field[5], 'day of the week'::text, 0, 7, c_day_names); -- Sunday is 0 and 7

    FOR v_month IN 0..c_months LOOP
        v_first := date_trunc('month', v_after) + v_month * interval '1 month';
        CONTINUE WHEN extract(MONTH FROM v_first)::integer <> ALL (v_month_numbers);
        v_last := v_first + interval '1 month' - interval '1 day';

        FOR v_day IN
            SELECT day
            FROM generate_series(greatest(0, v_after::date - v_first), v_last - v_first) AS n
            CROSS JOIN LATERAL (SELECT v_first + n) AS days (day)
            CROSS JOIN LATERAL (
                SELECT
                    extract(DAY FROM day)::integer = ANY (v_days) OR (v_days IS NULL AND day = v_last) AS by_date,
                    extract(DOW FROM day)::integer = ANY (v_weekdays)
                    OR extract(ISODOW FROM day)::integer = ANY (v_weekdays) AS by_weekday
            ) AS matches
            -- Vixie cron's rule: either day will do, unless one of the two fields begins with a star.
            WHERE
                CASE
                    WHEN v_field[3] LIKE '*%' OR v_field[5] LIKE '*%' THEN by_date AND by_weekday
                    ELSE by_date OR by_weekday
                END
            ORDER BY n
        LOOP
            SELECT min(h * 60 + m)
            INTO v_minute
            FROM unnest(v_hours) AS h
            CROSS JOIN unnest(v_minutes) AS m
            WHERE v_day + (h * 60 + m) * interval '1 minute' > v_after;
            IF v_minute IS NOT NULL THEN
                RETURN (v_day + v_minute * interval '1 minute') AT TIME ZONE v_time_zone;
            END IF;
        END LOOP;
    END LOOP;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.next_run(text, timestamptz) IS
    'The first time after p_after at which pg_cron starts a job with this schedule, in its own time zone (cron.timezone; GMT before pg_cron 1.5). Null if that never comes. Error: JB006 a schedule that is not understood.';
