"""Declaring a job is one statement, and so is its end; what could not run is refused in one sentence."""

import time
from typing import Any

import psycopg
import pytest

from ..cluster import Cluster, Connection
from ..conftest import count, executions
from .conftest import NEVER, declare

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
