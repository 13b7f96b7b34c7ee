"""A job works over any table: whatever its key's type, its index or none, and the caller's settings."""

import time
from typing import Any, NamedTuple

import pytest

from ..cluster import Cluster, Connection
from ..conftest import executions
from .conftest import NEVER, declare

LIVE, EXPIRED = 2000, 60  # few enough that an index is followed where there is one


class Key(NamedTuple):
    """A type of key, the time that is ``{}`` days from now, and what has expired."""

    type: str
    value: str
    condition: str


UTC = "now() AT TIME ZONE 'UTC'"
ISO = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
KEYS = {
    "epoch seconds": Key(
        "bigint", "extract(EPOCH FROM now())::bigint + {} * 86400", "{} < floor(date_part('epoch', now()))::bigint"
    ),
    "epoch milliseconds": Key(
        "bigint",
        "(extract(EPOCH FROM now()) * 1000)::bigint + {} * 86400000::bigint",
        "{} < floor(date_part('epoch', now()) * 1000)::bigint",
    ),
    "timestamptz": Key("timestamptz", "now() + {} * interval '1 day'", "{} < now()"),
    "timestamp": Key("timestamp", UTC + " + {} * interval '1 day'", "{} < " + UTC),
    "date": Key("date", "current_date + {}::integer", "{} < current_date"),
    "ISO 8601 text": Key("text", ISO.format("(now() + {} * interval '1 day')"), "{} < " + ISO.format("now()")),
}
TIME = KEYS["timestamptz"]


class Shape(NamedTuple):
    """A table: its name, that of its key, the rest of its columns, what follows them, and a further condition."""

    table: str = "trial.thing"
    column: str = "expires_at"
    columns: str = "id uuid PRIMARY KEY DEFAULT gen_random_uuid()"
    suffix: str = ""
    condition: str = ""


SHAPES = {
    "uuid": Shape(),
    "composite key": Shape(columns="a serial, b integer DEFAULT 7, PRIMARY KEY (b, a)"),
    "no primary key": Shape(columns="payload text DEFAULT repeat('x', 50)"),
    "quoted names": Shape(table='trial."Mixed ""Case"" and \'spaces\'"', column='"Expires ""At"" it\'s"'),
    "partitioned": Shape(columns="id integer DEFAULT 1", suffix="PARTITION BY RANGE (expires_at)"),
    "inherited": Shape(suffix="; CREATE TABLE trial.child () INHERITS (trial.thing)"),
    "condition beside the time": Shape(columns="keep boolean NOT NULL DEFAULT false", condition=" AND NOT keep"),
}


def fill(owner: Connection, key: Key, shape: Shape, index: bool) -> None:
    """The table, its view ``trial.expired``, live and expired rows."""
    owner.execute(f"CREATE TABLE {shape.table} ({shape.column} {key.type}, {shape.columns}) {shape.suffix}".encode())
    if "PARTITION" in shape.suffix:
        for name, bounds in {
            "past": f"FROM (MINVALUE) TO ('{time.gmtime().tm_year - 1}-01-01')",
            "present": f"FROM ('{time.gmtime().tm_year - 1}-01-01') TO ('{time.gmtime().tm_year + 1}-01-01')",
        }.items():
            owner.execute(f"CREATE TABLE trial.{name} PARTITION OF {shape.table} FOR VALUES {bounds}".encode())
        owner.execute(f"CREATE TABLE trial.others PARTITION OF {shape.table} DEFAULT".encode())
    if index:
        owner.execute(f"CREATE INDEX ON {shape.table} ({shape.column})".encode())
    for days, rows in (("(1 + n)", LIVE), ("-(1 + n * 13)", EXPIRED)):
        table = "trial.child" if "INHERITS" in shape.suffix else shape.table
        owner.execute(
            f"INSERT INTO {table} ({shape.column})"
            f" SELECT {key.value.format(days)} FROM generate_series(1, {rows}) AS n".encode()
        )
    owner.execute(
        f"CREATE VIEW trial.expired AS SELECT ctid AS row_id, {shape.column} FROM {shape.table}"
        f" WHERE {key.condition.format(shape.column)}{shape.condition}".encode()
    )
    owner.execute(f"ANALYZE {shape.table}".encode())


@pytest.mark.parametrize("index", [False, True], ids=["bare", "indexed"])
@pytest.mark.parametrize(
    ("key", "shape"),
    [(key, Shape()) for key in KEYS.values()] + [(TIME, shape) for shape in SHAPES.values()],
    ids=[*KEYS, *SHAPES],
)
def test_expired_rows_go_and_live_ones_stay(trial: Connection, key: Key, shape: Shape, index: bool) -> None:
    fill(trial, key, shape, index)
    due = EXPIRED
    if shape.condition:
        due -= trial.execute(
            f"UPDATE {shape.table} SET keep = true WHERE {shape.column} < now() - interval '400 days'".encode()
        ).rowcount
        assert 0 < due < EXPIRED
    declare(trial)
    assert cron_entries(trial) == [(NEVER, "CALL barycenter_jobs.trial()", True)]
    assert preview(trial) == due

    trial.execute("CALL trial()")
    [row] = executions(trial, "trial")
    assert (row.success, row.records_processed, row.progress, row.expected_end) == (True, due, 100, None)
    left = trial.execute(f"SELECT count(*) FROM {shape.table}".encode()).fetchone()
    assert left == (LIVE + EXPIRED - due,)
    assert preview(trial) == 0

    trial.execute("SELECT drop_job('trial')")
    assert cron_entries(trial) == []
    assert trial.execute("SELECT to_regprocedure('trial()'), to_regclass('trial.expired') IS NULL").fetchall() == [
        (None, False)
    ]
    assert executions(trial, "trial") == [row]


