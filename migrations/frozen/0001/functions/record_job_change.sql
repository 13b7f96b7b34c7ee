CREATE FUNCTION public.record_job_change()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO public.job_change (job_name, action, old_values, new_values)
    SELECT
        coalesce(new.name, old.name),
        lower(tg_op),
        jsonb_object_agg(key, before.value) FILTER (WHERE before.value IS NOT NULL),
        jsonb_object_agg(key, after.value) FILTER (WHERE after.value IS NOT NULL)
    FROM jsonb_each(to_jsonb(old)) AS before (key, value)
    FULL JOIN jsonb_each(to_jsonb(new)) AS after (key, value) USING (key)
    WHERE before.value IS DISTINCT FROM after.value
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION public.record_job_change() IS 'Trigger function: writes down in job_change who changed which settings of a job.';
