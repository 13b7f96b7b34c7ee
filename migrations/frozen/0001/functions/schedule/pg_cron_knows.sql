CREATE FUNCTION barycenter_jobs.pg_cron_knows(p_feature text)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_version integer[];
BEGIN
    SELECT string_to_array(substring(default_version FROM '^[0-9.]+'), '.')::integer[]
    INTO v_version
    FROM pg_available_extensions -- pg_extension does not know where pg_cron is in another database
    WHERE name = 'pg_cron';
    RETURN v_version >= CASE p_feature
        WHEN 'seconds' THEN ARRAY[1, 5]
        WHEN 'time zone' THEN ARRAY[1, 5]
        WHEN 'last day' THEN ARRAY[1, 6]
    END;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.pg_cron_knows(text) IS
    'Whether this pg_cron is new enough for schedules in seconds (1.5), a cron.timezone (1.5), or $ for a month''s last day (1.6).';
