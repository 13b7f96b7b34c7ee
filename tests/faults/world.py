"""What has to be true after every fault, and the ways to make one."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import psycopg

from ..cluster import Cluster, until
from ..conftest import SESSIONS, TOKENS, add_sessions, as_pg_cron

Start = Callable[[], object]

RUNNING = """
    SELECT pid FROM pg_stat_activity
    WHERE state = 'active' AND query ~ '^CALL .*(run_job|cleanup_\\w+)\\(' AND pid <> pg_backend_pid()
"""
TABLES = {SESSIONS: ("sessions", "expired_sessions"), TOKENS: ("refresh_tokens", "expired_refresh_tokens")}
SCATTERED_SESSIONS = """
    INSERT INTO sessions (session_id, subject, auth_time, created_at, expires_at)
    SELECT format('scattered-%%s-%%s', %(batch)s::integer, n), '', 0, 0, extract(EPOCH FROM now())::bigint + expires_in
    FROM (
        SELECT n, CASE WHEN n <= %(expired)s THEN -3600 ELSE 3600 END AS expires_in
        FROM generate_series(1, %(expired)s + %(live)s) AS n
    ) AS wanted
    ORDER BY random()
"""
# One chain: all but the last were rotated long ago, and none has expired by itself.
SCATTERED_TOKENS = """
    INSERT INTO refresh_tokens (token, client_id, subject, scope, created_at, expires_at, revoked, parent_token)
    SELECT
        format('%%s-%%s', %(batch)s::integer, n), '', '', '', epoch - 9000000 + n, epoch + 9000000,
        (n <= %(expired)s)::integer, format('%%s-%%s', %(batch)s::integer, n - 1)
    FROM
        generate_series(1, %(expired)s + %(live)s) AS n,
        (SELECT extract(EPOCH FROM now())::bigint AS epoch) AS time
    ORDER BY random()
