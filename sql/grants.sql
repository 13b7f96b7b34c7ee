-- What each role may do. Nobody but the owner touches the identity tables or writes the log.
REVOKE ALL ON SCHEMA barycenter_jobs FROM public;
REVOKE ALL ON ALL TABLES IN SCHEMA barycenter_jobs FROM public;
REVOKE ALL ON ALL ROUTINES IN SCHEMA barycenter_jobs FROM public;
REVOKE ALL ON TABLE public.job_execution, public.job_status FROM public;

GRANT USAGE ON SCHEMA barycenter_jobs, public TO barycenter_jobs_reader;
GRANT SELECT ON TABLE
    public.job_execution, public.job_status, barycenter_jobs.job, barycenter_jobs.job_change, barycenter_jobs.job_history
TO barycenter_jobs_reader;
GRANT EXECUTE ON FUNCTION
    barycenter_jobs.is_lost(bigint),
    barycenter_jobs.next_run(text, timestamptz),
    barycenter_jobs.last_sign_of(text),
    barycenter_jobs.failures_in_a_row(text),
    barycenter_jobs.check_health()
TO barycenter_jobs_reader;

-- run_job has its caller's rights, so its steps are granted too; called by hand they do what run_job does.
GRANT EXECUTE ON PROCEDURE barycenter_jobs.run_job(text, uuid) TO barycenter_jobs_operator;
GRANT EXECUTE ON FUNCTION
    barycenter_jobs.start_execution(text, uuid),
    barycenter_jobs.run_batch(bigint),
    barycenter_jobs.report_execution(bigint),
    barycenter_jobs.pause_job(text, text, timestamptz),
    barycenter_jobs.resume_job(text),
    barycenter_jobs.reschedule_job(text, text),
    barycenter_jobs.configure_job(text, interval, interval),
    barycenter_jobs.cancel_job(text),
    barycenter_jobs.preview_job(text)
TO barycenter_jobs_operator;
