"""Schedules: what is refused and why, when a job runs next, and whether a start was missed."""

from datetime import UTC, datetime

import psycopg
import pytest
from cronsim import CronSim, CronSimError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ..cluster import Cluster, Connection, until
from ..conftest import SESSIONS, Run, add_sessions, executions, trigger

against_the_database = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def field(first: int, last: int, names: str = "") -> st.SearchStrategy[str]:
    """Texts of a field: a star, numbers, names, ranges, steps, and lists of these."""
    numbers = st.integers(first, last)
    ranges = st.tuples(numbers, numbers).filter(lambda two: two[0] < two[1]).map(lambda two: f"{two[0]}-{two[1]}")
    steps = st.tuples(st.one_of(st.just("*"), ranges), st.integers(1, last)).map(lambda two: f"{two[0]}/{two[1]}")
    part = st.one_of(numbers.map(str), ranges, steps, *([st.sampled_from(names.split())] if names else []))
    return st.one_of(st.just("*"), part, st.lists(part, min_size=1, max_size=3).map(",".join))


schedules = st.tuples(
    field(0, 59), field(0, 23), field(1, 31), field(1, 12, "jan Feb DEC"), field(0, 7, "sun Mon SAT")
).map(" ".join)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))


def next_run(owner: Connection, schedule: str, after: datetime) -> datetime | None:
    row = owner.execute("SELECT next_run(%s, %s)", [schedule, after]).fetchone()
    assert row is not None
    found: datetime | None = row[0]
    return found and found.astimezone(UTC)  # Python finds no time of an hour that comes twice equal to one in UTC


