"""Ports for what the suite starts."""

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """One below those that the system gives to clients: none of them takes it before the server does."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def is_listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
