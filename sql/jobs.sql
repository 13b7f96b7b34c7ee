-- The catalogue: the one list of jobs. A name that is not here is not a job; a row that is here
-- keeps what operators have set (schedule, enabled, batch_size, grace_period, keep_history).
WITH catalogue (position, name, description, schedule, target, expired, looks_ahead, grace_period) AS (
    VALUES
    (
        1::smallint,
        'cleanup_expired_sessions',
        'Clean up expired user sessions',
        '0 * * * *',
        'sessions'::name,
        'expired_sessions'::name,
        false,
        NULL::interval
    ),
    (
        2,
        'cleanup_expired_refresh_tokens',
        'Clean up expired refresh tokens',
        '30 * * * *',
        'refresh_tokens',
        'expired_refresh_tokens',
        true,
        '24 hours'
    ),
    (
        3,
        'cleanup_expired_challenges',
        'Clean up expired WebAuthn challenges',
        '*/5 * * * *',
        'webauthn_challenges',
        'expired_challenges',
        true,
        NULL
    ),
    (
        4,
        'cleanup_expired_device_codes',
        'Clean up expired device authorization codes',
        '45 * * * *',
        'device_codes',
        'expired_device_codes',
        false,
        NULL
    )
),
listed AS (
    INSERT INTO public.job (position, name, description, schedule, target, expired, looks_ahead, grace_period)
    SELECT position, name, description, schedule, target, expired, looks_ahead, grace_period
    FROM catalogue
    ON CONFLICT (name) DO UPDATE
        SET
            position = excluded.position,
            description = excluded.description,
            target = excluded.target,
            expired = excluded.expired,
            looks_ahead = excluded.looks_ahead
)
DELETE FROM public.job
WHERE name NOT IN (SELECT catalogue.name FROM catalogue);
