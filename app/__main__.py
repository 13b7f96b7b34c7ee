"""``python -m app`` serves the admin API until SIGINT or SIGTERM."""

import os
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
    print(f"Admin API: http://{settings.host}:{settings.port}/admin/jobs", flush=True)
    # A trigger that is still being waited for goes on in the database: it need not hold up the stop.
    config = uvicorn.Config(create_app(settings), server_header=False, timeout_graceful_shutdown=5)
    uvicorn.Server(config).run(sockets=[listener])


def listen(settings: Settings) -> socket.socket:
    """The listening socket. Raises SettingsError where the address is taken or is not this machine's."""
    address = settings.host, settings.port
    try:
        family = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server(address, family=family, backlog=2048)
    except OSError as error:
        # Python adds to the reason where it bound; gaierror, of a name that is none, has no errno of the system's.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise SettingsError(
            f"Cannot listen on {address[0]}, port {address[1]}: {reason}. Set JOBS_HOST or JOBS_PORT."
        ) from error


main()
