-- Barycenter's table. Made only where it is missing; one that is there is left as it is.
DO $$
BEGIN
    IF pg_catalog.to_regclass('refresh_tokens') IS NULL THEN
        CREATE TABLE public.refresh_tokens (
            token varchar PRIMARY KEY,
            client_id varchar NOT NULL,
            subject varchar NOT NULL,
            scope varchar NOT NULL,
            created_at bigint NOT NULL,
            expires_at bigint NOT NULL,
            revoked bigint NOT NULL DEFAULT 0,
            parent_token varchar
        );
        CREATE INDEX idx_refresh_tokens_expires ON public.refresh_tokens (expires_at);
        COMMENT ON TABLE public.refresh_tokens IS
            'Barycenter''s OAuth 2.0 refresh tokens. Using one revokes it and issues a successor whose parent_token it is. Times are Unix epoch seconds, UTC.';
    END IF;
END
$$;
