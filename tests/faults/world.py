"""What has to be true after every fault, and the ways to make one."""

import threading
from collections.abc import Callable
from contextlib import suppress

import httpx
import psycopg

from ..cluster import Cluster, until
from ..conftest import SESSIONS, add_sessions, scheduled_call

Start = Callable[[], object]

RUNNING = """
    SELECT pid FROM pg_stat_activity
    WHERE state = 'active' AND query LIKE 'CALL public.run_job(%' AND pid <> pg_backend_pid()
"""


class World:
    """Sessions whose number is known, and runs that are started and come to harm."""

    def __init__(self, cluster: Cluster, endpoint: str | None = None) -> None:
        self.cluster = cluster
        self.endpoint = endpoint
        self.live = 0
        self.expired = 0
        self.batches = 0

    def add(self, count: int, expires_in: int) -> None:
        self.batches += 1
        with self.cluster.connect() as owner:
            add_sessions(owner, count, expires_in, prefix=f"{self.batches}-")
        if expires_in < 0:
            self.expired += count
        else:
            self.live += count

    # Three ways to start the same run.

    def psql(self) -> None:
        with self.cluster.connect(self.cluster.app) as operator:
            operator.execute(f"CALL public.run_job('{SESSIONS}')")

    def schedule(self) -> None:
        """What pg_cron sends, as the owner, whom it logs in as."""
        with self.cluster.connect() as owner:
            owner.execute(scheduled_call(owner))

    def api(self) -> None:
        assert self.endpoint is not None
        query = f'mutation {{ triggerJob(jobName: "{SESSIONS}") {{ success message }} }}'
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
        with self.cluster.connect(self.cluster.app) as operator:
            try:
                operator.execute("SELECT cancel_job(%s)", [SESSIONS])
            except psycopg.Error as error:
                if error.sqlstate != "JB005":  # it was faster
                    raise

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
            pids.extend(row.pid for row in watcher.execute(RUNNING).fetchall())
            return bool(pids) or not run.is_alive()

        with self.cluster.connect() as watcher:
            run.start()
            until(is_running_or_over)
        run.join(delay)
        harmed = bool(pids) and run.is_alive()
        if harmed:
            harm(pids[0])
        run.join(30)
        assert not run.is_alive(), "the run goes on and on"
        self.cluster.wait()
        return harmed

    def _swallow(self, start: Start) -> None:
        with suppress(psycopg.Error, httpx.TransportError):
            start()

    # What has to be true.

    def check(self) -> None:
        """Between runs, whatever became of them."""
        with self.cluster.connect(self.cluster.superuser) as superuser:
            until(lambda: not superuser.execute(RUNNING).fetchall())
            [row] = superuser.execute(
                """
                SELECT
                    (SELECT count(*) FROM sessions WHERE expires_at > extract(EPOCH FROM now())) AS live,
                    (SELECT count(*) FROM expired_sessions) AS expired,
                    (SELECT coalesce(sum(records_processed), 0) FROM job_execution) AS counted,
                    (SELECT count(*) FROM job_execution WHERE completed_at IS NULL AND NOT is_lost(id)) AS undead,
                    (SELECT count(*) FROM job_execution WHERE success AND error_message IS NOT NULL) AS liars,
                    (
                        SELECT count(*) FROM pg_stat_activity
                        WHERE state LIKE 'idle in transaction%' AND backend_type = 'client backend'
                    ) AS open_transactions,
                    (
                        SELECT count(*) FROM pg_locks INNER JOIN pg_class ON pg_class.oid = relation
                        WHERE relname IN ('sessions', 'job_execution', 'job') AND pid <> pg_backend_pid()
                            AND mode <> 'ShareUpdateExclusiveLock' -- autovacuum's
                            AND pid IN (SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend')
                    ) AS locks,
                    (
                        SELECT count(*) FROM job
                        FULL JOIN cron.job AS scheduled ON name = jobname AND job.schedule = scheduled.schedule
                        WHERE coalesce(enabled, false) <> (jobid IS NOT NULL)
                    ) AS disagreements
                """
            ).fetchall()
        assert row._asdict() == {
            "live": self.live,
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
            assert owner.execute("SELECT FROM expired_sessions").fetchall() == []
            assert owner.execute("SELECT FROM job_execution WHERE completed_at IS NULL").fetchall() == []
            assert owner.execute("SELECT success FROM job_execution ORDER BY id DESC LIMIT 1").fetchall() == [(True,)]
