"""What the items of a batch on one repository change in its policy: one after the other, for one write. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.errors import Problem
from app.history.models import Operation
from app.inventory.circumstances import Circumstances, RepositoryAddress
from app.inventory.registries import KnownRegistry
from app.operations.judgements import Judge, judging_access, judging_removal, judging_text
from app.operations.plans import Grantee, Plan, plan_of
from app.operations.state import ITEM_STEPS, Kind, StepName
from app.policy.change import PlannedChange
from app.policy.grant import DENIALS


@dataclass(frozen=True)
class BatchRole:
    """A service's roles as the batch read them once; `is_new`: the batch has just switched the role on."""

    arn: str = ""
    general_arn: str = ""
    is_new: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as it is recorded with the operation that runs the batch's items of the service."""
        return vars(self)

    @classmethod
    def of(cls, runner: Operation) -> BatchRole | None:
        """Return the role that such an operation has recorded; None: it has none yet."""
        recorded = runner.input.get("role")
        return None if recorded is None else cls(**recorded)


@dataclass(frozen=True)
class ItemChange:
    """The change of one item: how it is planned and judged, and what is learned by it."""

    kind: Kind
    plan: Plan
    judge: Judge
    learned: Mapping[str, str] = field(default_factory=dict)

    @property
    def verification(self) -> StepName:
        """The step that judges it."""
        return ITEM_STEPS[self.kind][-1]


@dataclass(frozen=True)
class Surroundings:
    """What decides on a pull beside the policy, at `now`."""

    repository: RepositoryAddress
    registry: KnownRegistry
    now: datetime


def change_of(operation: Operation, role: BatchRole, surroundings: Surroundings) -> ItemChange:
    """Return what an item is to change, by its kind."""
    kind = Kind(operation.kind)
    around = Circumstances(surroundings.registry.policy, surroundings.repository.arn, surroundings.now)
    subject = Grantee(operation.region, operation.service, role.arn, role.general_arn, around)
    plan = plan_of(kind, subject, operation.input)
    if kind is Kind.UNDO:
        return ItemChange(kind, plan, judging_text(plan))
    if kind is Kind.REVOKE:
        return ItemChange(kind, plan, judging_removal(subject))
    judge = judging_access(operation, role.arn, around, surroundings.registry, surroundings.now)
    return ItemChange(kind, plan, judge, {"principal_arn": role.arn, "image_uri": surroundings.repository.uri})


Texts = tuple[str | None, str | None]
"""A policy before and after a change; None: no policy."""


class NotTogetherError(Exception):
    """The items can't be changed by one write: one of them needs more than that."""


def plan_together(text: str | None, changes: Sequence[ItemChange]) -> list[PlannedChange]:
    """Return what each item changes: the first one in the policy `text`, each other in what the one before it leaves.

    Raises:
        NotTogetherError: for one of them there is a problem, or a Deny makes it useless.
    """
    planned: list[PlannedChange] = []
    for change in changes:
        try:
            planned.append(change.plan(planned[-1].after if planned else text))
        except Problem as problem:
            raise NotTogetherError from problem
        if any(finding.code in DENIALS for finding in planned[-1].leftovers):
            raise NotTogetherError
    return planned


def texts_of_deletion(
    deleted: str | None, planned: Sequence[PlannedChange], changes: Sequence[ItemChange]
) -> list[Texts | None]:
    """Return the policy before and after each item's part of a deletion that took away another text than was read.

    Each part begins with what the one before it left of `deleted`; None for an item without a part in the deletion.
    """
    parts = [number for number, change in enumerate(planned) if change.needed]
    texts: list[Texts | None] = [None] * len(planned)
    text = deleted
    for number in parts:
        try:
            after = None if number == parts[-1] else changes[number].plan(text).after
        except Problem:  # what somebody else wrote holds its part back: the deletion as a whole took it away
            after = text
        texts[number] = (text, after)
        text = after
    return texts


def judge_together(
    text: str | None, after: str | None, changes: Sequence[ItemChange]
) -> list[tuple[str, dict[str, str | int]]]:
    """Return the notes of the judgements of a policy as it was read, which was written as `after`.

    Raises:
        NotTogetherError: another's write removed one of the changes, or something else keeps it from working.
    """
    notes: list[tuple[str, dict[str, str | int]]] = []
    for change in changes:
        try:
            judgement = change.judge(text, after)
        except Problem as problem:
            raise NotTogetherError from problem
        if not judgement.holds:
            raise NotTogetherError
        notes.append((judgement.note, dict(judgement.params)))
    return notes
