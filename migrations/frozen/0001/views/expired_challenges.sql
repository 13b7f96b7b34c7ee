CREATE VIEW public.expired_challenges AS
SELECT
    challenge,
    created_at,
    expires_at
FROM public.webauthn_challenges
WHERE
    expires_at < floor(extract(EPOCH FROM now()))::bigint
    OR created_at < floor(extract(EPOCH FROM now() - interval '5 minutes'))::bigint;

COMMENT ON VIEW public.expired_challenges IS
    'What cleanup_expired_challenges deletes: WebAuthn challenges older than 5 minutes, or past expires_at.';
