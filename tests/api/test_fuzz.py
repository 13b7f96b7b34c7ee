"""Whatever schemathesis makes of the schema is answered: never a 5xx, never an internal error, never a broken answer.

The suite tries CASES=300 of them; ``make fuzz CASES=5000`` more, and prints a tally.
"""

import os
from collections import Counter
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes

from ..cluster import ROOT, Cluster

CASES = int(os.environ.get("CASES", "300"))
# What one argument may make of another is no fault of the server.
CODES = {None, "BAD_USER_INPUT", "RATE_LIMITED", "TOO_MUCH"}

schemathesis.graphql.scalar(
    "DateTime", st.one_of(st.datetimes().map(lambda time: f"{time.isoformat()}Z"), st.text()).map(nodes.String)
)


def test_whatever_fits_the_schema_is_answered(database: Cluster, endpoint: str) -> None:
    schema = schemathesis.graphql.from_path(ROOT / "app" / "schema.graphql")
    tally: Counter[str] = Counter()

    with httpx.Client(timeout=30) as client:

        @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=schema.as_strategy())
        def check(case: schemathesis.Case[Any]) -> None:
            response = client.post(endpoint, json={"query": case.body})
            assert response.status_code == 200, (case.body, response.text)
            answer = response.json()
            codes = {error.get("extensions", {}).get("code") for error in answer.get("errors", [])}
            assert answer.keys() <= {"data", "errors"}, answer
            assert codes <= CODES, (case.body, answer)
            tally["data" if "data" in answer else "refused"] += 1

        check()
    print(f"{sum(tally.values())} cases, 0 of them a 5xx or a broken answer: {dict(tally)}")
    assert sum(tally.values()) >= CASES
    assert tally["data"] > CASES / 10
