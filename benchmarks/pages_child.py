"""One process that fills a database as years of use do: all that the sandbox has is read, and operations are recorded.

Started by `pages.py`; reads a JSON object of what is wanted from its standard input.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from app.bootstrap import CONNECTION, Services, build
from app.db import refresh_statistics
from app.errors import Problem
from app.findings.check import check_due
from app.findings.check_services import check_due_services
from app.history.models import Operation, PolicyChange, Step
from app.inventory.models import PolicyPrincipal
from app.inventory.store import chunks
from app.inventory.sync_state import What
from app.migrate import migrate
from app.operations.ids import new_id
from app.operations.state import STEPS, Kind, Outcome, StepState
from app.settings import load

REGION = "us-east-1"
CHUNK = 2_000
DAYS = 400
KINDS = {Kind.GRANT: 70, Kind.REPAIR: 20, Kind.RESTORE: 10}
OUTCOMES = {Outcome.SUCCEEDED: 85, Outcome.NOTHING_TO_DO: 10, Outcome.FAILED: 5}
PEOPLE = [f"person-{number}@example.com" for number in range(8)]
PROBLEM = Problem("aws.access_denied", action="ecr:SetRepositoryPolicy", resource="*", region=REGION)
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "Build", "Effect": "Allow", "Action": "ecr:*"}]})


async def main(wanted: dict[str, Any]) -> None:
    services = build(load(data_dir=Path(wanted["folder"]), regions=REGION, database_url=wanted["database_url"] or None))
    migrate(services.db)
    for what in What:
        while (await services.scanner.turn(REGION, what)).more:
            pass
    record(services, wanted["operations"])
    now = services.clock.now()
    while check_due(services.db, CONNECTION, now) + check_due_services(services.db, CONNECTION, now):
        pass
    refresh_statistics(services.db)


def record(services: Services, count: int) -> None:
    """Record so many ended operations over more than a year; what got access still has it."""
    chance = random.Random(1)  # noqa: S311  (no secret)
    has_access = PolicyPrincipal.service != ""
    with services.db.read() as session:
        query = select(PolicyPrincipal.service, PolicyPrincipal.repository).where(has_access)
        pairs = [(service, repository) for service, repository in session.execute(query)]
    now = services.clock.now()
    times = (now - timedelta(days=DAYS * (1 - number / count)) for number in range(count))
    for part in _rows(chance, times, pairs):
        with services.db.write() as session:
            for model, rows in part.items():
                session.execute(insert(model), rows)


def _rows(
    chance: random.Random, times: Iterator[datetime], pairs: Sequence[tuple[str, str]]
) -> Iterator[dict[Any, list[dict[str, Any]]]]:
    for part in chunks(enumerate(times, 1), CHUNK):
        rows: dict[Any, list[dict[str, Any]]] = {Operation: [], Step: [], PolicyChange: []}
        for sequence, at in part:
            operation = _operation(chance, at, *chance.choice(pairs), sequence)
            rows[Operation].append(operation)
            rows[Step] += _steps(operation)
            if operation["outcome"] == Outcome.SUCCEEDED:
                rows[PolicyChange].append(_change(operation))
        yield rows


def _operation(chance: random.Random, at: datetime, service: str, repository: str, sequence: int) -> dict[str, Any]:
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
    return {
        "id": new_id(at),
        "kind": kind,
        "connection": CONNECTION,
        "region": REGION,
        "service": service,
        "repository": repository,
        "subject": f"{kind} {service} {repository}",
        "sequence": sequence,
        "input": {},
        "asked_by": chance.choice(PEOPLE),
        "asked_at": at,
        "started_at": at,
        "ended_at": at + timedelta(seconds=9),
        "outcome": outcome,
        "problem": PROBLEM.to_json() if outcome == Outcome.FAILED else None,
        "version": 12,
    }


def _steps(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    names = STEPS[operation["kind"]]
    for position, name in enumerate(names):
        is_last = position == len(names) - 1
        state = StepState.FAILED if is_last and operation["outcome"] == Outcome.FAILED else StepState.SUCCEEDED
        yield {
            "operation_id": operation["id"],
            "position": position,
            "name": name,
            "state": state,
            "started_at": operation["started_at"],
            "ended_at": operation["ended_at"],
            "attempts": 1,
            "problem": operation["problem"] if state is StepState.FAILED else None,
            "request_ids": ["4b8e0e9d-7a0d-4a59-9a5f-1d2f3c4b5a69"],
        }


def _change(operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "operation_id": operation["id"],
        "position": 0,
        "connection": CONNECTION,
        "region": REGION,
        "repository": operation["repository"],
        "before": None,
        "after": POLICY,
        "planned_at": operation["started_at"],
        "written_at": operation["ended_at"],
    }


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
