"""Settings, from the environment. Each ``NAME`` may also be given as ``NAME_FILE``, a path to its value."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Self

DIGEST = "sha256:"


class SettingsError(Exception):
    """A setting is missing or makes no sense. The message is one sentence, and says what to do."""


@dataclass(frozen=True)
class Settings:
    """What the server needs to know.

    ``database_url``: ``DATABASE_URL``, a ``postgresql://`` URL; the login should be a barycenter_jobs_operator.
    ``host``, ``port``: ``JOBS_HOST`` (127.0.0.1) and ``JOBS_PORT`` (8081), where the admin API listens.
    ``admin_token``: ``JOBS_ADMIN_TOKEN``; where it is set, requests need it as their bearer token (RFC 6750).
    ``viewer_token``: ``JOBS_VIEWER_TOKEN``, a second one, for requests that only read. Either may be given as
    ``sha256:`` and the token's SHA-256 digest in hexadecimal.
    ``introspection``: ``JOBS_INTROSPECTION`` (on); with off nobody can ask for the schema, or is told what a misspelt
    name may have meant.
    """

    database_url: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8081
    admin_token: str | None = field(default=None, repr=False)
    viewer_token: str | None = field(default=None, repr=False)
    introspection: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Reads the settings. Raises SettingsError."""
        settings = cls(
            database_url=database_url(environment),
            host=read("JOBS_HOST", environment) or cls.host,
            port=_port(read("JOBS_PORT", environment) or str(cls.port)),
            admin_token=_token("JOBS_ADMIN_TOKEN", environment),
            viewer_token=_token("JOBS_VIEWER_TOKEN", environment),
            introspection=_switch("JOBS_INTROSPECTION", environment, default=cls.introspection),
        )
        if settings.viewer_token and not settings.admin_token:
            raise SettingsError("JOBS_VIEWER_TOKEN is set without JOBS_ADMIN_TOKEN: set both, or neither.")
        if settings.viewer_token and digest_of(settings.viewer_token) == digest_of(settings.admin_token or ""):
            raise SettingsError("JOBS_VIEWER_TOKEN is the same as JOBS_ADMIN_TOKEN: give the viewers one of their own.")
        if not settings.admin_token and not _is_loopback(settings.host):
            raise SettingsError(
                f"JOBS_HOST is {settings.host}, which others can reach: set JOBS_ADMIN_TOKEN, or leave it at 127.0.0.1."
            )
        return settings


def database_url(environment: Mapping[str, str] = os.environ) -> str:
    """``DATABASE_URL``. Raises SettingsError when it is missing or of another kind."""
    url = _url("DATABASE_URL", environment)
    if not url:
        raise SettingsError("DATABASE_URL is not set: give it as postgresql://user:password@host:port/database.")
    return url


def cron_database_url(environment: Mapping[str, str] = os.environ) -> str | None:
    """``CRON_DATABASE_URL``: pg_cron's own database, where that is another than the jobs'. Raises SettingsError."""
    return _url("CRON_DATABASE_URL", environment)


def read(name: str, environment: Mapping[str, str]) -> str | None:
    """The value of ``name``, or the content of the file that ``name_FILE`` names; None where neither is given."""
    if path := environment.get(f"{name}_FILE"):
        if name in environment:
            raise SettingsError(f"{name} and {name}_FILE are both set: keep one.")
        try:
            return Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}_FILE cannot be read: {error}.") from error
    return environment.get(name) or None


def _url(name: str, environment: Mapping[str, str]) -> str | None:
    url = read(name, environment)
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise SettingsError(f"{name} does not begin with postgresql://.")
    return url


def _token(name: str, environment: Mapping[str, str]) -> str | None:
    token = (read(name, environment) or "").strip()
    if not token:
        if name in environment or f"{name}_FILE" in environment:
            # Taken for none, it would let everybody in.
            raise SettingsError(f"{name} is empty: give a token, or leave the setting out.")
        return None
    if token.startswith(DIGEST) and not re.fullmatch("[0-9a-fA-F]{64}", token.removeprefix(DIGEST)):
        raise SettingsError(f"{name} begins with sha256: and goes on with no digest: give 64 hexadecimal digits.")
    return token


def digest_of(token: str) -> bytes:
    """The SHA-256 digest of a token setting, which may be that digest itself."""
    if token.startswith(DIGEST):
        return bytes.fromhex(token.removeprefix(DIGEST))
    return sha256(token.encode()).digest()


def _switch(name: str, environment: Mapping[str, str], *, default: bool) -> bool:
    text = read(name, environment)
    if text not in (None, "on", "off"):
        raise SettingsError(f"{name} is {text!r}: give on or off.")
    return default if text is None else text == "on"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise SettingsError(f"JOBS_PORT is {text!r}: give a number from 1 to 65535.")
    return int(text)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
