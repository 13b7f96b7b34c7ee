"""Alembic's entry. What it does is in the package, where the types are checked and the wheel finds it."""

from barycenter_jobs.install.environment import run

run()