def cron_entries(owner: Connection) -> list[Any]:
    return owner.execute("SELECT schedule, command, active FROM cron.job WHERE jobname = 'trial'").fetchall()


def preview(owner: Connection) -> int:
    row = owner.execute("SELECT records FROM preview_job('trial')").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("key", [key for key in KEYS.values() if key.type != "text"], ids=lambda key: key.type)
def test_a_preview_tells_the_earliest_expiry(trial: Connection, key: Key) -> None:
    fill(trial, key, Shape(), index=False)
    declare(trial)
    [(days,)] = trial.execute("SELECT extract(EPOCH FROM now() - oldest) / 86400 FROM preview_job('trial')").fetchall()
    assert float(days) == pytest.approx(1 + 13 * EXPIRED, abs=1.1)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize(
    ("column", "now"), [("timestamp", "now()"), ("date", "current_date"), ("timestamptz", "localtimestamp")]
)
def test_what_has_expired_and_what_a_preview_counts_hang_on_no_ones_time_zone(
    trial: Connection, column: str, now: str, zone: str
) -> None:
    trial.execute(
        f"CREATE TABLE trial.thing (expires_at {column});"
        f" INSERT INTO trial.thing SELECT {UTC} + n * interval '1 hour' - interval '7 minutes'"
        " FROM generate_series(-40, 40) AS n;"
        "CREATE VIEW trial.expired AS SELECT ctid AS row_id, expires_at FROM trial.thing"
        f" WHERE expires_at < {now}".encode()
    )
    declare(trial)
    due = preview(trial)
    trial.execute("SELECT set_config('TimeZone', %s, false)", [zone])
    assert preview(trial) == due
    trial.execute("CALL trial()")
    assert [row.records_processed for row in executions(trial, "trial")] == [due]


@pytest.mark.parametrize("style", ["German", "SQL, DMY", "Postgres, MDY"])
def test_a_client_may_write_dates_as_it_likes(database: Cluster, trial: Connection, style: str) -> None:
    fill(trial, TIME, Shape(), index=True)
    declare(trial)
    with database.connect(options=f"-c DateStyle={style.replace(' ', '')}") as client:
        client.execute("CALL trial()")
    assert [row.records_processed for row in executions(trial, "trial")] == [EXPIRED]


def test_rows_without_a_time_go_if_the_view_shows_them(trial: Connection) -> None:
    fill(trial, TIME, Shape(), index=True)
    trial.execute(
        "INSERT INTO trial.thing (expires_at) SELECT NULL FROM generate_series(1, 5); ANALYZE trial.thing;"
        "CREATE OR REPLACE VIEW trial.expired AS SELECT ctid AS row_id, expires_at FROM trial.thing"
        " WHERE expires_at < now() OR expires_at IS NULL"
    )
    declare(trial)
    trial.execute("CALL trial()")
    assert [row.records_processed for row in executions(trial, "trial")] == [EXPIRED + 5]
    assert count_of(trial, "trial.expired") == 0


def count_of(owner: Connection, relation: str) -> int:
    row = owner.execute(f"SELECT count(*) FROM {relation}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_a_key_of_a_type_from_an_extension_is_walked_by_pages(trial: Connection, database: Cluster) -> None:
    """In the run's search_path its operators are not found, or are those of text, which has another order."""
    with database.connect(database.superuser) as superuser:
        superuser.execute("CREATE EXTENSION citext SCHEMA trial")
    trial.execute(
        "CREATE TABLE trial.grants (tenant trial.citext, expires_at timestamptz, pad text DEFAULT repeat('x', 400))"
    )
    trial.execute("CREATE INDEX ON trial.grants (tenant, expires_at)")
    trial.execute(
        "INSERT INTO trial.grants SELECT 'x' || n, now() + interval '1 day' FROM generate_series(1, 60000) AS n"
    )
    trial.execute("INSERT INTO trial.grants SELECT unnest('{alpha,Bravo,Delta}'::text[]), now() - interval '1 day'")
    trial.execute("ANALYZE trial.grants")
    trial.execute(
        "CREATE VIEW trial.expired AS SELECT ctid AS row_id, tenant, expires_at FROM trial.grants"
        " WHERE expires_at < now()"
    )
    declare(trial)
    trial.execute("CALL run_job('trial')")
    assert trial.execute("SELECT records_processed, success FROM job_execution").fetchall() == [(3, True)]


def test_the_callers_settings_do_not_round_the_places_of_a_walk(trial: Connection) -> None:
    trial.execute("CREATE TABLE trial.grants (expires_at double precision)")
    trial.execute("CREATE INDEX ON trial.grants (expires_at)")
    trial.execute("INSERT INTO trial.grants SELECT 1700000123.457 + n / 1000.0 FROM generate_series(1, 50) AS n")
    trial.execute("INSERT INTO trial.grants SELECT 9e9 + n FROM generate_series(1, 30000) AS n")
    trial.execute("ANALYZE trial.grants")
    trial.execute(
        "CREATE VIEW trial.expired AS SELECT ctid AS row_id, expires_at FROM trial.grants"
        " WHERE expires_at < date_part('epoch', now())"
    )
    declare(trial)
    trial.execute("SET extra_float_digits = -10")
    trial.execute("CALL run_job('trial')")
    assert trial.execute("SELECT records_processed, success FROM job_execution").fetchall() == [(50, True)]
