-- Barycenter's table. Made only where it is missing; one that is there is left as it is.
DO $$
BEGIN
    IF pg_catalog.to_regclass('device_codes') IS NULL THEN
        CREATE TABLE public.device_codes (
            device_code varchar PRIMARY KEY,
            user_code varchar NOT NULL,
            client_id varchar NOT NULL,
            client_name varchar,
            scope varchar NOT NULL,
            device_info varchar,
            created_at bigint NOT NULL,
            expires_at bigint NOT NULL,
            last_poll_at bigint,
            "interval" integer NOT NULL DEFAULT 5,
            status varchar NOT NULL DEFAULT 'pending',
            subject varchar,
            auth_time bigint,
            amr varchar,
            acr varchar
        );
        CREATE INDEX idx_device_codes_user_code ON public.device_codes (user_code);
        CREATE INDEX idx_device_codes_expires_at ON public.device_codes (expires_at);
        CREATE INDEX idx_device_codes_status ON public.device_codes (status);
        COMMENT ON TABLE public.device_codes IS
            'Barycenter''s OAuth 2.0 device authorization codes (RFC 8628). Times are Unix epoch seconds, UTC.';
    END IF;
END
$$;
