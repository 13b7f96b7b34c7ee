"""Other people's clients and audits, unmodified: npm's graphql-http and graphql-sse, and Python's gql."""

import asyncio
import json

import httpx
from gql import Client, gql
from gql.transport.httpx import HTTPXAsyncTransport, HTTPXTransport
from graphql import (
    build_client_schema,
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
)

from ..cluster import ROOT, Cluster, Connection
from ..conftest import SESSIONS, add_sessions
from .npm import node


def test_all_audits_of_graphql_over_http_are_met(endpoint: str) -> None:
    audits = node("audits.mjs", endpoint)
    output, _ = audits.communicate(timeout=60)
    print(output)
    assert output == "61 of 61 audits are met\n"


def test_gql_fetches_the_schema_validates_against_it_and_asks(
    endpoint: str, owner: Connection, database: Cluster
) -> None:
    add_sessions(owner, 3, -10)
    client = Client(transport=HTTPXTransport(url=endpoint), fetch_schema_from_transport=True)
    with client as session:
        assert client.schema is not None
        query = gql("query ($name: String!) { job(name: $name) { name schedule preview { records } } }")
        query.variable_values = {"name": SESSIONS}
        assert session.execute(query) == {
            "job": {"name": SESSIONS, "schedule": "0 0 * * * *", "preview": {"records": 3}}
        }
        trigger = gql(f'mutation {{ triggerJob(jobName: "{SESSIONS}") {{ success recordsProcessed }} }}')
        assert session.execute(trigger) == {"triggerJob": {"success": True, "recordsProcessed": 3}}


def test_gql_asks_asynchronously_too(endpoint: str) -> None:
    async def ask() -> dict[str, object]:
        async with Client(transport=HTTPXAsyncTransport(url=endpoint)) as session:
            answer: dict[str, object] = await session.execute(gql("{ availableJobs { name } }"))
            return answer

    assert SESSIONS in json.dumps(asyncio.run(ask()))


def test_graphql_sse_subscribes(endpoint: str, owner: Connection, database: Cluster) -> None:
    add_sessions(owner, 3, -10)
    query = "subscription { jobExecutions { id jobName status recordsProcessed completedAt } }"
    with node("subscribe.mjs", endpoint, query, "2") as client:
        assert client.stdout is not None
        assert owner.execute("SELECT pg_sleep(2)")  # it has connected by now, and has seen the end of nothing
        owner.execute(f"CALL run_job('{SESSIONS}')")
        started, ended = (json.loads(client.stdout.readline())["data"]["jobExecutions"] for _ in range(2))
        assert client.wait(timeout=10) == 0
    assert (started["jobName"], started["status"], started["completedAt"]) == (SESSIONS, "RUNNING", None)
    assert (ended["id"], ended["status"], ended["recordsProcessed"]) == (started["id"], "SUCCEEDED", 3)


def test_graphql_sse_gets_a_query_and_a_refusal_as_events_too(endpoint: str) -> None:
    for query, expected in (("{ __typename }", {"data": {"__typename": "Query"}}), ("{ nope }", None)):
        output, _ = node("subscribe.mjs", endpoint, query).communicate(timeout=20)
        event, end = output.splitlines()
        assert end == "complete"
        if expected:
            assert json.loads(event) == expected
        else:
            assert "Cannot query field 'nope'" in json.loads(event)["errors"][0]["message"]


def test_the_sdl_is_what_the_server_has(endpoint: str) -> None:
    """Every type, field, argument and value of it with a description."""
    introspection = get_introspection_query(specified_by_url=True, schema_description=True)
    served = build_client_schema(httpx.post(endpoint, json={"query": introspection}).json()["data"])
    sdl = (ROOT / "app" / "schema.graphql").read_text()
    assert print_schema(lexicographic_sort_schema(served)) == print_schema(lexicographic_sort_schema(build_schema(sdl)))
    undescribed = []
    for type_ in build_schema(sdl).type_map.values():
        if type_.ast_node is None or type_.name in ("Query", "Mutation", "Subscription"):
            continue
        undescribed += [] if type_.description else [type_.name]
    for type_ in build_schema(sdl).type_map.values():
        if type_.name.startswith("__"):
            continue
        for name, field in getattr(type_, "fields", getattr(type_, "values", {})).items():
            undescribed += [] if field.description else [f"{type_.name}.{name}"]
            for argument_name, argument in getattr(field, "args", {}).items():
                undescribed += [] if argument.description else [f"{type_.name}.{name}({argument_name})"]
    assert undescribed == []
