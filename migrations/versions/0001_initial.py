"""Barycenter's identity tables where they are missing; the jobs, their log, and their schedule.

Revision: 0001, after nothing. Installs ``frozen/0001/``.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Roles belong to the cluster. One that people were granted, or that another database uses, stays.
DROP_ROLES = """
DO $$
DECLARE
    v_role text;
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_auth_members AS granted
        WHERE
            granted.roleid IN ('barycenter_jobs_reader'::regrole, 'barycenter_jobs_operator'::regrole)
            AND granted.member NOT IN ('barycenter_jobs_operator'::regrole, current_user::regrole)
    ) THEN
        FOREACH v_role IN ARRAY ARRAY['barycenter_jobs_operator', 'barycenter_jobs_reader'] LOOP
            EXECUTE pg_catalog.format('DROP ROLE %I', v_role);
        END LOOP;
    END IF;
EXCEPTION
    WHEN dependent_objects_still_exist OR insufficient_privilege THEN
        RAISE NOTICE 'The roles barycenter_jobs_reader and barycenter_jobs_operator stay: %', SQLERRM;
END
$$
"""


def upgrade() -> None:
    op.install_frozen(revision)


def downgrade() -> None:
    op.uninstall_frozen(revision)
    op.execute(DROP_ROLES)
