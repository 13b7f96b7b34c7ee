"""``python -m app`` serves the admin API until SIGINT or SIGTERM."""

import socket
import sys

import uvicorn

from .main import create_app
from .settings import Settings, SettingsError


def main() -> None:
    try:
        settings = Settings.from_environment()
        listener = listen(settings)
    except SettingsError as error:
        sys.exit(f"barycenter-jobs: {error}")
    # A trigger that is still being waited for goes on in the database: it need not hold up the stop.
    config = uvicorn.Config(create_app(settings), server_header=False, timeout_graceful_shutdown=5)
    uvicorn.Server(config).run(sockets=[listener])


def listen(settings: Settings) -> socket.socket:
    """The listening socket. Raises SettingsError where the address is taken or is not this machine's."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}. Set JOBS_HOST or JOBS_PORT."
        ) from error


main()
