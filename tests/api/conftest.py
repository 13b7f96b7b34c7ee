from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from ..cluster import Cluster
from .server import serving

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def endpoint(migrated: Cluster) -> Iterator[str]:
    with serving(migrated.app) as url:
        yield url


@pytest.fixture
def ask(database: Cluster, endpoint: str) -> Iterator[Ask]:
    """Sends a query and returns the whole answer."""
    with httpx.Client(timeout=60) as client:

        def ask(query: str, **variables: Any) -> dict[str, Any]:
            response = client.post(endpoint, json={"query": query, "variables": variables})
            assert response.status_code == 200, response.text
            answer: dict[str, Any] = response.json()
            return answer

        yield ask
