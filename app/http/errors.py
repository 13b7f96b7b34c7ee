"""A request that is refused, as one sentence in GraphQL's form. Never a stack trace."""

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from ..logs import request_id

logger = logging.getLogger(__name__)

SENTENCES = {
    404: "Nothing is here. The admin API is POST /admin/jobs.",
    405: "This method is not allowed here; the Allow header has those that are.",
    413: "The body is too large.",
}


class RefusedRequestError(HTTPException):
    """A request that is not let through."""

    def __init__(self, status_code: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail=message, status_code=status_code, headers=headers)


def refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if error.status_code >= 500:
        return failed(request, error)
    message = SENTENCES.get(error.status_code, error.detail) if type(error) is not RefusedRequestError else error.detail
    return as_response(error.status_code, message, error.headers)


def failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    logger.error("Internal error at %s", request.url.path, exc_info=error)
    return as_response(500, f"Internal error. The server's log says more, at request {request_id.get()}.")


def as_response(status_code: int, message: str, headers: Any = None) -> Response[bytes]:
    return Response(
        msgspec.json.encode({"errors": [{"message": message}]}),
        media_type="application/json; charset=utf-8",
        status_code=status_code,
        headers=headers,
    )
