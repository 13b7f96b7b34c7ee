-- Few columns: Barycenter could not change a column that a view names. A subquery: it is evaluated once, not for each row.
CREATE OR REPLACE VIEW barycenter_jobs.expired_device_codes AS
SELECT
    ctid AS row_id,
    device_code,
    expires_at
FROM device_codes
WHERE expires_at < (SELECT floor(date_part('epoch', now()))::bigint);

COMMENT ON VIEW barycenter_jobs.expired_device_codes IS 'What cleanup_expired_device_codes deletes: device codes past expires_at.';

SELECT barycenter_jobs.create_job(
    'cleanup_expired_device_codes',
    expired => 'barycenter_jobs.expired_device_codes',
    schedule => '45 * * * *',
    description => 'Clean up expired device authorization codes',
    place => 4
);
