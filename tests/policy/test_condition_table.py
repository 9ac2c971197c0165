"""The verdicts of an independent table, which can also test other evaluators."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from app.policy.comparing import COMPARISONS
from app.policy.context_keys import FACTS
from app.policy.evaluate import evaluate
from app.policy.layers import NOT_READ, RegistryPolicy, RegistryScope

TABLE = json.loads((Path(__file__).parent / "condition_table.json").read_text(encoding="utf-8"))
ROWS = [pytest.param({**TABLE["defaults"], **row}, id=row["name"]) for row in TABLE["rows"]]


def text(policy):
    return None if policy is None else json.dumps(policy)


def registry_of(row):
    registry = row["registry"]
    if registry is None:
        return NOT_READ
    return RegistryPolicy(text(registry["policy"]), registry["scope"] and RegistryScope(registry["scope"]))


@pytest.mark.parametrize("row", ROWS)
def test_the_verdict_is_the_tables(row):
    verdict = evaluate(
        text(row["repository"]),
        row["principal"],
        registry_of(row),
        repository_arn=row["repository_arn"],
        now=datetime.fromisoformat(row["now"]),
    )
    assert (verdict.access, list(verdict.keys)) == (row["expected"], row.get("open", []))
    assert verdict.sentence


def conditions():
    for row in TABLE["rows"]:
        for statement in row["repository"]["Statement"] if row["repository"] else ():
            if isinstance(statement, dict):
                yield from statement.get("Condition", {}).items()


def test_the_table_has_every_operator_and_every_key_that_is_certain():
    assert len(TABLE["rows"]) >= 120
    operators = {operator.rpartition(":")[2].removesuffix("IfExists").lower() for operator, _ in conditions()}
    assert set(COMPARISONS) - operators == {"numericequals", "numericlessthanequals"}
    keys = {key.lower() for _, keys in conditions() for key in keys}
    marks = {fact.key.strip("*") for fact in FACTS}
    assert [mark for mark in marks if not any(mark in key for key in keys)] == []
