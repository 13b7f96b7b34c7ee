"""Which rows go: every expired one, no other, whatever the rows and the batches are."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..cluster import Cluster, Connection
from ..conftest import CHALLENGES, DEVICE_CODES, SESSIONS, TOKENS, add_sessions, count, executions

DAY = 86400

# The database is emptied by each example itself; what the fixture gives is a connection.
against_the_database = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Seconds from now; a few keys, so that many rows share one. Two seconds around now are left out: time passes.
offsets = st.sampled_from([-100 * DAY, -DAY, -600, -301, -11, -10, -9, -3, 3, 4, 60, 290, 600, DAY, 100 * DAY])


def run(owner: Connection, job_name: str) -> Any:
    owner.execute("CALL run_job(%s)", [job_name])
    return executions(owner, job_name)[-1]


def now(owner: Connection) -> int:
    row = owner.execute("SELECT extract(EPOCH FROM now())::bigint").fetchone()
    assert row is not None
    return int(row[0])


def left(owner: Connection, query: str) -> set[str]:
    return {row[0] for row in owner.execute(query).fetchall()}


@against_the_database
@given(expiries=st.lists(offsets, max_size=40))
def test_every_expired_session_goes_and_no_live_one(owner: Connection, expiries: list[int]) -> None:
    owner.execute("TRUNCATE sessions")
    epoch = now(owner)
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO sessions (session_id, subject, auth_time, created_at, expires_at) VALUES (%s, '', 0, 0, %s)",
            [(f"{n}", epoch + offset) for n, offset in enumerate(expiries)],
        )
    row = run(owner, SESSIONS)
    assert left(owner, "SELECT session_id FROM sessions") == {f"{n}" for n, offset in enumerate(expiries) if offset > 0}
    assert row.records_processed == sum(offset < 0 for offset in expiries)


@against_the_database
@given(expiries=st.lists(offsets, max_size=40))
def test_every_expired_device_code_goes_and_no_live_one(owner: Connection, expiries: list[int]) -> None:
    owner.execute("TRUNCATE device_codes")
    epoch = now(owner)
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO device_codes (device_code, user_code, client_id, scope, created_at, expires_at)"
            " VALUES (%s, '', '', '', 0, %s)",
            [(f"{n}", epoch + offset) for n, offset in enumerate(expiries)],
        )
    run(owner, DEVICE_CODES)
    assert left(owner, "SELECT device_code FROM device_codes") == {
        f"{n}" for n, offset in enumerate(expiries) if offset > 0
    }


@against_the_database
@given(
    rows=st.lists(st.tuples(st.sampled_from([-DAY, -310, -303, -295, -10, 0]), offsets), max_size=40),
)
def test_every_challenge_past_five_minutes_or_its_expiry_goes_and_no_other(
    owner: Connection, rows: list[tuple[int, int]]
) -> None:
    owner.execute("TRUNCATE webauthn_challenges")
    epoch = now(owner)
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO webauthn_challenges (challenge, challenge_type, created_at, expires_at, options_json)"
            " VALUES (%s, '', %s, %s, '')",
            [(f"{n}", epoch + created, epoch + expires) for n, (created, expires) in enumerate(rows)],
        )
    row = run(owner, CHALLENGES)
    live = {f"{n}" for n, (created, expires) in enumerate(rows) if created > -300 and expires > 0}
    assert left(owner, "SELECT challenge FROM webauthn_challenges") == live
    assert row.records_processed == len(rows) - len(live)


token = st.fixed_dictionaries(
    {
        "parent": st.integers(-3, 30),  # the place of another row; none, where there is no such place
        "created": st.sampled_from([-10 * DAY, -DAY - 60, -DAY + 60, -3600]),
        "expires": offsets,
        "revoked": st.sampled_from([0, 1]),
    }
)


@against_the_database
@given(tokens=st.lists(token, max_size=30))
def test_a_run_deletes_the_refresh_tokens_that_are_due_no_other_and_in_the_end_none_is_due(
    owner: Connection, tokens: list[dict[str, int]]
) -> None:
    owner.execute("TRUNCATE refresh_tokens")
    epoch = now(owner)
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO refresh_tokens"
            " (token, client_id, subject, scope, created_at, expires_at, revoked, parent_token)"
            " VALUES (%s, '', '', '', %s, %s, %s, %s)",
            [
                (f"{n}", epoch + row["created"], epoch + row["expires"], row["revoked"], f"{row['parent']}")
                for n, row in enumerate(tokens)
            ],
        )
    there = dict(enumerate(tokens))
    for _ in range(len(tokens) + 1):
        due = due_tokens(there)
        assert left(owner, "SELECT token FROM expired_refresh_tokens") == {f"{n}" for n in due}
        assert run(owner, TOKENS).records_processed == len(due)
        there = {n: row for n, row in there.items() if n not in due}
        assert left(owner, "SELECT token FROM refresh_tokens") == {f"{n}" for n in there}
        if not due:
            break
    # One that is younger than its successor may wait, for at most a day.
    assert not any(is_rotated_long_ago(n, there) for n, row in there.items() if row["created"] < -DAY)


def due_tokens(there: dict[int, dict[str, int]]) -> set[int]:
    """Expired, or rotated long ago; but not while a token that was rotated lately is told by it that it was."""
    return {
        n
        for n, row in there.items()
        if (row["expires"] < 0 or is_rotated_long_ago(n, there))
        and (row["created"] < -DAY or not waits(row["parent"], n, there))
    }


def is_rotated_long_ago(n: int, there: dict[int, dict[str, int]]) -> bool:
    return there[n]["revoked"] == 1 and any(row["parent"] == n and row["created"] < -DAY for row in there.values())


def waits(parent: int, child: int, there: dict[int, dict[str, int]]) -> bool:
    return parent in there and parent != child and there[parent]["revoked"] == 1 and there[parent]["expires"] > 0


def test_a_grace_period_is_the_jobs_own_setting(owner: Connection) -> None:
    add_tokens(owner, ("old", -7200, DAY, 1, None), ("new", -3600, DAY, 0, "old"))
    run(owner, TOKENS)
    assert count(owner, "refresh_tokens") == 2
    owner.execute("UPDATE job SET retention = '30 minutes' WHERE name = %s", [TOKENS])
    run(owner, TOKENS)
    assert left(owner, "SELECT token FROM refresh_tokens") == {"new"}


@pytest.mark.parametrize(
    ("view", "insert"),
    [
        ("expired_sessions", "sessions VALUES ('x', '', 0, 0, %s)"),
        ("expired_refresh_tokens", "refresh_tokens VALUES ('x', '', '', '', 0, %s)"),
        ("expired_challenges", "webauthn_challenges VALUES ('x', '', '', '', %s - 300, %s, '')"),
        ("expired_device_codes", "device_codes VALUES ('x', '', '', NULL, '', NULL, 0, %s)"),
    ],
)
def test_a_row_has_expired_when_its_second_is_over(owner: Connection, view: str, insert: str) -> None:
    for offset, expired in [(-1, 1), (0, 0), (1, 0)]:
        with owner.transaction(force_rollback=True):  # in which now() stands still
            second = owner.execute("SELECT floor(extract(EPOCH FROM now()))::bigint").fetchone()
            assert second is not None
            owner.execute(f"INSERT INTO {insert}", [second[0] + offset] * insert.count("%s"))
            assert count(owner, view) == expired


@pytest.mark.parametrize("attempt", range(3))
def test_the_second_in_which_a_run_starts_is_not_over(owner: Connection, attempt: int) -> None:
    for offset in range(-3, 4):
        add_sessions(owner, 2, offset)
    row = run(owner, SESSIONS)
    kept = {row.expires_at for row in owner.execute("SELECT expires_at FROM sessions").fetchall()}
    assert int(row.started_at.timestamp()) <= min(kept) <= int(row.completed_at.timestamp())
    assert len(kept) >= 3


def add_tokens(owner: Connection, *tokens: tuple[str, int, int, int, str | None]) -> None:
    """Refresh tokens: name, issued and expiring how many seconds from now, revoked, parent."""
    epoch = now(owner)
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO refresh_tokens"
            " (token, client_id, subject, scope, created_at, expires_at, revoked, parent_token)"
            " VALUES (%s, '', '', '', %s, %s, %s, %s)",
            [(name, epoch + issued, epoch + ends, revoked, parent) for name, issued, ends, revoked, parent in tokens],
        )


def test_a_chain_of_rotated_tokens_goes_whole_whichever_end_is_met_first(owner: Connection) -> None:
    add_tokens(
        owner,
        ("first", -4 * DAY, 9 * DAY, 1, None),
        ("second", -3 * DAY, 8 * DAY, 1, "first"),
        ("third", -2 * DAY, 7 * DAY, 0, "second"),
    )
    row = run(owner, TOKENS)
    assert (left(owner, "SELECT token FROM refresh_tokens"), row.records_processed) == ({"third"}, 2)


@pytest.mark.parametrize("held", ["first", "second"])
@pytest.mark.parametrize("end_of_third", [-DAY, DAY])
def test_a_rotated_token_that_somebody_holds_goes_with_the_next_run(
    database: Cluster, owner: Connection, held: str, end_of_third: int
) -> None:
    add_tokens(
        owner,
        ("first", -4 * DAY, 9 * DAY, 1, None),
        ("second", -3 * DAY, 9 * DAY, 1, "first"),
        ("third", -2 * DAY, end_of_third, 0, "second"),
    )
    with database.connect() as login, login.transaction():
        login.execute("SELECT FROM refresh_tokens WHERE token = %s FOR UPDATE", [held])
        run(owner, TOKENS)
        assert held in left(owner, "SELECT token FROM refresh_tokens")
    run(owner, TOKENS)
    assert left(owner, "SELECT token FROM refresh_tokens") == ({"third"} if end_of_third > 0 else set())


def test_successors_that_share_a_parent_and_a_second_do_not_hide_another_parent(owner: Connection) -> None:
    add_tokens(
        owner,
        ("a", -4 * DAY, 9 * DAY, 1, None),
        ("b", -4 * DAY, 9 * DAY, 1, None),
        *((f"of-a-{n}", -3 * DAY, 8 * DAY, 0, "a") for n in range(5)),
        ("of-b", -3 * DAY, 8 * DAY, 0, "b"),
    )
    run(owner, TOKENS)
    assert left(owner, "SELECT token FROM refresh_tokens WHERE parent_token IS NULL") == set()


def test_rows_that_never_expire_are_no_obstacle(owner: Connection) -> None:
    add_tokens(owner, *((f"{n}", -DAY, DAY, 0, None) for n in range(4)))
    owner.execute("UPDATE refresh_tokens SET expires_at = 9223372036854775807")
    assert run(owner, TOKENS).success


def test_a_grace_period_is_as_long_in_every_time_zone(owner: Connection) -> None:
    owner.execute("UPDATE job SET retention = '7 days' WHERE name = %s", [TOKENS])
    add_tokens(owner, ("old", -9 * DAY, DAY, 1, None), ("new", -130 * 3600, DAY, 0, "old"))
    owner.execute("SELECT set_config('TimeZone', 'AAA24BBB-24,325/0,348/0', false)")
    run(owner, TOKENS)
    assert left(owner, "SELECT token FROM refresh_tokens") == {"old", "new"}
    assert left(owner, "SELECT token FROM expired_refresh_tokens") == set()
