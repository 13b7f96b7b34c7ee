-- Barycenter's table. Made only where it is missing; one that is there is left as it is.
DO $$
BEGIN
    IF pg_catalog.to_regclass('sessions') IS NULL THEN
        CREATE TABLE public.sessions (
            session_id varchar PRIMARY KEY,
            subject varchar NOT NULL,
            auth_time bigint NOT NULL,
            created_at bigint NOT NULL,
            expires_at bigint NOT NULL,
            user_agent varchar,
            ip_address varchar,
            amr varchar,
            acr varchar,
            mfa_verified bigint NOT NULL DEFAULT 0
        );
        CREATE INDEX idx_sessions_expires ON public.sessions (expires_at);
        COMMENT ON TABLE public.sessions IS
            'Barycenter''s user sessions. Times are Unix epoch seconds, UTC.';
    END IF;
END
$$;
