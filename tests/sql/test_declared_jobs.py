"""A job over any table is one statement, and so is its end; what could not run is refused in one sentence."""

import time
from typing import Any, NamedTuple

import psycopg
import pytest

from ..cluster import Cluster, Connection
from ..conftest import count, executions
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


PLAIN = "SELECT ctid AS row_id, expires_at FROM trial.thing WHERE expires_at < now()"
NOT_PLAIN = "The view trial.expired cannot be deleted from: it must be a plain SELECT … FROM one table WHERE …"
NOT_ONE = "The view trial.expired does not show the rows of exactly one table of this database"


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        ("SELECT a.ctid AS row_id FROM trial.thing AS a JOIN trial.thing AS b USING (expires_at)", NOT_PLAIN),
        ("SELECT a.ctid AS row_id, b.ctid FROM trial.thing AS a, trial.other AS b", NOT_ONE),
        ("SELECT expires_at FROM trial.thing", "The view trial.expired has no column row_id"),
        ("SELECT expires_at AS row_id FROM trial.thing", "The view trial.expired has no column row_id"),
        ("SELECT max(ctid) AS row_id FROM trial.thing", NOT_PLAIN),
        ("SELECT DISTINCT ctid AS row_id FROM trial.thing", NOT_PLAIN),
        ("SELECT ctid AS row_id FROM trial.thing LIMIT 10", NOT_PLAIN),
        ("SELECT ctid AS row_id FROM trial.thing UNION SELECT ctid FROM trial.thing", NOT_PLAIN),
        ("SELECT '(0,1)'::tid AS row_id FROM trial.thing", NOT_ONE),
        ("SELECT ctid AS row_id FROM trial.others", "The role barycenter may not delete from trial.others"),
        ("SELECT ctid AS row_id FROM pg_catalog.pg_class", NOT_ONE),
    ],
)
def test_a_view_that_could_not_be_deleted_from_is_refused(
    trial: Connection, database: Cluster, view: str, sentence: str
) -> None:
    with database.connect(database.superuser) as superuser:
        superuser.execute(
            "CREATE TABLE trial.others (expires_at timestamptz); GRANT SELECT ON trial.others TO barycenter"
        )
    trial.execute("CREATE TABLE trial.thing (expires_at timestamptz); CREATE TABLE trial.other ()")
    trial.execute(f"CREATE VIEW trial.expired AS {view}".encode())
    assert refusal(trial) == ("JB010", sentence)
    # Nor can a job be turned to it later.
    trial.execute(f"CREATE VIEW trial.good AS {PLAIN}".encode())
    declare(trial, "trial.good")
    with pytest.raises(psycopg.Error) as caught:
        trial.execute("UPDATE job SET expired = 'trial.expired' WHERE name = 'trial'")
    assert (caught.value.sqlstate, caught.value.diag.message_primary) == ("JB010", sentence)


def refusal(owner: Connection, *args: Any, **kwargs: Any) -> tuple[str | None, str | None]:
    with pytest.raises(psycopg.Error) as caught:
        declare(owner, *args, **kwargs)
    name = kwargs.get("name", "trial")
    assert owner.execute("SELECT FROM job WHERE name = %s", [name]).fetchall() == []
    assert owner.execute("SELECT FROM cron.job WHERE jobname = %s", [name]).fetchall() == []
    return caught.value.sqlstate, caught.value.diag.message_primary


@pytest.fixture
def thing(trial: Connection) -> Connection:
    trial.execute("CREATE TABLE trial.thing (expires_at timestamptz)")
    trial.execute(f"CREATE VIEW trial.expired AS {PLAIN}".encode())
    return trial


def test_a_table_is_no_view(thing: Connection) -> None:
    assert refusal(thing, "trial.thing") == ("JB010", "trial.thing is not a view")
    thing.execute(f"CREATE MATERIALIZED VIEW trial.stored AS {PLAIN}".encode())
    assert refusal(thing, "trial.stored") == ("JB010", "trial.stored is not a view")
    assert refusal(thing, "trial.nothing")[0] == "42P01"


def test_row_level_security_that_hides_rows_from_the_owner_is_refused(thing: Connection) -> None:
    thing.execute("ALTER TABLE trial.thing ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    assert refusal(thing) == ("JB010", "Row-level security hides rows of trial.thing from the role barycenter")
    thing.execute("ALTER TABLE trial.thing NO FORCE ROW LEVEL SECURITY")
    declare(thing)


def test_a_view_that_belongs_to_somebody_else_is_refused(trial: Connection, database: Cluster) -> None:
    with database.connect(database.superuser) as superuser:
        superuser.execute(
            "CREATE TABLE trial.thing (expires_at timestamptz); GRANT ALL ON trial.thing TO barycenter;"
            f"CREATE VIEW trial.expired AS {PLAIN}; GRANT ALL ON trial.expired TO barycenter".encode()
        )
        sentence = f"The view trial.expired belongs to {superuser.info.user}, and jobs run as barycenter"
        assert refusal(trial) == refusal(superuser) == ("JB010", sentence)
        superuser.execute("ALTER VIEW trial.expired OWNER TO barycenter")
        declare(superuser)  # what the owner then runs and drops
    trial.execute("CALL trial()")
    assert [row.success for row in executions(trial, "trial")] == [True]
    trial.execute("SELECT drop_job('trial')")


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        ("0 0 30 2 *", 'The schedule "0 0 30 2 *" names a day that never comes'),
        ("*/5 " * 5000, "The schedule is 20000 characters long, and 200 is the limit"),
        ("0 */5 * * * *", 'The schedule "0 */5 * * * *" has six fields, and pg_cron would ignore the last'),
        ("hourly", 'The schedule "hourly" has not five fields with one space between them'),
        ("61 * * * *", 'The minute of the schedule, "61", is not understood'),
    ],
    ids=lambda text: text[:20],
)
def test_a_schedule_that_is_never_due_is_refused(thing: Connection, schedule: str, sentence: str) -> None:
    began = time.monotonic()
    assert refusal(thing, schedule=schedule) == ("JB006", sentence)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("name", ["Trial", "no name", "1st", "", "x" * 64, "a'b", 'a"b', "a-b", "é"])
