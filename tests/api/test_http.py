"""The transport: what is no GraphQL request is told so, and who may ask."""

import httpx
import pytest

from app.schema import SchemaError, bind, load_schema
from app.settings import Settings, SettingsError

from ..conftest import Cluster
from .server import free_port, serving, start

QUERY = {"query": "{ availableJobs { name } }"}


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        ('{"query": "{ __typename }"}', "application/json; charset=utf-8", 200),
        ('{"query": "{ __typename }"}', "text/plain", 415),
        ("query={ __typename }", "application/x-www-form-urlencoded", 415),
        ("{", "application/json", 400),
        (b"\xff", "application/json", 400),
        ("[]", "application/json", 400),
        ("{}", "application/json", 400),
        ('{"query": 1}', "application/json", 400),
        ('{"query": "{ __typename }", "variables": []}', "application/json", 400),
        ('{"query": "{ __typename }", "operationName": 1}', "application/json", 400),
        ("[" * 100000, "application/json", 400),
        (" " * 2_000_000, "application/json", 413),
    ],
)
def test_a_request_that_is_none_is_refused_with_the_right_status(
    endpoint: str, content: str | bytes, content_type: str, status: int
) -> None:
    response = httpx.post(endpoint, content=content, headers={"Content-Type": content_type})
    assert response.status_code == status
    assert "Traceback" not in response.text


@pytest.mark.parametrize("query", ["{", "{ nope }", "{ jobLogs { nope } }", "mutation { triggerJob { success } }"])
def test_a_query_that_does_not_fit_the_schema_is_a_request_error(endpoint: str, query: str) -> None:
    response = httpx.post(endpoint, json={"query": query})
    assert (response.status_code, response.json().keys()) == (200, {"errors"})
    response = httpx.post(endpoint, json={"query": query}, headers={"Accept": "application/graphql-response+json"})
    assert (response.status_code, response.json().keys()) == (400, {"errors"})


def test_other_methods_are_not_allowed(endpoint: str) -> None:
    assert httpx.get(endpoint).status_code == 405


def test_where_a_token_is_set_requests_need_it(migrated: Cluster) -> None:
    with serving(migrated.app, JOBS_ADMIN_TOKEN="s3cret") as endpoint:
        for headers in (
            {},
            {"Authorization": "Bearer no"},
            {"Authorization": "Basic s3cret"},
            {"Authorization": "Bearer"},
        ):
            response = httpx.post(endpoint, json=QUERY, headers=headers)
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
        response = httpx.post(endpoint, json=QUERY, headers={"Authorization": "Bearer s3cret"})
        assert len(response.json()["data"]["availableJobs"]) == 4


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_an_address_that_others_reach_needs_a_token(host: str) -> None:
    environment = {"DATABASE_URL": "postgresql://", "JOBS_HOST": host}
    with pytest.raises(SettingsError, match="JOBS_ADMIN_TOKEN"):
        Settings.from_environment(environment)
    assert Settings.from_environment({**environment, "JOBS_ADMIN_TOKEN": "x"}).host == host


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"JOBS_PORT": "http"}, "JOBS_PORT is 'http'"),
        ({"JOBS_PORT": "70000"}, "JOBS_PORT is '70000'"),
        ({"JOBS_HOST": "0.0.0.0"}, "set JOBS_ADMIN_TOKEN"),
        ({"JOBS_ADMIN_TOKEN_FILE": "/nowhere"}, "JOBS_ADMIN_TOKEN_FILE cannot be read"),
        ({"JOBS_ADMIN_TOKEN_FILE": "/dev/null", "JOBS_ADMIN_TOKEN": "x"}, "both set"),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_line_and_no_start(environment: dict[str, str], complaint: str) -> None:
    with start(free_port(), **{"database_url": "postgresql://", **environment}) as process:
        _, output = process.communicate(timeout=20)
    assert process.returncode == 1
    assert complaint in output
    assert len(output.splitlines()) == 1


def test_a_port_that_is_taken_is_one_line_and_no_start(migrated: Cluster, endpoint: str) -> None:
    port = httpx.URL(endpoint).port
    assert port is not None
    with start(port, migrated.app) as process:
        _, output = process.communicate(timeout=20)
    assert process.returncode == 1
    assert output == (
        f"barycenter-jobs: Cannot listen on 127.0.0.1, port {port}: Address already in use."
        " Set JOBS_HOST or JOBS_PORT.\n"
    )


def test_a_setting_may_be_the_content_of_a_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("secrets") / "token"
    file.write_text("s3cret\n")
    environment = {"DATABASE_URL": "postgresql://", "JOBS_ADMIN_TOKEN_FILE": f"{file}"}
    settings = Settings.from_environment(environment)
    assert settings.admin_token == "s3cret"
    assert "s3cret" not in repr(settings)


def test_the_server_refuses_a_field_without_a_resolver_and_a_resolver_without_a_field() -> None:
    from app.resolvers import FIELDS, SCALARS

    with pytest.raises(SchemaError, match=r"Query\.availableJobs"):
        bind(load_schema(), {name: FIELDS[name] for name in FIELDS if name != "Query.availableJobs"}, SCALARS)
    with pytest.raises(SchemaError, match=r"Query\.nope"):
        bind(load_schema(), {**FIELDS, "Query.nope": print}, SCALARS)
