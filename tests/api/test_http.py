"""The transport: what is no GraphQL request is told so, and who may ask."""

import asyncio
import http.client
import subprocess
from typing import Any

import httpx
import pytest
from graphql import build_schema

from barycenter_jobs.documents import Documents
from barycenter_jobs.logs import request_id
from barycenter_jobs.resolvers import FIELDS, SCALARS
from barycenter_jobs.schema import SDL, SchemaError, bind, load_schema
from barycenter_jobs.settings import Settings, SettingsError

from ..cluster import Cluster, Connection
from ..conftest import SESSIONS, executions
from ..ports import free_port
from .server import start

QUERY = {"query": "{ availableJobs { name } }"}


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        ('{"query": "{ __typename }"}', "application/json; charset=utf-8", 200),
        ('{"query": "{ __typename }"}', 'Application/JSON; x=y; charset="UTF-8"', 200),
        ('{"query": "{ __typename }"}', "text/plain", 415),
        ("query={ __typename }", "application/x-www-form-urlencoded", 415),
        ("{", "application/json", 400),
        (b"\xff", "application/json", 400),
        ("[]", "application/json", 400),
        ("{}", "application/json", 400),
        ('{"query": 1}', "application/json", 400),
        ('{"query": "{ __typename }", "variables": []}', "application/json", 400),
        ('{"query": "{ __typename }", "operationName": 1}', "application/json", 400),
        ('{"query": "{ __typename }", "extensions": 1}', "application/json", 400),
        ('{"query": "\\ud800"}', "application/json", 400),
        ('{"query": "{ __typename }"}', "application/json; charset=utf-16", 415),
        ("[" * 90_000, "application/json", 400),
        (" " * 2_000_000, "application/json", 413),
    ],
)
def test_a_request_that_is_none_is_refused_with_the_right_status(
    endpoint: str, content: str | bytes, content_type: str, status: int
) -> None:
    response = httpx.post(endpoint, content=content, headers={"Content-Type": content_type})
    assert response.status_code == status
    assert "Traceback" not in response.text
    assert status == 200 or [error.keys() for error in response.json()["errors"]] == [{"message"}]


@pytest.mark.parametrize("query", ["{", "{ nope }", "{ jobLogs { nope } }", "mutation { triggerJob { success } }"])
def test_a_query_that_does_not_fit_the_schema_is_a_request_error(endpoint: str, query: str) -> None:
    response = httpx.post(endpoint, json={"query": query})
    assert (response.status_code, response.json().keys()) == (200, {"errors"})
    response = httpx.post(endpoint, json={"query": query}, headers={"Accept": "application/graphql-response+json"})
    assert (response.status_code, response.json().keys()) == (400, {"errors"})


@pytest.mark.parametrize("path", ["", "/nope", "/%00", "/admin/jobs/", "/admin/jobs/../.."])
def test_an_unknown_path_is_told_where_to_go(endpoint: str, path: str) -> None:
    response = httpx.get(endpoint.removesuffix("/admin/jobs") + path)
    if path != "/admin/jobs/":
        assert response.status_code == 404
        assert response.json() == {"errors": [{"message": "Nothing is here. The admin API is POST /admin/jobs."}]}
    assert "Traceback" not in response.text


def test_methods_are_answered_as_http_has_it(endpoint: str) -> None:
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        response = httpx.request(method, endpoint)
        assert response.status_code == 405, method
        assert {"GET", "POST"} <= set(response.headers["Allow"].split(", ")), method
    options = httpx.options(endpoint)
    assert (options.status_code, options.content) == (204, b"")
    assert {"GET", "POST"} <= set(options.headers["Allow"].split(", "))

    parameters = {"query": "{ __typename }"}
    get = httpx.get(endpoint, params=parameters, headers={"Accept": "application/json"})
    head = httpx.head(endpoint, params=parameters, headers={"Accept": "application/json"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == f"{len(get.content)}"


def test_every_answer_has_an_id_and_keeps_browsers_from_harm(endpoint: str) -> None:
    ids = set()
    for response in (httpx.post(endpoint, json=QUERY), httpx.get(endpoint), httpx.put(endpoint)):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert response.headers["Cache-Control"] == "no-store"
        assert "Server" not in response.headers
        ids.add(response.headers["X-Request-Id"])
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": "application/json"}, 200),
        ({"Accept": "application/graphql-response+json", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Accept": "*/*"}, 403),  # an image, or curl without more
        ({"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Accept": "application/json", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, 403),
        ({"Accept": "application/json", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, 403),
    ],
)
def test_a_get_that_any_page_can_make_a_browser_send_is_refused(
    endpoint: str, headers: dict[str, str], status: int
) -> None:
    response = httpx.get(endpoint, params={"query": "{ availableJobs { name } }"}, headers=headers)
    assert response.status_code == status
    assert ("data" in response.json()) == (status == 200)


def test_a_url_of_more_than_64_kib_is_refused(endpoint: str) -> None:
    url = httpx.URL(endpoint)
    for length, status in ((60_000, 200), (70_000, 400)):
        connection = http.client.HTTPConnection(url.host, url.port)
        target = f"{url.path}?query=%7B__typename%7D&x={'x' * length}"
        connection.request("GET", target, headers={"Accept": "application/json"})
        assert connection.getresponse().status == status
        connection.close()


def test_no_mutation_goes_by_get(endpoint: str, owner: Connection) -> None:
    parameters = {"query": f'mutation {{ triggerJob(jobName: "{SESSIONS}") {{ success }} }}'}
    response = httpx.get(endpoint, params=parameters, headers={"Accept": "application/json"})
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert executions(owner) == []


def test_a_page_whose_name_resolves_to_this_machine_is_refused(endpoint: str) -> None:
    for host in ("evil.example", "evil.example:8081", "127.0.0.1.evil.example", "[::1", ""):
        response = httpx.post(endpoint, json=QUERY, headers={"Host": host})
        assert response.status_code == 421 or (host in ("", "[::1") and response.status_code in (400, 421)), host
    for host in ("localhost:8081", "[::1]:8081", "127.0.0.1"):
        assert httpx.post(endpoint, json=QUERY, headers={"Host": host}).status_code == 200


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
    with start(free_port(), "postgresql://", stderr=subprocess.PIPE, **environment) as process:
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


def test_an_internal_error_is_masked_and_the_log_has_it(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the password is s3cret")

    documents = Documents(bind(build_schema(SDL.read_text()), {**FIELDS, "Query.availableJobs": broken}, SCALARS))
    context: Any = None
    request_id.set("id-of-the-request")
    result = asyncio.run(documents.execute(documents.operation("{ availableJobs { name } }", None, None), context))
    [error] = result["errors"]
    assert error["message"] == "Internal error. The server's log says more, at request id-of-the-request."
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "id-of-the-request"}
    assert "s3cret" not in f"{result}"
    assert "the password is s3cret" in caplog.text


def test_the_server_refuses_a_field_without_a_resolver_and_a_resolver_without_a_field() -> None:
    with pytest.raises(SchemaError, match=r"Query\.availableJobs"):
        bind(load_schema(), {name: FIELDS[name] for name in FIELDS if name != "Query.availableJobs"}, SCALARS)
    with pytest.raises(SchemaError, match=r"Query\.nope"):
        bind(load_schema(), {**FIELDS, "Query.nope": print}, SCALARS)
