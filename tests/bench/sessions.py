"""Expired sessions: a run beside other ways to delete them, and beside people who log in."""

from typing import LiteralString

from . import logins, oauth_toolkit
from .contenders import CONTENDERS, bare_delete, run_job
from .measured import ROUNDS, ROWS, Connection, Sample, clock, count, ratio, settle
from .plot import bars
from .report import Report

# How the rows lie in the table, and the part of them that has expired.
LAYOUTS: dict[str, tuple[LiteralString, float]] = {
    "in order of expiry": ("n", 0.5),
    "scattered": ("random()", 0.5),
    "extended sessions": ("n + 300000 * random()", 0.5),
    "2 % expired": ("n", 0.02),
}
FILL: LiteralString = """
    INSERT INTO sessions (session_id, subject, auth_time, created_at, expires_at, user_agent)
    SELECT
        gen_random_uuid(), 'subject', 0, 0,
        extract(EPOCH FROM now())::bigint + CASE WHEN n < 0 THEN n / 10 - 60 ELSE n / 10 + 7200 END,
        'Mozilla/5.0 (X11; Linux x86_64)'
    FROM generate_series(-%(expired)s, %(rows)s - %(expired)s - 1) AS n
    ORDER BY """


def fill(owner: Connection, layout: str) -> int:
    """Fills the table anew; returns how many rows are live."""
    order, part = LAYOUTS[layout]
    expired = int(ROWS * part)
    owner.execute("TRUNCATE sessions")
    owner.execute(FILL + order, {"rows": ROWS, "expired": expired})
    settle(owner, "sessions")
    return ROWS - expired


def purges(owner: Connection, report: Report) -> None:
    samples: dict[str, dict[str, list[float]]] = {}
    for layout in LAYOUTS:
        samples[layout] = {name: [] for name in CONTENDERS}
        for _ in range(ROUNDS):
            for name, purge in CONTENDERS.items():
                live = fill(owner, layout)
                samples[layout][name].append(clock(lambda purge=purge: purge(owner)))  # type: ignore[misc]
                assert count(owner, "sessions") == live
    toolkit = Sample([oauth_toolkit.measure(owner, ROWS) for _ in range(ROUNDS)])
    report.heading(f"Deleting what has expired, of {ROWS:,} sessions")
    report.table(
        ["layout", *(f"{name}, ms" for name in CONTENDERS), "run_job to the bare DELETE"],
        [
            [
                layout,
                *(str(Sample(times)) for times in each.values()),
                f"{ratio(each['run_job'], each['bare DELETE']):.2f}",
            ]
            for layout, each in samples.items()
        ],
    )
    report.text(
        f"django-oauth-toolkit's `cleartokens`, on {ROWS:,} access tokens of its own, half of them expired, scattered:"
        f" {toolkit} ms; that is {ratio(toolkit.times, samples['scattered']['run_job']):.1f} times run_job's time."
    )
    ratios = {
        layout: {name: ratio(times, each["bare DELETE"]) for name, times in each.items()}
        for layout, each in samples.items()
    }
    ratios["scattered"]["cleartokens"] = ratio(toolkit.times, samples["scattered"]["bare DELETE"])
    report.plot("benchmarks.svg", bars(ratios, "Time to delete, as a multiple of one bare DELETE"))


def beside_logins(owner: Connection, report: Report) -> None:
    rows = []
    for name, purge in {"no purge": None, "bare DELETE": bare_delete, "run_job": run_job}.items():
        seen = []
        for _ in range(ROUNDS):
            fill(owner, "scattered")
            seen.append(logins.beside(owner, purge, 5))
        rows.append(
            [
                name,
                f"{Sample([each.p99 for each in seen]).median:.1f}",
                f"{Sample([max(each.latencies) for each in seen]).median:.0f}",
                f"{Sample([each.longest_transaction for each in seen]).median:.0f}",
                f"{Sample([each.wal / 1e6 for each in seen]).median:,.0f}",
            ]
        )
    report.heading(f"Beside {logins.CLIENTS} clients that log in ({ROWS:,} sessions, scattered, half of them expired)")
    report.table(["", "a login's p99, ms", "its maximum, ms", "longest transaction of the purge, ms", "WAL, MB"], rows)
