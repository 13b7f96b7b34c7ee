-- Only the columns that the job needs: a view on more would stand in the way of Barycenter's own migrations.
CREATE VIEW public.expired_sessions AS
SELECT
    session_id,
    expires_at
FROM public.sessions
WHERE expires_at < floor(extract(EPOCH FROM now()))::bigint;

COMMENT ON VIEW public.expired_sessions IS
    'What cleanup_expired_sessions deletes: sessions past expires_at.';
