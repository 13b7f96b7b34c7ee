"""Who may ask."""

import hmac
from collections.abc import Mapping
from enum import Enum
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from litestar import Request

from ..settings import Settings, digest_of
from .errors import RefusedRequestError

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Role(Enum):
    """What a token allows: a viewer reads, an operator also changes."""

    VIEWER = "viewer"
    OPERATOR = "operator"


class Access:
    def __init__(self, settings: Settings) -> None:
        given = {Role.OPERATOR: settings.admin_token, Role.VIEWER: settings.viewer_token}
        self._digests = {role: digest_of(token) for role, token in given.items() if token}
        self._hosts = LOOPBACK | {settings.host}

    def role(self, request: Request[Any, Any, Any]) -> Role:
        """What the request's bearer token (RFC 6750) allows; all, where none is set. Raises RefusedRequestError."""
        self._check_origin(request.headers)
        if not self._digests:
            return Role.OPERATOR
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        digest = sha256(token.strip().encode()).digest()
        # Each is compared, and compared whole, so that the time tells nothing.
        roles = [role for role, known in self._digests.items() if hmac.compare_digest(digest, known)]
        if scheme.lower() != "bearer" or not roles:
            challenge = 'Bearer error="invalid_token"' if scheme else "Bearer"
            raise RefusedRequestError(
                401, "Give a token: Authorization: Bearer <token>.", headers={"WWW-Authenticate": challenge}
            )
        return roles[0]

    def client(self, request: Request[Any, Any, Any], role: Role) -> str:
        """What the log calls whoever asks: its role, and where it comes from."""
        return f"barycenter-jobs {role.value}@{request.client.host if request.client else 'unknown'}"

    def _check_origin(self, headers: Mapping[str, str]) -> None:
        # Browsers say so themselves (Fetch Metadata), and let no page change it.
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise RefusedRequestError(403, "A page of another site may not ask here.")
        # Without a token the address is all that protects. A page whose name was made to resolve to this machine
        # (DNS rebinding) still sends its own name.
        if not self._digests and hostname(headers.get("host", "")) not in self._hosts:
            raise RefusedRequestError(
                421, "The server goes by no such name: ask it as localhost, or set JOBS_ADMIN_TOKEN."
            )


def hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
