"""A job whose operator has asked for it drops partitions whose every row has expired, instead of deleting from them."""

from typing import LiteralString

import psycopg
import pytest

from ..cluster import Cluster, Connection, until
from ..conftest import Run, executions
from .conftest import NEVER

EPOCH = "floor(date_part('epoch', now()))::bigint"


@pytest.fixture
def tokens(trial: Connection) -> Connection:
    """``trial.tokens``, partitioned into past, present and future; with a job that drops partitions."""
    trial.execute("CREATE TABLE trial.tokens (id integer, expires_at bigint) PARTITION BY RANGE (expires_at)")
    bounds = [f"SELECT {EPOCH} + {n}" for n in (-1000, 1000)]
    [[start], [end]] = [trial.execute(bound.encode()).fetchone() or [0] for bound in bounds]
    trial.execute(f"CREATE TABLE trial.past PARTITION OF trial.tokens FOR VALUES FROM (100) TO ({start})".encode())
    trial.execute(f"CREATE TABLE trial.present PARTITION OF trial.tokens FOR VALUES FROM ({start}) TO ({end})".encode())
    trial.execute("CREATE TABLE trial.future PARTITION OF trial.tokens DEFAULT")
    trial.execute(f"INSERT INTO trial.tokens SELECT n, {EPOCH} + n FROM generate_series(-1999, 1999, 2) AS n".encode())
    trial.execute(
        "CREATE VIEW trial.expired AS SELECT ctid AS row_id, expires_at FROM trial.tokens"
        f" WHERE expires_at < {EPOCH}".encode()
    )
    trial.execute(
        "CREATE VIEW trial.expired_partitions AS SELECT partition FROM range_partitions('trial.tokens')"
        f" WHERE upper_bound::bigint <= {EPOCH}".encode()
    )
    declare(trial)
    return trial


def declare(owner: Connection, partitions: str = "trial.expired_partitions") -> None:
    owner.execute(
        "SELECT create_job('trial', expired => 'trial.expired', schedule => %s, description => 'Clean up',"
        " expired_partitions => %s::regclass)",
        [NEVER, partitions],
    )


def outcome(owner: Connection) -> tuple[int, list[str], int]:
    """Runs the job: rows deleted, partitions dropped, rows left that have expired."""
    owner.execute("CALL run_job('trial')")
    row = owner.execute(
        "SELECT records_processed, dropped_partitions, (SELECT count(*) FROM trial.expired), success"
        " FROM job_execution WHERE job_name = 'trial' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    assert row[3]
    return int(row[0]), list(row[1]), int(row[2])


def live(owner: Connection) -> int:
    row = owner.execute(f"SELECT count(*) FROM trial.tokens WHERE expires_at >= {EPOCH}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_a_partition_whose_every_row_has_expired_is_dropped_and_all_other_expired_rows_are_deleted(
    tokens: Connection,
) -> None:
    before = live(tokens)
    deleted, dropped, left = outcome(tokens)
    assert dropped == ["trial.past"]
    assert left == 0
    assert deleted in range(499, 510)
    assert live(tokens) in range(before - 5, before + 1)
    assert tokens.execute("SELECT to_regclass('trial.past')").fetchone() == (None,)
    assert outcome(tokens)[1:] == ([], 0)
    history = tokens.execute("SELECT status, why FROM job_history WHERE job = 'trial' ORDER BY id").fetchall()
    assert history == [("succeeded", "dropped trial.past"), ("succeeded", None)]


def test_rows_of_a_partition_that_logins_keep_locked_are_deleted(tokens: Connection, database: Cluster) -> None:
    with database.connect() as login:
        login.execute("BEGIN")
        login.execute("SELECT FROM trial.tokens WHERE id = 1")
        deleted, dropped, left = outcome(tokens)
    assert dropped == []
    assert left == 0
    assert deleted in range(999, 1010)


def test_one_partition_that_cannot_be_dropped_has_its_rows_deleted_and_holds_up_no_other(
    tokens: Connection, database: Cluster
) -> None:
    tokens.execute("CREATE VIEW trial.report AS SELECT count(*) FROM trial.past")
    tokens.execute("ALTER TABLE trial.tokens DETACH PARTITION trial.future")
    tokens.execute("CREATE TABLE trial.older PARTITION OF trial.tokens FOR VALUES FROM (0) TO (1)")
    deleted, dropped, left = outcome(tokens)
    assert dropped == ["trial.older"]
    assert left == 0
    assert deleted in range(999, 1010)
    warning = "Partition trial.past is not dropped, and its rows are deleted: cannot drop table trial.past"
    until(lambda: any(warning in line for line in database.log()[-200:]))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER audit AFTER DELETE ON trial.tokens FOR EACH ROW EXECUTE FUNCTION trial.nothing()",
        "CREATE TABLE trial.uses (id integer, at bigint, FOREIGN KEY (id, at) REFERENCES trial.tokens)",
    ],
    ids=["a trigger", "a foreign key"],
)
def test_no_partition_is_dropped_past_a_trigger_or_a_foreign_key(tokens: Connection, statement: LiteralString) -> None:
    tokens.execute(
        "CREATE FUNCTION trial.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "ALTER TABLE trial.tokens ADD PRIMARY KEY (id, expires_at)"
    )
    tokens.execute(statement)
    before = live(tokens)
    deleted, dropped, left = outcome(tokens)
    assert dropped == []
    assert left == 0
    assert deleted in range(999, 1010)
    assert live(tokens) in range(before - 5, before + 1)


