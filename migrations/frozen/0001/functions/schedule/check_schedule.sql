-- pg_cron ignores a sixth field in silence, which turns "every 5 minutes" into "every 5 hours"; and of what it does
-- not understand it says no more than that.
CREATE FUNCTION barycenter_jobs.check_schedule()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_fields integer := cardinality(string_to_array(new.schedule, ' '));
    v_version text := (SELECT default_version FROM pg_available_extensions WHERE name = 'pg_cron');
BEGIN
    IF length(new.schedule) > 200 THEN
        RAISE EXCEPTION 'The schedule is % characters long, and 200 is the limit', length(new.schedule)
        USING ERRCODE = 'JB006', HINT = 'Use ranges and steps: "*/5 * * * *" is every 5 minutes.';
    END IF;
    IF new.schedule ~ '^[0-9]+ seconds?$' THEN
        IF NOT barycenter_jobs.pg_cron_knows('seconds') THEN
            RAISE EXCEPTION 'This pg_cron, %, knows no intervals in seconds', v_version
            USING ERRCODE = 'JB006', HINT = 'Give five fields: "* * * * *" is every minute. pg_cron 1.5 knows seconds.';
        END IF;
        IF new.schedule !~ '^([1-9]|[1-5][0-9]) ' THEN
            RAISE EXCEPTION 'The interval "%" is not from 1 to 59 seconds', new.schedule
            USING ERRCODE = 'JB006', HINT = 'Give five fields for longer ones: "* * * * *" is every minute.';
        END IF;
        RETURN new;
    END IF;

    IF v_fields = 6 THEN
        RAISE EXCEPTION 'The schedule "%" has six fields, and pg_cron would ignore the last', new.schedule
        USING ERRCODE = 'JB006', HINT = 'Leave out the first, the seconds: minute, hour, day of the month, month, day of the week.';
    ELSIF v_fields <> 5 THEN
        RAISE EXCEPTION 'The schedule "%" has not five fields with one space between them', new.schedule
        USING ERRCODE = 'JB006', HINT = 'Give minute, hour, day of the month, month and day of the week: "0 * * * *" is hourly.';
    ELSIF split_part(new.schedule, ' ', 3) = '$' AND NOT barycenter_jobs.pg_cron_knows('last day') THEN
        RAISE EXCEPTION 'This pg_cron, %, does not know $ for the last day of the month', v_version
        USING ERRCODE = 'JB006', HINT = 'Give a day from 1 to 28. pg_cron 1.6 knows $.';
    ELSIF barycenter_jobs.next_run(new.schedule, now()) IS NULL THEN
        RAISE EXCEPTION 'The schedule "%" names a day that never comes', new.schedule
        USING ERRCODE = 'JB006', HINT = 'Give a day that the month has.';
    END IF;
    RETURN new;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.check_schedule() IS
    'Trigger function: refuses a schedule that pg_cron would not understand, or not as it is meant. Error: JB006.';
