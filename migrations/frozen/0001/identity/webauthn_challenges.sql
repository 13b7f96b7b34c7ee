-- Barycenter's table. Made only where it is missing; one that is there is left as it is.
DO $$
BEGIN
    IF pg_catalog.to_regclass('webauthn_challenges') IS NULL THEN
        CREATE TABLE public.webauthn_challenges (
            challenge varchar PRIMARY KEY,
            subject varchar,
            session_id varchar,
            challenge_type varchar NOT NULL,
            created_at bigint NOT NULL,
            expires_at bigint NOT NULL,
            options_json varchar NOT NULL
        );
        CREATE INDEX idx_webauthn_challenges_expires ON public.webauthn_challenges (expires_at);
        COMMENT ON TABLE public.webauthn_challenges IS
            'Barycenter''s WebAuthn challenges. Times are Unix epoch seconds, UTC.';
    END IF;
END
$$;
