"""What is around every request: an id, headers that keep browsers from harm, a line in the log, and figures."""

import logging
import time
from uuid import uuid4

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Histogram

from ..logs import request_id

logger = logging.getLogger(__name__)

# An API needs nothing of what a page may do (OWASP's REST security cheat sheet).
HEADERS = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]

# What a client makes up is counted as "other": each name that is given keeps its figures for ever.
METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"}


class Edge:
    """An ASGI application around another. ``paths``: those that get figures of their own."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, paths: set[str]) -> None:
        self._app = app
        self._paths = paths
        self._requests = Counter(
            "barycenter_jobs_http_requests", "Requests answered.", ["method", "path", "status"], registry=registry
        )
        self._seconds = Histogram(
            "barycenter_jobs_http_request_duration_seconds", "Time to a whole answer.", ["path"], registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            await self._handle(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _handle(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        id_, method, status, start = f"{uuid4()}", scope["method"], 500, time.perf_counter()
        request_id.set(id_)

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *HEADERS, (b"x-request-id", id_.encode())]
            elif method == "HEAD" and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        if method == "HEAD":
            # Answered alike, without the body (RFC 9110, 9.3.2). The server's own scope still says HEAD.
            scope = {**scope, "method": "GET"}
        try:
            await self._app(scope, receive, send_on)
        finally:
            seconds = time.perf_counter() - start
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._requests.labels(method if method in METHODS else "other", path, status).inc()
            self._seconds.labels(path).observe(seconds)
            # A probe every few seconds that finds all well would bury what a person looks for.
            level = logging.DEBUG if path.startswith("/health/") and status == 200 else logging.INFO
            logger.log(level, "%s %s %s in %.1f ms", method, path, status, seconds * 1000)
