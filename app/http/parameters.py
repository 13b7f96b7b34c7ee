"""What a request asks: GraphQL over HTTP's parameters (https://graphql.github.io/graphql-over-http/draft/)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import msgspec
from litestar import Request
from litestar.exceptions import InternalServerException

from .errors import RefusedRequestError

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
EXAMPLE = '{"query": "{ availableJobs { name } }"}'


@dataclass(frozen=True, slots=True)
class Parameters:
    query: str
    variables: dict[str, Any] | None
    operation_name: str | None

    @classmethod
    def of(cls, message: Any) -> "Parameters":
        """Raises RefusedRequestError."""
        if not isinstance(message, dict) or not isinstance(message.get("query"), str):
            raise RefusedRequestError(400, f'The request needs a "query", a string: {EXAMPLE}.')
        for name, type_, kind in (
            ("variables", dict, "an object"),
            ("operationName", str, "a string"),
            ("extensions", dict, "an object"),
        ):
            if not isinstance(message.get(name), type_ | None):
                raise RefusedRequestError(400, f'"{name}" is not {kind}.')
        return cls(message["query"], message.get("variables"), message.get("operationName"))


async def of_post(request: Request[Any, Any, Any]) -> Parameters:
    """Raises RefusedRequestError."""
    # Any other type could be sent by a web page without being asked first (CORS).
    content_type, options = request.content_type
    if content_type.lower() != JSON or options.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise RefusedRequestError(415, f"Send the request as Content-Type: {JSON}, in UTF-8.")
    try:
        body = await request.body()
    except InternalServerException as error:  # which is what Litestar calls a client that hangs up
        raise RefusedRequestError(400, "The body ended before it was whole.") from error
    return Parameters.of(decoded(body, "The body"))


def of_get(request: Request[Any, Any, Any]) -> Parameters:
    """Raises RefusedRequestError."""
    # An image or a link of any page makes a browser send a GET. None of these can name JSON, or be fetch()'s.
    accept = request.headers.get("accept", "")
    if JSON not in accept and GRAPHQL_RESPONSE not in accept and request.headers.get("sec-fetch-mode") != "cors":
        raise RefusedRequestError(403, f"A GET is for programs: send Accept: {JSON}, or POST.")
    try:
        values = parse_qs(request.scope["query_string"].decode(), errors="strict", max_num_fields=10)
    except ValueError as error:
        raise RefusedRequestError(400, "The URL's parameters are not UTF-8, or too many.") from error
    message: dict[str, Any] = {name: each[-1] for name, each in values.items()}
    for name in ("variables", "extensions"):
        if name in message:
            message[name] = decoded(message[name].encode(), f'"{name}"')
    return Parameters.of(message)


def decoded(text: bytes, what: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise RefusedRequestError(400, f"{what} is not JSON: {error}.") from error


def media_type(headers: Mapping[str, str]) -> str:
    """The type of the answer: the one that ``Accept`` has first, of those there are."""
    accepted = headers.get("accept", "*/*").lower()
    offers = [(accepted.find(offer), offer) for offer in (GRAPHQL_RESPONSE, JSON, EVENT_STREAM) if offer in accepted]
    if offers:
        return min(offers)[1]
    if "*/*" in accepted or "application/*" in accepted or not accepted.strip():
        return JSON
    raise RefusedRequestError(406, f"The answer is {JSON}, {GRAPHQL_RESPONSE} or {EVENT_STREAM}: accept one of them.")
