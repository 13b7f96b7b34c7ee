"""Which state of the database this server is for."""

from pathlib import Path

from alembic.script import ScriptDirectory


def head() -> str:
    """The migrations' last revision."""
    directory = ScriptDirectory(f"{Path(__file__).parents[1] / 'migrations'}")
    return directory.get_current_head() or ""
