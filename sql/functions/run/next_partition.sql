-- A drop fires no trigger, and checks a foreign key by reading both tables under its lock: such partitions are left to DELETE.
-- The operator's view may be wrong, so the row with the last key is looked at.
CREATE FUNCTION barycenter_jobs.next_partition(p_job barycenter_jobs.job, p_walk barycenter_jobs.walk)
RETURNS regclass
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_shown regclass[];
    v_partition regclass;
    v_key name;
    v_is_live boolean;
BEGIN
    EXECUTE format('SELECT ARRAY(SELECT partition FROM %s)', p_job.expired_partitions) INTO v_shown;
    FOR v_partition, v_key IN
        SELECT inhrelid, attname
        FROM pg_inherits
        INNER JOIN pg_partitioned_table ON inhparent = partrelid
        INNER JOIN pg_attribute ON partrelid = attrelid AND partattrs[0] = attnum
        WHERE
            inhparent = to_regclass(p_job.target_table)
            AND NOT inhdetachpending
            AND inhrelid = ANY (v_shown)
            AND inhrelid > p_walk.next_place::oid
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid IN (inhparent, inhrelid))
            AND NOT EXISTS (
                SELECT FROM pg_trigger WHERE tgrelid IN (inhparent, inhrelid) AND tgtype & 8 = 8 AND NOT tgisinternal -- DELETE
            )
        ORDER BY inhrelid
    LOOP
        EXECUTE format(
            'SELECT EXISTS (SELECT FROM (SELECT %1$I FROM %2$s ORDER BY %1$I DESC LIMIT 1) AS last'
            ' WHERE last.%1$I NOT IN (SELECT due.%1$I FROM %3$s AS due WHERE due.%1$I = last.%1$I))',
            v_key, v_partition, p_job.expired
        )
        INTO v_is_live;
        IF NOT v_is_live THEN
            RETURN v_partition;
        END IF;
        RAISE LOG 'Partition % is not dropped: its last row is not due', v_partition;
    END LOOP;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION barycenter_jobs.next_partition(barycenter_jobs.job, barycenter_jobs.walk) IS
    'The next partition of the job''s table that its view expired_partitions shows and that can go as a whole: the row with its last key is due, no DELETE trigger is on it or its table, and no foreign key refers to it. Null: there is none.';
