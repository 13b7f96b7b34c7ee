"""${message}

Revision: ${up_revision}, after ${down_revision or "nothing"}. Installs ``frozen/${up_revision}/``.
"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    op.install_frozen(revision)


def downgrade() -> None:
    op.uninstall_frozen(revision)