"""


class World:
    """Rows whose number is known, of one job's table, and runs that are started and come to harm."""

    def __init__(self, cluster: Cluster, endpoint: str | None = None, job_name: str = SESSIONS) -> None:
        self.cluster = cluster
        self.endpoint = endpoint
        self.job_name = job_name
        self.table, self.view = TABLES[job_name]
        self.live = 0
        self.expired = 0
        self.batches = 0
        with cluster.connect() as owner:  # a few rows a page: a run has many batches
            owner.execute(f"ALTER TABLE {self.table} SET (fillfactor = 10)".encode())
            owner.execute("UPDATE job SET batch_time = '1 ms' WHERE name = %s", [job_name])

    def add(self, count: int, expires_in: int) -> None:
        """Sessions that lie together."""
        self.batches += 1
        with self.cluster.connect() as owner:
            add_sessions(owner, count, expires_in, prefix=f"{self.batches}-")
        if expires_in < 0:
            self.expired += count
        else:
            self.live += count

    def scatter(self, expired: int, live: int = 1) -> None:
        """Rows in no order."""
        self.batches += 1
        with self.cluster.connect() as owner:
            owner.execute(
                (SCATTERED_SESSIONS if self.job_name == SESSIONS else SCATTERED_TOKENS).encode(),
                {"batch": self.batches, "expired": expired, "live": live},
            )
        self.expired += expired
        self.live += live

    # Three ways to start the same run.

    def psql(self) -> None:
        with self.cluster.connect(self.cluster.app) as operator:
            operator.execute(f"CALL run_job('{self.job_name}')".encode())

    def schedule(self) -> None:
        """What pg_cron sends, as the owner, whom it logs in as."""
        with as_pg_cron(self.cluster, self.job_name) as pg_cron:
            pg_cron.execute(f"CALL barycenter_jobs.{self.job_name}()".encode())

    def api(self) -> None:
        assert self.endpoint is not None
        query = f'mutation {{ triggerJob(jobName: "{self.job_name}") {{ success message }} }}'
        answer = httpx.post(self.endpoint, json={"query": query}, timeout=30).json()
        if not answer.get("data") or not answer["data"]["triggerJob"]["success"]:
            raise psycopg.OperationalError(f"{answer}")

    # Ways to come to harm; each gets the process that runs the job.

    def kill(self, pid: int) -> None:
        self.cluster.kill(pid)

    def terminate(self, pid: int) -> None:
        self._signal("SELECT pg_terminate_backend(%s)", pid)

    def cancel(self, pid: int) -> None:
        self._signal("SELECT pg_cancel_backend(%s)", pid)

    def cancel_job(self, _pid: int) -> None:
        """As soon as its row is there; a statement that has only just begun has none."""

        def has_cancelled_or_is_over() -> bool:
            try:
                operator.execute("SELECT cancel_job(%s)", [self.job_name])
            except psycopg.Error as error:
                if error.sqlstate != "JB005":
                    raise
                return not owner.execute(RUNNING.encode()).fetchall()
            return True

        with self.cluster.connect(self.cluster.app) as operator, self.cluster.connect() as owner:
            until(has_cancelled_or_is_over)

    def crash(self, _pid: int) -> None:
        self.cluster.crash()
        self.cluster.start()

    def _signal(self, query: str, pid: int) -> None:
        with self.cluster.connect(self.cluster.superuser) as superuser:
            superuser.execute(query.encode(), [pid])

    def interrupt(self, start: Start, harm: Callable[[int], None], delay: float) -> bool:
        """Starts a run, and harms it after ``delay`` seconds; false if it had ended by then."""
        run = threading.Thread(target=self._swallow, args=(start,), daemon=True)
        pids: list[int] = []

        def is_running_or_over() -> bool:
            pids.extend(row.pid for row in watcher.execute(RUNNING.encode()).fetchall())
            return bool(pids) or not run.is_alive()

        with self.cluster.connect() as watcher:
            run.start()
            until(is_running_or_over)
        run.join(delay)
        harmed = bool(pids) and run.is_alive()
        if harmed:
            harm(pids[0])
        run.join(30)
        assert not run.is_alive(), f"{start.__name__} after {harm.__name__} goes on and on: {self._activity()}"
        self.cluster.wait()
        return harmed

    def _activity(self) -> list[Any]:
        with self.cluster.connect(self.cluster.superuser) as superuser:
            return superuser.execute(
                "SELECT pid, pg_blocking_pids(pid), state, wait_event, query FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchall()

    def _swallow(self, start: Start) -> None:
        with suppress(psycopg.Error, httpx.TransportError):
            start()

    # What has to be true.

    def check(self) -> None:
        """Between runs, whatever became of them."""
        with self.cluster.connect(self.cluster.superuser) as superuser:
            until(lambda: not superuser.execute(RUNNING.encode()).fetchall())
            [row] = superuser.execute(
                f"""
                SELECT
                    (SELECT count(*) FROM {self.table}) AS there,
                    (SELECT count(*) FROM {self.view}) AS expired,
                    (
                        SELECT coalesce(sum(records_processed), 0) FROM job_execution
                        WHERE job_name = '{self.job_name}'
                    ) AS counted,
                    (SELECT count(*) FROM job_execution WHERE completed_at IS NULL AND NOT is_lost(id)) AS undead,
                    (SELECT count(*) FROM job_execution WHERE success AND error_message IS NOT NULL) AS liars,
                    (
                        SELECT count(*) FROM pg_stat_activity
                        WHERE state LIKE 'idle in transaction%' AND backend_type = 'client backend'
                    ) AS open_transactions,
                    (
                        SELECT count(*) FROM pg_locks INNER JOIN pg_class ON pg_class.oid = relation
                        WHERE relname IN ('{self.table}', 'job_execution', 'job') AND pid <> pg_backend_pid()
                            AND mode <> 'ShareUpdateExclusiveLock' -- autovacuum's
                            AND pid IN (SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend')
                    ) AS locks,
                    (
                        SELECT count(*) FROM job
                        FULL JOIN cron.job AS scheduled ON name = jobname AND job.schedule = scheduled.schedule
                        WHERE coalesce(enabled, false) <> (jobid IS NOT NULL)
                    ) AS disagreements
                """.encode()
            ).fetchall()
        assert row._asdict() == {
            "there": self.live + row.expired,
            "expired": row.expired,
            "counted": self.expired - row.expired,
            "undead": 0,
            "liars": 0,
            "open_transactions": 0,
            "locks": 0,
            "disagreements": 0,
        }

    def check_that_the_next_run_mends_all(self) -> None:
        """Without anyone's help: what has expired is gone, and every run's row has its end."""
        self.psql()
        self.check()
        with self.cluster.connect() as owner:
            assert owner.execute(f"SELECT FROM {self.view}".encode()).fetchall() == []
            assert owner.execute("SELECT FROM job_execution WHERE completed_at IS NULL").fetchall() == []
            assert owner.execute("SELECT FROM walk").fetchall() == []
            assert owner.execute("SELECT success FROM job_execution ORDER BY id DESC LIMIT 1").fetchall() == [(True,)]
