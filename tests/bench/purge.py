"""``make bench``: a run beside what people use today. Writes ``docs/benchmarks.md`` and its plot.

ROWS sessions (2,000,000), ROUNDS rounds (5) in which the contenders take turns. ``make bench-full`` has larger sizes.
"""

from ..cluster import ROOT
from . import history, idle, oauth_toolkit, partitions, sessions, tokens
from .measured import ROUNDS, database
from .report import Report


def main() -> None:
    report = Report(ROOT / "docs", ROUNDS)
    with database() as owner:
        oauth_toolkit.setup(owner)
        sessions.purges(owner, report)
        sessions.beside_logins(owner, report)
        tokens.chains(owner, report)
        partitions.dropping(owner, report)
        idle.nothing_to_delete(owner, report)
        history.questions(owner, report)
    report.write()


if __name__ == "__main__":
    main()
