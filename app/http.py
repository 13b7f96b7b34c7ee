"""``POST /admin/jobs``: GraphQL over HTTP, and who may use it."""

import hmac
import json
import logging
from typing import Any

from graphql import ExecutionResult, FormattedExecutionResult, GraphQLError, GraphQLSchema, execute, parse, validate
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.status_codes import HTTP_200_OK, HTTP_400_BAD_REQUEST, HTTP_415_UNSUPPORTED_MEDIA_TYPE

from .errors import JobsError
from .jobs import Jobs

logger = logging.getLogger(__name__)

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
MAX_BODY = 1_000_000  # bytes
MAX_TOKENS = 1000


class BadRequestError(HTTPException):
    status_code = HTTP_400_BAD_REQUEST


class GraphQLRequestError(Exception):
    """The document cannot be executed: it does not parse, or does not fit the schema."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


class UnsupportedMediaTypeError(HTTPException):
    status_code = HTTP_415_UNSUPPORTED_MEDIA_TYPE


@post("/admin/jobs", status_code=HTTP_200_OK, request_max_body_size=MAX_BODY)
async def graphql_endpoint(request: Request[Any, Any, State]) -> Response[bytes]:
    """Answers a GraphQL request (https://graphql.github.io/graphql-over-http/draft/)."""
    authorize(request, request.app.state.settings.admin_token)
    query, variables, operation_name = parameters(request, await request.body())
    media_type = GRAPHQL_RESPONSE if GRAPHQL_RESPONSE in request.headers.get("accept", "") else JSON
    state, status_code = request.app.state, HTTP_200_OK
    try:
        result = await answer(state.schema, state.jobs, query, variables, operation_name)
    except GraphQLRequestError as request_error:
        # In application/json the body alone tells that there was nothing to execute.
        result = {"errors": [error.formatted for error in request_error.errors]}
        status_code = HTTP_400_BAD_REQUEST if media_type == GRAPHQL_RESPONSE else HTTP_200_OK
    return Response(json.dumps(result).encode(), media_type=f"{media_type}; charset=utf-8", status_code=status_code)


def authorize(request: Request[Any, Any, State], token: str | None) -> None:
    """Demands the bearer token, where one is set (RFC 6750)."""
    if token is None:
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise NotAuthorizedException(
            detail="Give the admin token: Authorization: Bearer <token>.", headers={"WWW-Authenticate": "Bearer"}
        )


def parameters(request: Request[Any, Any, State], body: bytes) -> tuple[str, dict[str, Any] | None, str | None]:
    """The query, its variables and the operation's name. Raises HTTPException."""
    # Any other type could be sent by a web page without being asked first (CORS), with no token needed on loopback.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise UnsupportedMediaTypeError(f"Send the request as Content-Type: {JSON}.")
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"The body is not JSON: {error}.") from error
    if not isinstance(message, dict) or not isinstance(message.get("query"), str):
        raise BadRequestError('The body needs a "query", a string: {"query": "{ availableJobs { name } }"}.')
    variables, operation_name = message.get("variables"), message.get("operationName")
    if not isinstance(variables, dict | None):
        raise BadRequestError('"variables" is not an object.')
    if not isinstance(operation_name, str | None):
        raise BadRequestError('"operationName" is not a string.')
    return message["query"], variables, operation_name


async def answer(
    schema: GraphQLSchema, jobs: Jobs, query: str, variables: dict[str, Any] | None, operation_name: str | None
) -> FormattedExecutionResult:
    """Executes the query. Raises GraphQLRequestError."""
    try:
        document = parse(query, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        raise GraphQLRequestError([error]) from error
    if errors := validate(schema, document):
        raise GraphQLRequestError(errors)
    result = execute(schema, document, context_value=jobs, variable_values=variables, operation_name=operation_name)
    if not isinstance(result, ExecutionResult):
        result = await result
    return ExecutionResult(result.data, [presentable(error) for error in result.errors or []] or None).formatted


def presentable(error: GraphQLError) -> GraphQLError:
    """Our own errors say their sentence; of any other the caller learns only that there was one."""
    original = error.original_error
    if original is None:
        return error
    if isinstance(original, JobsError):
        message, code = f"{original}", original.code
    else:
        logger.error("Internal error at %s", error.path, exc_info=original)
        message, code = "Internal error. The server's log says more.", JobsError.code
    return GraphQLError(message, nodes=error.nodes, path=error.path, extensions={"code": code})
