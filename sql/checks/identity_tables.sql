-- Barycenter's tables are adopted as they are, where the role's search_path finds them. If one is not what the jobs expect, nothing is installed.
DO $$
DECLARE
    v_wrong record;
BEGIN
    FOR v_wrong IN
        SELECT
            expected.table_name,
            expected.column_name,
            expected.type,
            expected.needed,
            pg_catalog.format_type(found.atttypid, NULL) AS found_type
        FROM (
            VALUES
            ('sessions', 'session_id', 'character varying', true),
            ('sessions', 'subject', 'character varying', false),
            ('sessions', 'auth_time', 'bigint', false),
            ('sessions', 'created_at', 'bigint', false),
            ('sessions', 'expires_at', 'bigint', true),
            ('sessions', 'user_agent', 'character varying', false),
            ('sessions', 'ip_address', 'character varying', false),
            ('sessions', 'amr', 'character varying', false),
            ('sessions', 'acr', 'character varying', false),
            ('sessions', 'mfa_verified', 'bigint', false),
            ('refresh_tokens', 'token', 'character varying', true),
            ('refresh_tokens', 'client_id', 'character varying', false),
            ('refresh_tokens', 'subject', 'character varying', false),
            ('refresh_tokens', 'scope', 'character varying', false),
            ('refresh_tokens', 'created_at', 'bigint', true),
            ('refresh_tokens', 'expires_at', 'bigint', true),
            ('refresh_tokens', 'revoked', 'bigint', true),
            ('refresh_tokens', 'parent_token', 'character varying', true),
            ('webauthn_challenges', 'challenge', 'character varying', true),
            ('webauthn_challenges', 'subject', 'character varying', false),
            ('webauthn_challenges', 'session_id', 'character varying', false),
            ('webauthn_challenges', 'challenge_type', 'character varying', false),
            ('webauthn_challenges', 'created_at', 'bigint', true),
            ('webauthn_challenges', 'expires_at', 'bigint', true),
            ('webauthn_challenges', 'options_json', 'character varying', false),
            ('device_codes', 'device_code', 'character varying', true),
            ('device_codes', 'user_code', 'character varying', false),
            ('device_codes', 'client_id', 'character varying', false),
            ('device_codes', 'client_name', 'character varying', false),
            ('device_codes', 'scope', 'character varying', false),
            ('device_codes', 'device_info', 'character varying', false),
            ('device_codes', 'created_at', 'bigint', false),
            ('device_codes', 'expires_at', 'bigint', true),
            ('device_codes', 'last_poll_at', 'bigint', false),
            ('device_codes', 'interval', 'integer', false),
            ('device_codes', 'status', 'character varying', false),
            ('device_codes', 'subject', 'character varying', false),
            ('device_codes', 'auth_time', 'bigint', false),
            ('device_codes', 'amr', 'character varying', false),
            ('device_codes', 'acr', 'character varying', false)
        ) AS expected (table_name, column_name, type, needed)
        LEFT JOIN pg_catalog.pg_attribute AS found
            ON
                found.attrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(expected.table_name)
                AND found.attname OPERATOR(pg_catalog.=) expected.column_name
                AND NOT found.attisdropped
        WHERE pg_catalog.to_regclass(expected.table_name) IS NOT NULL
    LOOP
        IF v_wrong.found_type IS NULL AND v_wrong.needed THEN
            RAISE EXCEPTION 'The table "%" has no column "%"', v_wrong.table_name, v_wrong.column_name
            USING ERRCODE = 'JB011', HINT = 'Let Barycenter migrate its tables first, or let DATABASE_URL name its database.';
        END IF;
        IF v_wrong.found_type OPERATOR(pg_catalog.<>) v_wrong.type THEN
            RAISE EXCEPTION 'The column "%.%" is of type %, but the jobs expect %',
                v_wrong.table_name, v_wrong.column_name, v_wrong.found_type, v_wrong.type
            USING ERRCODE = 'JB011', HINT = 'Let Barycenter migrate its tables first, or let DATABASE_URL name its database.';
        END IF;
    END LOOP;

    FOR v_wrong IN
        SELECT table_name
        FROM (VALUES ('sessions'), ('refresh_tokens'), ('webauthn_challenges'), ('device_codes')) AS identity (table_name)
        WHERE
            pg_catalog.to_regclass(table_name) IS NOT NULL
            AND NOT (
                pg_catalog.has_table_privilege(table_name, 'SELECT')
                AND pg_catalog.has_table_privilege(table_name, 'UPDATE')
                AND pg_catalog.has_table_privilege(table_name, 'DELETE')
            )
    LOOP
        RAISE EXCEPTION 'The role "%" may not clean up the table "%"', current_user, v_wrong.table_name
        USING ERRCODE = 'JB010', HINT = pg_catalog.format(
            'Let its owner run: GRANT SELECT, UPDATE, DELETE ON %s TO %I;', pg_catalog.to_regclass(v_wrong.table_name), current_user
        );
    END LOOP;
END
$$;
