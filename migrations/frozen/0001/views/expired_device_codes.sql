CREATE VIEW public.expired_device_codes AS
SELECT
    device_code,
    expires_at
FROM public.device_codes
WHERE expires_at < floor(extract(EPOCH FROM now()))::bigint;

COMMENT ON VIEW public.expired_device_codes IS
    'What cleanup_expired_device_codes deletes: device codes past expires_at.';
