"""What a hostile document may cost, and graphql-cop's checks, ported
(https://github.com/dolevf/graphql-cop): each sends what it sends and looks for what it looks for."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from barycenter_jobs.errors import RateLimitedError
from barycenter_jobs.rate import Rate

from ..cluster import Cluster
from ..conftest import SESSIONS
from .server import serving

NESTED = "{ a " * 400 + "}" * 400
BOMB = "query { ...f0 } " + " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(40))


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("{ " + "a: __typename " * 31 + "}", "31 aliases: 30 are allowed"),
        ("{ " + "__typename " * 21 + "}", "21 fields at the root: 20 are allowed"),
        ("{ ...f } fragment f on Query { " + "__typename " * 21 + "}", "21 fields at the root"),
        ("{ a" * 16 + " }" * 16, "16 levels of fields: 15 are allowed"),
        (NESTED, "nested too deeply"),
        ("{ jobLogs(limit: " + "9" * 5000 + ") { id } }", "costs"),
        ("{ " + " ".join(f"a{n}: __schema {{ queryType {{ name }} }}" for n in range(6)) + "}", "costs"),
        ("{ __typename " + "@skip(if: false) " * 21 + "}", "21 directives: 20 are allowed"),
        ("{ " + "availableJobs { name } " * 300 + "}", "token"),
        ("{ a: jobLogs(limit: 1000) { " + "id " * 20 + "} b: jobLogs(limit: 1000) { " + "id " * 20 + "} }", "costs"),
        (BOMB + " fragment f40 on Query { __typename }", "fields at the root"),
        ("{ availableJobs { preview { records } a: preview { records } b: preview { records }"
         " c: preview { records } d: preview { records } } }", "costs"),
    ],
)  # fmt: skip
def test_a_document_that_asks_for_too_much_is_refused_at_once(endpoint: str, query: str, complaint: str) -> None:
    began = time.monotonic()
    answer = httpx.post(endpoint, json={"query": query}).json()
    assert time.monotonic() - began < 2
    assert complaint in answer["errors"][0]["message"]
    assert "data" not in answer


def test_a_limit_in_a_variable_costs_as_much(endpoint: str) -> None:
    fields = "id " * 20
    query = f"query ($n: Int) {{ a: jobLogs(limit: $n) {{ {fields} }} b: jobLogs(limit: $n) {{ {fields} }} }}"
    assert "data" in httpx.post(endpoint, json={"query": query, "variables": {"n": 500}}).json()
    [error] = httpx.post(endpoint, json={"query": query, "variables": {"n": 1000}}).json()["errors"]
    assert error["extensions"] == {"code": "TOO_MUCH"}
    assert "data" in httpx.post(endpoint, json={"query": query}).json()
    [error] = httpx.post(endpoint, json={"query": query.replace("$n: Int", "$n: Int = 1000")}).json()["errors"]
    assert error["extensions"] == {"code": "TOO_MUCH"}


def test_no_other_way_to_write_a_limit_is_cheaper(endpoint: str) -> None:
    logs = " ".join(f"a{n}: jobLogs(limit: $n) {{ {'id ' * 20}}}" for n in range(2))
    for query, variables in (
        (f"query ($n: Int) {{ {logs} }}", {"n": 1000.0}),
        (f"query B($n: Int = 1000) {{ {logs} }} query A($n: Int = 1) {{ jobLogs(limit: $n) {{ id }} }}", {}),
        (f"query A($n: Int = 1) {{ jobLogs(limit: $n) {{ id }} }} query B($n: Int = 1000) {{ {logs} }}", {}),
    ):
        body = {"query": query, "variables": variables, "operationName": "B" if " B(" in query else None}
        [error] = httpx.post(endpoint, json=body).json()["errors"]
        assert error["extensions"] == {"code": "TOO_MUCH"}, query


def test_what_graphqls_own_tools_ask_is_not_too_much(endpoint: str) -> None:
    from graphql import get_introspection_query

    answer = httpx.post(endpoint, json={"query": get_introspection_query(input_value_deprecation=True)}).json()
    assert answer.keys() == {"data"}


def test_triggers_are_limited_within_any_minute() -> None:
    now = 0.0
    rate = Rate(2, clock=lambda: now)
    rate.count()
    now = 30
    rate.count()
    with pytest.raises(RateLimitedError, match="Try again in 30 seconds"):
        rate.count()
    now = 60.5
    rate.count()
    with pytest.raises(RateLimitedError):
        rate.count()


def test_a_trigger_too_many_is_an_error_and_runs_nothing(migrated: Cluster) -> None:
    query = {"query": 'mutation { triggerJob(jobName: "nope") { success } }'}
    with serving(migrated.app) as url, httpx.Client() as client:
        answers = [client.post(url, json=query).json() for _ in range(121)]
    assert [answer.keys() for answer in answers[:120]] == [{"data"}] * 120
    [error] = answers[120]["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED"}


@pytest.fixture(scope="module")
def closed(migrated: Cluster) -> Iterator[str]:
    with serving(migrated.app, JOBS_INTROSPECTION="off") as url:
        yield url


def posted(url: str, query: Any) -> Any:
    return httpx.post(url, json=query).json()


def batch(url: str) -> bool:
    answer = posted(url, [{"query": "query { __typename }"}] * 11)
    return isinstance(answer, list) and len(answer) >= 10


def graphiql(url: str) -> bool:
    base = url.removesuffix("/admin/jobs")
    pages = ("/graphiql", "/playground", "/console", "/graphql", "/v1/graphiql", "/", "/graph", "/explorer")
    texts = [httpx.get(f"{base}{page}", headers={"Accept": "text/html"}).text.lower() for page in pages]
    return any(word in text for text in texts for word in ("graphiql", "playground", "graphql console"))


# Each finds something (True), or does not.
CHECKS: dict[str, Callable[[str], bool]] = {
    "alias overloading": lambda url: (
        posted(url, {"query": "query { " + " ".join(f"alias{n}: __typename" for n in range(101)) + " }"})
        .get("data", {})
        .get("alias100")
        is not None
    ),
    "array-based query batching": batch,
    "directive overloading": lambda url: (
        len(posted(url, {"query": "query { __typename " + "@aa" * 10 + " }"})["errors"]) == 10
    ),
    "circular query using introspection": lambda url: (
        "data"
        in posted(
            url,
            {"query": "{ __schema { types { fields { type { fields { type { fields { type { fields { type { name"
                      " } } } } } } } } } } }"},
        )
    ),
    "circular fragment": lambda url: (
        "errors"
        not in posted(
            url,
            {"query": "{ __schema { ...A } } fragment A on __Schema { __typename ...B } fragment B on __Schema"
                      " { ...A }"},
        )
    ),
    "field duplication": lambda url: "data" in posted(url, {"query": "query { " + "__typename \n" * 500 + "}"}),
    "field suggestions": lambda url: (
        "did you mean" in f"{posted(url, {'query': 'query { __schema { directive } }'})}".lower()
        or "did you mean" in f"{posted(url, {'query': 'query { availableJob { name } }'})}".lower()
    ),
    "introspection": lambda url: (
        "data" in posted(url, {"query": "query { __schema { types { name fields { name } } } }"})
    ),
    "GET method query support": lambda url: "data" in httpx.get(url, params={"query": "query { __typename }"}).json(),
    "GET based mutation": lambda url: "data" in httpx.get(url, params={"query": "mutation { __typename }"}).json(),
    "POST based URL-encoded query": lambda url: (
        "data" in httpx.post(url, data={"query": "query { __typename }"}).json()
    ),
    "trace mode": lambda url: (
        any(word in f"{posted(url, {'query': 'query { __typename }'})}".lower() for word in ("tracing", "stacktrace"))
    ),
    "unhandled errors": lambda url: "exception" in f"{posted(url, {'query': 'qwerty cop { abc }'})}".lower(),
    "GraphQL IDE": graphiql,
}  # fmt: skip


@pytest.mark.parametrize("check", CHECKS)
def test_graphql_cop_finds_nothing(closed: str, check: str) -> None:
    assert not CHECKS[check](closed)


def test_graphql_cops_checks_can_find_something(endpoint: str) -> None:
    assert CHECKS["introspection"](endpoint)
    assert CHECKS["field suggestions"](endpoint)


def test_without_introspection_a_variable_is_told_no_suggestion_either(closed: str) -> None:
    query = "query ($status: ExecutionStatus) { jobLogs(status: $status) { id } }"
    answer = posted(closed, {"query": query, "variables": {"status": "FAILE"}})
    assert "errors" in answer
    assert "Did you mean" not in f"{answer}"
    assert SESSIONS in f"{posted(closed, {'query': '{ availableJobs { name } }'})}"
