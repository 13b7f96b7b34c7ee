-- A rotated token (revoked, with a successor) goes once its successor is as old as the job's retention. Only the
-- successor tells its age, so a successor stays until the token that it replaced is gone, or has expired itself.
CREATE OR REPLACE VIEW barycenter_jobs.rotated_refresh_tokens AS
SELECT
    parent.ctid AS row_id,
    parent.token,
    parent.parent_token,
    parent.created_at,
    parent.expires_at,
    successor.expires_at AS successor_expires_at
FROM refresh_tokens AS successor
INNER JOIN refresh_tokens AS parent ON successor.parent_token = parent.token
WHERE
    parent.revoked <> 0
    AND successor.created_at < (
        SELECT floor(extract(EPOCH FROM now()) - extract(EPOCH FROM job.retention))::bigint
        FROM barycenter_jobs.job
        WHERE job.name = 'cleanup_expired_refresh_tokens'
    );

COMMENT ON VIEW barycenter_jobs.rotated_refresh_tokens IS
    'Rotated refresh tokens whose successor is older than the job''s retention; once per successor.';

CREATE OR REPLACE VIEW barycenter_jobs.expired_refresh_tokens AS
SELECT
    due.row_id,
    due.token,
    due.expires_at
FROM (
    SELECT token.ctid AS row_id, token.token, token.parent_token, token.created_at, token.expires_at
    FROM refresh_tokens AS token
    WHERE token.expires_at < floor(extract(EPOCH FROM now()))::bigint
    UNION
    SELECT rotated.row_id, rotated.token, rotated.parent_token, rotated.created_at, rotated.expires_at
    FROM barycenter_jobs.rotated_refresh_tokens AS rotated
) AS due
LEFT JOIN refresh_tokens AS parent
    ON
        due.parent_token = parent.token
        AND parent.token <> due.token
        AND parent.revoked <> 0
        AND parent.expires_at >= floor(extract(EPOCH FROM now()))::bigint
        AND due.created_at >= (
            SELECT floor(extract(EPOCH FROM now()) - extract(EPOCH FROM job.retention))::bigint
            FROM barycenter_jobs.job
            WHERE job.name = 'cleanup_expired_refresh_tokens'
        )
WHERE parent.token IS NULL;

COMMENT ON VIEW barycenter_jobs.expired_refresh_tokens IS
    'What cleanup_expired_refresh_tokens deletes: refresh tokens past expires_at, and rotated ones past the job''s retention; but none that is the only sign of a rotated token''s age.';

CREATE OR REPLACE FUNCTION barycenter_jobs.find_expired_refresh_tokens(p_first bigint, p_before bigint, p_staying tid [])
RETURNS TABLE (row_id tid, waits boolean)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- One look-up by primary key per token. A join of another kind reads the whole table for each batch.
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
    v_now bigint := floor(extract(EPOCH FROM now()));
    v_first bigint := coalesce(p_first, -9223372036854775808);
    v_last bigint := coalesce(p_before - 1, 9223372036854775807);
    v_issued_before bigint := (
        SELECT floor(v_now - extract(EPOCH FROM retention)) FROM barycenter_jobs.job WHERE name = 'cleanup_expired_refresh_tokens'
    );
BEGIN
    RETURN QUERY EXECUTE format(
        $query$
        WITH RECURSIVE due AS MATERIALIZED (
            SELECT token.ctid AS row_id, token.token, token.parent_token, token.created_at, token.expires_at
            FROM %1$s AS token
            WHERE token.expires_at BETWEEN $1 AND least($2, $3 - 1)
            UNION
            SELECT rotated.row_id, rotated.token, rotated.parent_token, rotated.created_at, rotated.expires_at
            FROM barycenter_jobs.rotated_refresh_tokens AS rotated
            WHERE rotated.successor_expires_at BETWEEN $1 AND $2
        ),
        found AS MATERIALIZED (
            SELECT
                due.row_id,
                due.token,
                due.parent_token,
                -- Its parent is found by it, and has not been: another part of the walk has to come first.
                parent.token IS NOT NULL AND due.expires_at NOT BETWEEN $1 AND $2 OR due.row_id = ANY ($5) AS waits
            FROM due
            LEFT JOIN %1$s AS parent
                ON due.parent_token = parent.token AND parent.token <> due.token
                AND parent.revoked <> 0 AND parent.expires_at >= $3
            WHERE parent.token IS NULL OR due.created_at < $4
        ),
        waiting AS (
            SELECT found.token FROM found WHERE found.waits
            UNION
            SELECT found.token FROM waiting INNER JOIN found ON waiting.token = found.parent_token
        )
        SELECT found.row_id, found.token IN (SELECT waiting.token FROM waiting) FROM found
        $query$,
        (SELECT target_table FROM barycenter_jobs.job WHERE name = 'cleanup_expired_refresh_tokens')
    )
    USING v_first, v_last, v_now, v_issued_before, p_staying;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.find_expired_refresh_tokens(bigint, bigint, tid []) IS
    'The refresh tokens that are due and found from p_first until before p_before (expires_at in epoch seconds; null: no limit): by their own expires_at, or by that of their successor. waits: the token has to stay until another, which only it leads to, is gone. p_staying: rows that cannot go.';

SELECT barycenter_jobs.create_job(
    'cleanup_expired_refresh_tokens',
    expired => 'barycenter_jobs.expired_refresh_tokens',
    finder => 'find_expired_refresh_tokens',
    schedule => '30 * * * *',
    description => 'Clean up expired refresh tokens',
    retention => '24 hours',
    place => 2
);
