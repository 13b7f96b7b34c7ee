"""Rotated refresh tokens: long chains, beside one plain ``DELETE … USING``."""

from typing import LiteralString

from .measured import ROUNDS, ROWS, Connection, Sample, clock, ratio, settle
from .report import Report

RUN = "CALL run_job('cleanup_expired_refresh_tokens')"
# A successor names its parent. All but the last few of a chain are due.
CHAINS: LiteralString = """
    INSERT INTO refresh_tokens (token, client_id, subject, scope, created_at, expires_at, revoked, parent_token)
    SELECT
        md5(chain || '-' || n), 'client', 'user', 'openid', epoch - 720 * 3600 + n * 3600, epoch + n * 3600,
        (n < 700)::integer, CASE WHEN n > 1 THEN md5(chain || '-' || (n - 1)) END
    FROM
        generate_series(1, %(chains)s) AS chain,
        generate_series(1, 700) AS n,
        (SELECT extract(EPOCH FROM now())::bigint AS epoch) AS time
    ORDER BY """
CHAIN_ORDERS: dict[str, LiteralString] = {
    "in order of issue": "n, chain",
    "backwards": "n DESC",
    "scattered": "random()",
}
PLAIN_CHAIN_DELETE: LiteralString = """
    DELETE FROM refresh_tokens AS token USING refresh_tokens AS successor
    WHERE
        successor.parent_token = token.token AND token.revoked <> 0
        AND successor.created_at < extract(EPOCH FROM now())::bigint - 86400
"""


def chains(owner: Connection, report: Report) -> None:
    rows = []
    for name, order in CHAIN_ORDERS.items():
        plain: list[float] = []
        run: list[float] = []
        for _ in range(ROUNDS):
            for times, statement in (
                (plain, PLAIN_CHAIN_DELETE),
                (run, "CALL run_job('cleanup_expired_refresh_tokens')"),
            ):
                owner.execute("TRUNCATE refresh_tokens")
                owner.execute(CHAINS + order, {"chains": ROWS // 2000})
                settle(owner, "refresh_tokens")
                times.append(clock(lambda statement=statement: owner.execute(statement)))  # type: ignore[misc]
        rows.append([name, str(Sample(plain)), str(Sample(run)), f"{ratio(run, plain):.2f}"])
    report.heading(f"Rotated refresh tokens: {ROWS // 2000:,} chains of 700")
    report.table(["layout", "plain DELETE … USING, ms", "run_job, ms", "ratio"], rows)
