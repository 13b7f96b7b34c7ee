"""Each of these tests gets an empty database, and leaves a migrated one."""

from collections.abc import Iterator

import pytest

from ..conftest import Cluster, alembic, empty, migrate


@pytest.fixture
def unmigrated(migrated: Cluster) -> Iterator[Cluster]:
    migrated.wait()
    empty(migrated)
    alembic(migrated.owner)
    yield migrated
    empty(migrated)
    migrate(migrated)