@against_the_database
@given(schedule=schedules, after=instants, time_zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu"]))
@example("0 0 29 2 *", datetime(2096, 3, 1, tzinfo=UTC), "UTC")  # 2100 is no leap year
@example("* 5 * * *", datetime(2024, 11, 2, 6, 0, tzinfo=UTC), "America/New_York")
@example("30 4 1,15 * 5", datetime(2026, 11, 24, tzinfo=UTC), "UTC")  # crontab(5)'s example of two kinds of day
def test_the_next_run_is_what_cron_says(owner: Connection, schedule: str, after: datetime, time_zone: str) -> None:
    owner.execute("SELECT set_config('TimeZone', %s, false)", [time_zone])
    try:
        expected = next(CronSim(schedule, after))
    except (CronSimError, StopIteration):
        expected = None
    assert next_run(owner, schedule, after) == expected


def test_an_interval_in_seconds_is_counted_from_the_last_start(owner: Connection) -> None:
    assert next_run(owner, "30 seconds", datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        ("0 0 * * * *", 'The schedule "0 0 * * * *" has six fields, and pg_cron would ignore the last'),
        ("* * * *", "has not five fields"),
        ("", "has not five fields"),
        ("* *  * * *", "has six fields"),
        ("@hourly", "has not five fields"),
        ("61 * * * *", 'The minute of the schedule, "61", is not understood'),
        ("* 24 * * *", 'The hour of the schedule, "24", is not understood'),
        ("* * 0 * *", 'The day of the month of the schedule, "0", is not understood'),
        ("* * * january *", 'The month of the schedule, "january", is not understood'),
        ("* * * * mon-sun", 'The day of the week of the schedule, "mon-sun", is not understood'),
        ("5-3 * * * *", 'The minute of the schedule, "5-3", is not understood'),
        ("*/61 * * * *", 'The minute of the schedule, "*/61", is not understood'),
        ("1,,2 * * * *", 'The minute of the schedule, "1,,2", is not understood'),
        ("0 0 30 2 *", 'The schedule "0 0 30 2 *" names a day that never comes'),
        ("0 seconds", "seconds"),
        ("60 seconds", "seconds"),
        ("nonsense", "has not five fields"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_with_a_sentence_and_nothing_changes(
    owner: Connection, operator: Connection, schedule: str, sentence: str
) -> None:
    before = owner.execute("SELECT * FROM job").fetchall()
    for connection, statement in [
        (operator, "SELECT reschedule_job(%(name)s, %(schedule)s)"),
        (owner, "UPDATE job SET schedule = %(schedule)s WHERE name = %(name)s"),
    ]:
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(statement, {"name": SESSIONS, "schedule": schedule})
        assert caught.value.sqlstate == "JB006"
        assert sentence in f"{caught.value.diag.message_primary}"
        assert caught.value.diag.message_hint
    assert owner.execute("SELECT * FROM job").fetchall() == before


@pytest.mark.parametrize(("schedule", "feature"), [("30 seconds", "seconds"), ("0 0 $ * *", "last day")])
def test_what_this_pg_cron_does_not_know_is_refused_and_what_it_knows_is_taken(
    owner: Connection, schedule: str, feature: str
) -> None:
    [version] = owner.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'pg_cron'").fetchall()[
        0
    ]
    known = owner.execute("SELECT pg_cron_knows(%s)", [feature]).fetchone()
    assert known == (
        tuple(map(int, version.split("-")[0].split("."))) >= {"seconds": (1, 5), "last day": (1, 6)}[feature],
    )
    update = "UPDATE job SET schedule = %s, enabled = true WHERE name = %s"
    with owner.transaction(force_rollback=True):
        if known == (True,):
            owner.execute(update, [schedule, SESSIONS])
        else:
            with pytest.raises(psycopg.Error, match=f"This pg_cron, {version}, "):
                owner.execute(update, [schedule, SESSIONS])


@against_the_database
@given(schedule=st.one_of(schedules, st.text("0123456789*/-,$ @adehjlmnoprsuy", max_size=20), schedules.map("1".join)))
def test_what_is_taken_pg_cron_takes_too(owner: Connection, schedule: str) -> None:
    with owner.transaction(force_rollback=True):
        try:
            owner.execute("UPDATE job SET schedule = %s WHERE name = %s", [schedule, SESSIONS])
        except psycopg.Error as error:
            assert error.sqlstate == "JB006"  # noqa: PT017
            return
        owner.execute("SELECT cron.schedule('a job', %s, 'SELECT 1')", [schedule])


def overdue(owner: Connection) -> bool:
    row = owner.execute("SELECT overdue FROM job_status WHERE name = %s", [SESSIONS]).fetchone()
    assert row is not None
    return bool(row.overdue)


def days_ago(database: Cluster, days: int) -> None:
    """As if all that was done to the job had been done ``days`` earlier."""
    with database.connect(database.superuser) as superuser:
        superuser.execute("UPDATE job_change SET changed_at = changed_at - %s * interval '1 day'", [days])
        superuser.execute(
            "UPDATE job_execution SET started_at = started_at - %(days)s * interval '1 day',"
            " completed_at = completed_at - %(days)s * interval '1 day'",
            {"days": days},
        )


def test_a_job_is_overdue_when_a_scheduled_start_was_missed(database: Cluster, owner: Connection) -> None:
    owner.execute("UPDATE job SET enabled = true, schedule = '0 * * * *' WHERE name = %s", [SESSIONS])
    assert not overdue(owner)  # it is new: nothing was due yet
    days_ago(database, 1)
    assert overdue(owner)  # it has never run, or the server was down when it should have

    owner.execute("CALL run_job(%s)", [SESSIONS])
    assert not overdue(owner)
    days_ago(database, 1)
    assert overdue(owner)


def test_a_job_that_is_paused_is_not_overdue_nor_one_that_was_just_resumed_or_rescheduled(
    database: Cluster, owner: Connection, operator: Connection
) -> None:
    operator.execute("SELECT resume_job(%s)", [SESSIONS])
    days_ago(database, 2)
    assert overdue(owner)
    operator.execute("SELECT pause_job(%s)", [SESSIONS])
    assert not overdue(owner)
    status = owner.execute("SELECT enabled, next_run_at FROM job_status WHERE name = %s", [SESSIONS]).fetchone()
    assert status == (False, None)
    days_ago(database, 2)
    operator.execute("SELECT resume_job(%s)", [SESSIONS])
    assert not overdue(owner)
    days_ago(database, 2)
    operator.execute("SELECT reschedule_job(%s, '1 * * * *')", [SESSIONS])
    assert not overdue(owner)
    days_ago(database, 2)
    assert overdue(owner)
    owner.execute("UPDATE job SET schedule = '0 * * * *' WHERE name = %s", [SESSIONS])


def test_a_run_that_takes_longer_than_its_schedule_is_not_overdue_while_it_runs_or_just_after(
    database: Cluster, owner: Connection
) -> None:
    add_sessions(owner, 2, -10)
    owner.execute("UPDATE job SET enabled = true, schedule = '0 * * * *' WHERE name = %s", [SESSIONS])
    days_ago(database, 3)
    with trigger(owner, "PERFORM pg_sleep(1)"):
        run = Run(database)
        until(lambda: executions(owner))
        assert not overdue(owner)
        assert run.end() is None
    # As if it had taken a day.
    owner.execute("UPDATE job_execution SET started_at = started_at - interval '1 day'")
    assert not overdue(owner)


def test_the_next_run_of_a_job_is_ahead_and_as_its_schedule_says(owner: Connection) -> None:
    owner.execute("UPDATE job SET enabled = true, schedule = '7 * * * *' WHERE name = %s", [SESSIONS])
    row = owner.execute(
        "SELECT next_run_at > now() AND next_run_at <= now() + interval '1 hour', extract(MINUTE FROM next_run_at)"
        " FROM job_status WHERE name = %s",
        [SESSIONS],
    ).fetchone()
    assert row == (True, 7)
    owner.execute("UPDATE job SET schedule = '0 * * * *' WHERE name = %s", [SESSIONS])
