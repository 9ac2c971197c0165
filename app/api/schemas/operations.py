"""Schemas of operations: their state, their changes, and the requests about them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field

from app.api.schemas.answer import Answer
from app.api.schemas.problems import ProblemBody
from app.api.schemas.texts import FINGERPRINT
from app.api.strict import RequestBody
from app.console.operation_actions import actions_on
from app.messages import labels
from app.operations.progress import Note, Progress, StepView
from app.operations.state import Kind, Outcome, StepName, StepState

Fingerprint = Annotated[
    str,
    Field(
        max_length=64,
        pattern=FINGERPRINT,
        description="The `previewed` of a preview: what is done is what was shown, or the operation ends with "
        "`policy.changed_meanwhile`. Left out: whatever is right for the policy as it is then.",
    ),
]


class OperationNote(Answer):
    """A note of a step."""

    code: str
    params: dict[str, str | int]
    message: str = Field(description="The remark in English.")

    @classmethod
    def of(cls, note: Note, /, **others: Any) -> Self:
        return super().of(note, message=labels.note(note), **others)


class OperationStep(Answer):
    """One named part of an operation."""

    name: StepName
    title: str = Field(description="The step in English words.")
    state: StepState
    started_at: datetime | None
    ended_at: datetime | None
    attempts: int = Field(description="How often it was begun; more than once after a restart.")
    note: OperationNote | None
    problem: ProblemBody | None
    request_ids: list[str] = Field(description="AWS's ids of the requests that it sent.")

    @classmethod
    def of(cls, step: StepView, /, **others: Any) -> Self:
        note = OperationNote.of(step.note) if step.note else None
        return super().of(step, title=labels.step(step.name), note=note, **others)


class Operation(Answer):
    """One durable operation in its current state. While `outcome` is null it is live."""

    id: str
    version: int = Field(description="Grows with every change; hand it back as `seen` to wait for the next one.")
    kind: Kind
    title: str = Field(description="What it is for, in English words.")
    region: str
    service: str = Field(description="Empty for an operation of the repository alone.")
    repository: str = Field(description="Empty for operations on the image puller role alone.")
    asked_by: str = Field(description="Empty where the outcome is `seen`: nobody asked for it.")
    asked_at: datetime
    started_at: datetime | None = Field(
        description="Null while it waits for its turn. Where the outcome is `seen`, when it was last known to be as "
        "before; `ended_at` is when the change was seen."
    )
    ended_at: datetime | None
    outcome: Outcome | None
    ending: str = Field(description="What became of it in one English sentence; empty while it lives.")
    problem: ProblemBody | None = Field(description="Why it failed.")
    cancel_requested: bool
    wrote_policy: bool = Field(description="It changed a repository's policy, so there is something to undo.")
    image_uri: str = Field(description="After a grant: what a deployment names, without a tag.")
    batch: str | None = Field(description="The batch that it is an item of, or runs; see `GET /batches/{id}`.")
    can_retry: bool
    can_cancel: bool
    can_undo: bool
    steps: list[OperationStep]

    @classmethod
    def of(cls, progress: Progress, /, **others: Any) -> Self:
        """Return it from the progress that people see."""
        may = actions_on(progress)
        return super().of(
            progress,
            title=labels.title(progress),
            ending=labels.ending(progress),
            batch=progress.batch_id or None,
            can_retry=may.retry,
            can_cancel=may.cancel,
            can_undo=may.undo,
            steps=[OperationStep.of(step) for step in progress.steps],
            **others,
        )


class PolicyWrite(Answer):
    """One change of one repository's policy. A text of null: there was, or then is, no policy.

    Where the operation's outcome is `seen` somebody else made it, and `written_at` is when it was seen.
    """

    region: str
    repository: str
    before: str | None
    after: str | None
    written_at: datetime | None = Field(description="Null: it is not known whether it reached AWS.")
    request_id: str


class OperationDetail(Operation):
    """One operation with its changes and related operations."""

    changes: list[PolicyWrite]
    follows: str | None = Field(description="The operation that this one retries, undoes or is a part of.")
    followed_by: list[str] = Field(description="The operations that retry or undo this one, or are parts of it.")
    role_left_on: bool = Field(description="It undid what had activated the image puller role, which is still active.")


class OperationList(Answer):
    """Some operations, newest first."""

    operations: list[Operation]
    next: str | None = Field(description="Hand it back as `cursor` for older ones; null: there are none.")


class AsPreviewed(RequestBody):
    """The optional body of an undo."""

    previewed: Fingerprint | None = None


class RestoreRequest(RequestBody):
    """The required body of a restore: it replaces the whole policy, also what others changed since."""

    previewed: Fingerprint
