"""Compares what operations of a bench tell with the accounts that are kept in `accounts/`, one file for each test file.

A test's account is below its name. It has every call to AWS with its second, what people read meanwhile and at the end,
and what is recorded. Read a changed account as you would a changed assertion; `ACCOUNTS=write` writes what is told now.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.history import batches
from app.history.models import Operation
from app.history.queries import get_operation
from app.messages import labels
from app.operations.progress import Progress, StepView
from app.operations.read import progress_of
from tests.build import ACCOUNT, REGION
from tests.operations.bench import Bench

FOLDER = Path(__file__).parent / "accounts"


def check(file: str, name: str, told: str) -> None:
    """Compare an account with the one that is kept under this name."""
    kept = FOLDER / f"{file}.md"
    accounts = dict(_accounts(kept.read_text())) if kept.exists() else {}
    if os.environ.get("ACCOUNTS") == "write":
        accounts[name] = told
        kept.write_text("".join(f"## {each}\n\n{text}\n\n" for each, text in accounts.items()).rstrip() + "\n")
    assert told.splitlines() == accounts[name].splitlines()


def _accounts(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("## ")[1:]:
        name, _, account = part.partition("\n")
        yield name, account.strip()


MOST = 40


def account_of(bench: Bench, ids: list[str], *, folded: bool = False) -> str:
    """What has happened, how each operation ended, and what AWS has now; `folded`: only the ends of a long story."""
    lines = bench.account.take()
    if folded and len(lines) > MOST + 5:
        lines = [*lines[:MOST], f"… {len(lines) - MOST - 5} lines", *lines[-5:]]
    for id_ in ids:
        lines += ["", *_ending(bench, id_)]
    policies = {name: known.policy for (_, name), known in bench.aws.known_repositories.items()}
    lines += ["", *(f"policy of {name}: {_statements(text)}" for name, text in sorted(policies.items()))]
    lines += map(_deployments, bench.aws.known_services.values())
    account = "\n".join(lines).strip()
    for id_, name in _names(bench).items():
        account = account.replace(id_, name)
    return re.sub(
        r"sha256:(.)\1{63}", r"sha256:\1…", account.replace(f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com", "HOST")
    )


def _names(bench: Bench) -> dict[str, str]:
    """What stands for an operation's id."""
    with bench.db.read() as session:
        ids = session.scalars(select(Operation.id).order_by(Operation.sequence)).all()
    return {id_: f"operation-{number}" for number, id_ in enumerate(ids, 1)}


def _ending(bench: Bench, operation_id: str) -> Iterator[str]:
    operation = get_operation(bench.db, operation_id)
    assert operation is not None
    yield from _told(progress_of(operation))
    yield f"  noted: {', '.join(sorted(operation.input))}"
    for change in operation.changes:
        answer = "written" if change.written_at else "unanswered" if change.unanswered_at else "sent"
        yield f"  {answer}: {_statements(change.before)} -> {_statements(change.after)}"
    if operation.id == operation.batch_id:
        for item in batches.list_items(bench.db, operation.batch_id or "", limit=100).items:
            yield from _ending(bench, item.id)


def _told(progress: Progress) -> Iterator[str]:
    about = f"{progress.kind} {progress.service} {progress.repository}".rstrip()
    yield f"{about}: {progress.outcome}. {labels.title(progress)}. {labels.ending(progress)}"
    if progress.problem is not None:
        params = json.dumps(progress.problem.params, sort_keys=True)
        again = "may pass" if progress.problem.retryable else "stays"
        yield f"  {progress.problem.code} {params}, {again}: {labels.what(progress.problem)}"
        yield from (f"    {detail}" for detail in labels.details(progress.problem))
    if progress.image_uri:
        yield f"  image: {progress.image_uri}"
    yield f"  steps: {', '.join(map(_step, progress.steps))}"


def _step(step: StepView) -> str:
    runs = f" in {step.attempts} runs" if step.attempts > 1 else ""
    return f"{step.name} {step.state}{runs} ({len(step.request_ids)})"


def _deployments(service: Any) -> str:
    shown, made = service.shown, [each.version for each, _, _ in service.deployed.made]
    return f"{shown.name}: {'on' if shown.role.is_active else 'off'}, versions {made}"


def _statements(policy: str | None) -> str:
    """The Sids of a policy, each with the end of its principal."""
    if policy is None:
        return "none"
    return ", ".join(f"{each.get('Sid')} ({_end(each)})" for each in json.loads(policy)["Statement"])


def _end(statement: dict[str, object]) -> str:
    return json.dumps(statement.get("Principal")).rpartition("/")[2].strip('"]}')