def test_a_name_that_is_no_identifier_is_refused(thing: Connection, name: str) -> None:
    assert refusal(thing, name=name) == (
        "JB010",
        f'The name "{name}" is not made of lower-case letters, digits and _, at most 63, a letter first',
    )


@pytest.mark.parametrize("name", ["run_overdue_job", "sync_schedule", "check_health"])
def test_no_job_takes_the_name_of_a_routine_of_ours(thing: Connection, name: str) -> None:
    before = thing.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [name]).fetchall()
    assert refusal(thing, name=name) == ("JB010", f"The name {name} is taken by another routine of barycenter_jobs")
    assert thing.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [name]).fetchall() == before


@pytest.mark.parametrize(
    ("setting", "constraint"),
    [
        ("retention = '-1 hour'", "job_retention_is_sensible"),
        ("batch_time = '0'", "job_batch_time_is_sensible"),
        ("history_retention = '0'", "job_history_retention_is_sensible"),
        ("name = 'No Name'", None),
    ],
)
def test_a_nonsense_setting_is_refused(thing: Connection, setting: str, constraint: str | None) -> None:
    declare(thing)
    with pytest.raises(psycopg.Error) as caught:
        thing.execute(f"UPDATE job SET {setting} WHERE name = 'trial'".encode())
    assert caught.value.diag.constraint_name == constraint
    assert caught.value.sqlstate == ("23514" if constraint else "JB010")


def test_declaring_a_job_again_replaces_view_and_description_and_keeps_the_rest(thing: Connection) -> None:
    declare(thing)
    thing.execute("SELECT pause_job('trial', 'a reason')")
    thing.execute(
        "UPDATE job SET batch_time = '7 ms', history_retention = '9 days', retention = '1 h', position = 99"
        " WHERE name = 'trial'"
    )
    [before] = thing.execute("SELECT * FROM job WHERE name = 'trial'").fetchall()
    thing.execute("CREATE TABLE trial.another (expires_at timestamptz)")
    thing.execute(f"CREATE VIEW trial.new AS {PLAIN.replace('thing', 'another')}".encode())
    [(said,)] = thing.execute(
        "SELECT create_job('trial', expired => 'trial.new', schedule => '*/5 * * * *', description => 'Other',"
        " retention => '2 h')"
    ).fetchall()
    [after] = thing.execute("SELECT * FROM job WHERE name = 'trial'").fetchall()
    assert after == before._replace(description="Other", expired="trial.new", target_table="trial.another")
    assert NEVER in said
    assert "*/5" not in said
    [(comment,)] = thing.execute("SELECT obj_description('trial()'::regprocedure)").fetchall()
    assert comment.startswith("Other.")


def test_the_retention_of_a_job_that_had_none_may_come_later(thing: Connection) -> None:
    declare(thing)
    thing.execute(
        "SELECT create_job('trial', expired => 'trial.expired', schedule => '0 0 1 1 *', description => '',"
        " retention => '2 h')"
    )
    assert thing.execute("SELECT retention::text FROM job WHERE name = 'trial'").fetchall() == [("02:00:00",)]


def test_a_job_that_is_dropped_while_it_runs_ends_and_stays_in_the_log(thing: Connection, database: Cluster) -> None:
    declare(thing)
    thing.execute("CALL trial()")
    assert thing.execute("SELECT drop_job('trial')").fetchall() == [
        ("Job trial is dropped. Its view and its rows in job_execution stay.",)
    ]
    with pytest.raises(psycopg.Error, match="Unknown job: trial"):
        thing.execute("CALL run_job('trial')")
    assert len(executions(thing, "trial")) == 1
    assert count(thing, "job_change") >= 2


def test_an_operator_declares_and_drops_nothing(thing: Connection, operator: Connection) -> None:
    declare(thing)
    for statement in (
        "SELECT create_job('x', expired => 'public.job_status', schedule => '* * * * *', description => '')",
        "SELECT drop_job('trial')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            operator.execute(statement.encode())
    operator.execute("CALL trial()")
    assert [row.started_by for row in executions(thing, "trial")] == ["barycenter_jobs_app"]


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
