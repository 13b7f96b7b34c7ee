"""``barycenter-jobs``: the two things that a deployment does."""

import argparse
import sys

from alembic.util import CommandError

from . import install, server
from .settings import SettingsError

COMMANDS = {
    "migrate": (install.migrate, "alembic upgrade head on the database that DATABASE_URL names"),
    "serve": (server.serve, "serve the admin API until SIGINT or SIGTERM"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="barycenter-jobs", description="Barycenter's housekeeping.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    for name, (_, description) in COMMANDS.items():
        commands.add_parser(name, help=description, description=description)
    action, _ = COMMANDS[parser.parse_args().command]
    try:
        action()
    except (SettingsError, CommandError) as error:
        sys.exit(f"barycenter-jobs: {error}")


if __name__ == "__main__":
    main()