def test_a_partition_whose_last_row_is_live_is_not_dropped_whatever_the_view_says(tokens: Connection) -> None:
    tokens.execute(
        "CREATE OR REPLACE VIEW trial.expired_partitions AS SELECT partition FROM range_partitions('trial.tokens')"
    )
    before = live(tokens)
    assert outcome(tokens)[1:] == (["trial.past"], 0)
    assert live(tokens) in range(before - 5, before + 1)


def test_a_run_that_was_cancelled_drops_nothing_more(tokens: Connection, database: Cluster) -> None:
    with database.connect() as login, database.connect() as operator:
        login.execute("BEGIN")
        login.execute("SELECT FROM trial.tokens WHERE id = 1")
        run = Run(database, "trial")
        until(lambda: executions(operator, "trial"))
        operator.execute("SELECT cancel_job('trial')")
        login.execute("COMMIT")
        assert run.end() is not None
    [cancelled] = executions(tokens, "trial")
    assert cancelled.error_code == "JB007"
    assert tokens.execute("SELECT to_regclass('trial.past') IS NOT NULL").fetchone() == (True,)


def test_a_view_that_shows_no_partitions_is_refused_with_what_to_do(tokens: Connection) -> None:
    tokens.execute("CREATE VIEW trial.wrong AS SELECT 'trial.past' AS partition")
    with pytest.raises(psycopg.DatabaseError, match="with a column partition of type regclass") as refused:
        declare(tokens, "trial.wrong")
    assert "range_partitions('trial.tokens')" in f"{refused.value.diag.message_hint}"


def test_partitions_of_somebody_elses_table_cannot_be_dropped(tokens: Connection, database: Cluster) -> None:
    with database.connect(database.superuser) as superuser:
        superuser.execute("ALTER TABLE trial.tokens OWNER TO CURRENT_USER")
        superuser.execute(f"GRANT ALL ON trial.tokens TO {tokens.info.user}".encode())
    with pytest.raises(psycopg.DatabaseError, match=r"does not own trial\.tokens"):
        declare(tokens)


def test_a_view_that_looks_at_more_than_the_partition_key_drops_no_partition(tokens: Connection) -> None:
    """As ``AND NOT pinned`` would: a row that is kept must not go with its partition."""
    tokens.execute(
        "CREATE OR REPLACE VIEW trial.expired AS SELECT ctid AS row_id, expires_at FROM trial.tokens"
        f" WHERE expires_at < {EPOCH} AND id <> 5".encode()
    )
    with pytest.raises(psycopg.DatabaseError, match=r"trial\.expired does not show .* alone"):
        declare(tokens)


def test_range_partitions_gives_bounds_as_text_and_leaves_the_default_partition_out(tokens: Connection) -> None:
    tokens.execute("CREATE TABLE trial.days (day date, name text) PARTITION BY RANGE (day)")
    tokens.execute("CREATE TABLE trial.a PARTITION OF trial.days FOR VALUES FROM (MINVALUE) TO ('2026-01-01')")
    tokens.execute("CREATE TABLE trial.b PARTITION OF trial.days FOR VALUES FROM ('2026-01-01') TO (MAXVALUE)")
    tokens.execute("CREATE TABLE trial.c PARTITION OF trial.days DEFAULT")
    bounds = tokens.execute("SELECT partition::text, lower_bound, upper_bound FROM range_partitions('trial.days')")
    assert bounds.fetchall() == [("trial.a", None, "2026-01-01"), ("trial.b", "2026-01-01", None)]
    tokens.execute("CREATE TABLE trial.numbers (n integer) PARTITION BY RANGE (n)")
    tokens.execute("CREATE TABLE trial.d PARTITION OF trial.numbers FOR VALUES FROM (-5) TO (1000)")
    bounds = tokens.execute("SELECT partition::text, lower_bound, upper_bound FROM range_partitions('trial.numbers')")
    assert bounds.fetchall() == [("trial.d", "-5", "1000")]
