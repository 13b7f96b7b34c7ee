CREATE FUNCTION barycenter_jobs.record_job_change()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO barycenter_jobs.job_change (job_name, action, old_values, new_values)
    SELECT
        coalesce(new.name, old.name),
        CASE tg_op WHEN 'INSERT' THEN 'create' WHEN 'DELETE' THEN 'drop' ELSE 'update' END,
        jsonb_object_agg(key, before.value) FILTER (WHERE before.value IS NOT NULL),
        jsonb_object_agg(key, after.value) FILTER (WHERE after.value IS NOT NULL)
    FROM jsonb_each(to_jsonb(old)) AS before (key, value)
    FULL JOIN jsonb_each(to_jsonb(new)) AS after (key, value) USING (key)
    WHERE before.value IS DISTINCT FROM after.value
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.record_job_change() IS 'Trigger function: records in job_change who changed which settings of a job.';
