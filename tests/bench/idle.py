"""Runs that have nothing to delete, by the number of live rows."""

import os
from typing import LiteralString

from .measured import ROUNDS, Connection, Sample, clock, settle
from .report import Report

RUN = "CALL run_job(%s)"
LIVE = [int(rows) for rows in os.environ.get("LIVE", "10000,100000,1000000").split(",")]
LIVE_ROWS: dict[str, tuple[LiteralString, LiteralString]] = {
    "cleanup_expired_sessions": (
        "sessions",
        "INSERT INTO sessions SELECT n::text, 's', 0, 0, epoch + 3600 + n FROM numbers",
    ),
    "cleanup_expired_device_codes": (
        "device_codes",
        "INSERT INTO device_codes (device_code, user_code, client_id, scope, created_at, expires_at)"
        " SELECT n::text, 'u', 'c', 's', epoch, epoch + 3600 + n FROM numbers",
    ),
    "cleanup_expired_challenges": (
        "webauthn_challenges",
        "INSERT INTO webauthn_challenges (challenge, challenge_type, created_at, expires_at, options_json)"
        " SELECT n::text, 't', epoch + 3600, epoch + 7200 + n, '{}' FROM numbers",
    ),
    "cleanup_expired_refresh_tokens": (
        "refresh_tokens",
        "INSERT INTO refresh_tokens (token, client_id, subject, scope, created_at, expires_at, parent_token)"
        " SELECT n::text, 'c', 's', 'o', epoch - 90000, epoch + 3600 + n, 'parent ' || n FROM numbers",
    ),
}


def nothing_to_delete(owner: Connection, report: Report) -> None:
    rows = []
    for job, (table, insert) in LIVE_ROWS.items():
        cells = [job]
        for live in LIVE:
            owner.execute(f"TRUNCATE {table}".encode())
            owner.execute(
                (
                    "WITH numbers AS (SELECT n, extract(EPOCH FROM now())::bigint AS epoch"
                    f" FROM generate_series(1, {live}) AS n) {insert}"
                ).encode()
            )
            settle(owner, table)
            times = [clock(lambda job=job: owner.execute(RUN, [job])) for _ in range(ROUNDS * 2)]  # type: ignore[misc]
            cells.append(f"{Sample(times).median:.1f}")
        owner.execute(f"TRUNCATE {table}".encode())
        rows.append(cells)
    report.heading("A run with nothing to delete, ms, by the number of live rows")
    report.table(["job", *(f"{live:,}" for live in LIVE)], rows)
