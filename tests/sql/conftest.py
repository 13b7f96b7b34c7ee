"""What the tests of declared jobs share: a schema for their tables, which goes afterwards, and its jobs with it."""

from collections.abc import Iterator

import pytest

from ..cluster import Cluster, Connection
from ..conftest import SCHEDULES

NEVER = "0 0 29 2 *"  # not due for as long as the suite runs


@pytest.fixture
def trial(owner: Connection, database: Cluster) -> Iterator[Connection]:
    """The owner, with an empty schema ``trial``."""
    owner.execute("CREATE SCHEMA trial")
    yield owner
    with database.connect() as again, database.connect(database.superuser) as superuser:
        again.execute("SELECT drop_job(name) FROM job WHERE name <> ALL (%s)", [list(SCHEDULES)])
        superuser.execute("SET client_min_messages = warning")
        superuser.execute("DROP SCHEMA trial CASCADE")


def declare(owner: Connection, view: str = "trial.expired", name: str = "trial", schedule: str = NEVER) -> None:
    owner.execute(
        "SELECT create_job(%s, expired => %s::regclass, schedule => %s, description => 'Clean up')",
        [name, view, schedule],
    )
