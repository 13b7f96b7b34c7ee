-- What each role may do. Nobody but the owner touches the identity tables or writes the log.
REVOKE ALL ON TABLE public.job, public.job_execution, public.job_change, public.job_status FROM public;
REVOKE ALL ON TABLE
    public.expired_sessions,
    public.expired_refresh_tokens,
    public.unneeded_refresh_tokens,
    public.expired_challenges,
    public.expired_device_codes
FROM public;
REVOKE ALL ON PROCEDURE public.run_job(text, text, uuid, bigint, bigint), public.run_overdue_job() FROM public;
REVOKE ALL ON FUNCTION
    public.find_job(text),
    public.cron_field(text, text, integer, integer, text[]),
    public.pg_cron_knows(text),
    public.next_run(text, timestamptz),
    public.check_schedule(),
    public.start_execution(text, text, uuid),
    public.run_batch(bigint),
    public.next_batch(public.job, public.job_execution),
    public.prune_history(public.job),
    public.is_lost(bigint),
    public.close_lost_executions(),
    public.sync_schedule(),
    public.check_health(),
    public.cron_command(text, text),
    public.cron_job_names(text),
    public.schedule_drift(),
    public.pg_cron_is_here(),
    public.job_changed(),
    public.record_job_change(),
    public.pause_job(text),
    public.resume_job(text),
    public.reschedule_job(text, text),
    public.cancel_job(text),
    public.preview_job(text),
    public.delete_expired(regclass, name, bigint, bigint, integer),
    public.delete_rows(regclass, name, text[]),
    public.delete_rotated_refresh_tokens(bigint, bigint, integer),
    public.rotated_and_free(varchar[], varchar[]),
    public.cleanup_expired_sessions(bigint, bigint, integer),
    public.cleanup_expired_refresh_tokens(bigint, bigint, integer),
    public.cleanup_expired_challenges(bigint, bigint, integer),
    public.cleanup_expired_device_codes(bigint, bigint, integer)
FROM public;

GRANT USAGE ON SCHEMA public TO barycenter_jobs_reader;
GRANT SELECT ON TABLE public.job, public.job_execution, public.job_change, public.job_status TO barycenter_jobs_reader;
GRANT EXECUTE ON FUNCTION public.is_lost(bigint), public.next_run(text, timestamptz), public.check_health()
TO barycenter_jobs_reader;

-- run_job has its caller's rights, so its steps are granted too; called by hand they do what run_job does.
GRANT EXECUTE ON PROCEDURE public.run_job(text, text, uuid, bigint, bigint) TO barycenter_jobs_operator;
GRANT EXECUTE ON FUNCTION public.start_execution(text, text, uuid), public.run_batch(bigint)
TO barycenter_jobs_operator;
GRANT EXECUTE ON FUNCTION
    public.pause_job(text),
    public.resume_job(text),
    public.reschedule_job(text, text),
    public.cancel_job(text),
    public.preview_job(text)
TO barycenter_jobs_operator;
