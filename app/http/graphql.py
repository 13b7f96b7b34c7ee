"""``/admin/jobs``: the admin API, GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/)."""

import logging
from typing import Any

import msgspec
from graphql import FormattedExecutionResult, OperationType
from litestar import Request, route
from litestar.datastructures import State
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from ..documents import Documents, Operation, RequestError
from ..request import RequestContext
from .access import Role
from .errors import RefusedRequestError
from .parameters import EVENT_STREAM, GRAPHQL_RESPONSE, media_type, of_get, of_post
from .sse import once, streamed

logger = logging.getLogger(__name__)

PATH = "/admin/jobs"
MAX_BODY = 100_000  # bytes


@route(PATH, http_method=["GET", "POST"], status_code=200, request_max_body_size=MAX_BODY)
async def graphql(request: Request[Any, Any, State]) -> ASGIApp:
    """A query, a mutation or a subscription. Raises RefusedRequestError."""
    state = request.app.state
    documents: Documents = state.documents
    role = state.access.role(request)
    accepted = media_type(request.headers)
    given = of_get(request) if request.method == "GET" else await of_post(request)
    try:
        operation = documents.operation(given.query, given.variables, given.operation_name)
        client = state.access.client(request, role)
        check(operation, request.method, accepted, role, client)
        context = RequestContext(state.jobs, state.triggers, client)
        if accepted == EVENT_STREAM:
            return await in_stream(documents, operation, context)
        return in_whole(await documents.execute(operation, context), accepted)
    except RequestError as error:
        return refusal(error, accepted)


def check(operation: Operation, method: str, accepted: str, role: Role, client: str) -> None:
    """Raises RefusedRequestError where the operation is not for such a request."""
    if operation.type is OperationType.SUBSCRIPTION and accepted != EVENT_STREAM:
        raise RefusedRequestError(406, f"A subscription is answered as {EVENT_STREAM}: accept it.")
    if operation.type is not OperationType.MUTATION:
        return
    if method == "GET":
        raise RefusedRequestError(405, "A mutation needs POST.", headers={"Allow": "POST"})
    if role is not Role.OPERATOR:
        logger.warning("Refused to %s: %s", client, operation.text)
        raise RefusedRequestError(403, "A viewer's token only reads: a mutation needs the admin token.")
    logger.info("Asked by %s: %s", client, operation.text)


async def in_stream(documents: Documents, operation: Operation, context: RequestContext) -> ASGIResponse:
    if operation.type is OperationType.SUBSCRIPTION:
        return streamed(await documents.subscribe(operation, context))
    return streamed(once(await documents.execute(operation, context)))


def in_whole(result: FormattedExecutionResult, media_type: str, status_code: int = 200) -> ASGIResponse:
    return ASGIResponse(
        body=msgspec.json.encode(result), media_type=f"{media_type}; charset=utf-8", status_code=status_code
    )


def refusal(error: RequestError, accepted: str) -> ASGIResponse:
    result: FormattedExecutionResult = {"errors": [each.formatted for each in error.errors]}
    if accepted == EVENT_STREAM:
        return streamed(once(result))
    # In application/json the body alone tells that there was nothing to execute.
    return in_whole(result, accepted, 400 if accepted == GRAPHQL_RESPONSE else 200)
