"""Serves the admin API until SIGINT or SIGTERM."""

import os
import socket

import uvicorn

from . import logs
from .main import Application
from .settings import Settings, SettingsError

PATIENCE = 5  # seconds that requests have to finish in, once it is to stop


class Server(uvicorn.Server):
    """Tells the application that it is to stop before it waits for its requests, and lets its runs go at the end."""

    def __init__(self, application: Application) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                access_log=False,  # the application writes its own
                log_config=None,
                proxy_headers=False,  # who asked is written down, and X-Forwarded-For can say anything
                server_header=False,
                timeout_graceful_shutdown=PATIENCE,
            )
        )
        self._application = application

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._application.stop()
        try:
            await super().shutdown(sockets)
        finally:
            # A second SIGINT leaves the application no time to close; a CALL that is then cancelled would end its run.
            self._application.let_runs_go()


def serve() -> None:
    """Raises SettingsError."""
    settings = Settings.from_environment()
    listener = listen(settings)
    logs.configure()
    print(f"Admin API: http://{settings.host}:{settings.port}/admin/jobs", flush=True)
    Server(Application(settings)).run(sockets=[listener])


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
