"""Operations as programs see them: how they stand, what they changed, and what asks for them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.api.schemas.problems import ProblemBody
from app.api.schemas.texts import FINGERPRINT
from app.api.strict import RequestBody
from app.console.operations import actions_on
from app.history.models import Operation as Row
from app.history.models import PolicyChange
from app.messages import labels
from app.operations.progress import Note, Progress, StepView
from app.operations.read import progress_of
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


class OperationNote(BaseModel):
    """A remark of a step."""

    code: str
    params: dict[str, str | int]
    message: str = Field(description="The remark in English.")

    @classmethod
    def of(cls, note: Note) -> OperationNote:
        return cls(code=note.code, params=note.params, message=labels.note(note))


class OperationStep(BaseModel):
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
    def of(cls, step: StepView) -> OperationStep:
        return cls(
            name=step.name,
            title=labels.step(step.name),
            state=step.state,
            started_at=step.started_at,
            ended_at=step.ended_at,
            attempts=step.attempts,
            note=OperationNote.of(step.note) if step.note else None,
            problem=ProblemBody.maybe(step.problem),
            request_ids=list(step.request_ids),
        )


class Operation(BaseModel):
    """One durable piece of work as it stands. While `outcome` is null it lives."""

    id: str
    version: int = Field(description="Grows with every change; hand it back as `seen` to wait for the next one.")
    kind: Kind
    title: str = Field(description="What it is for, in English words.")
    region: str
    service: str
    repository: str = Field(description="Empty for operations on the image puller role alone.")
    asked_by: str = Field(description="Empty for the kind `drift`, which nobody asked for.")
    asked_at: datetime
    started_at: datetime | None = Field(
        description="Null while it waits for its turn. Of the kind `drift`, when the access was last known to be there; "
        "`ended_at` is when it was seen to be gone."
    )
    ended_at: datetime | None
    outcome: Outcome | None
    ending: str = Field(description="What became of it in one English sentence; empty while it lives.")
    problem: ProblemBody | None = Field(description="Why it failed.")
    cancel_requested: bool
    wrote_policy: bool = Field(description="It changed a repository's policy, so there is something to undo.")
    image_uri: str = Field(description="After a grant: what a deployment names, without a tag.")
    can_retry: bool
    can_cancel: bool
    can_undo: bool
    steps: list[OperationStep]

    @classmethod
    def of(cls, progress: Progress) -> Operation:
        """From what a person watches."""
        may = actions_on(progress)
        return cls(
            **{name: getattr(progress, name) for name in _AS_THEY_ARE},
            title=labels.title(progress),
            ending=labels.ending(progress),
            problem=ProblemBody.maybe(progress.problem),
            can_retry=may.retry,
            can_cancel=may.cancel,
            can_undo=may.undo,
            steps=[OperationStep.of(step) for step in progress.steps],
        )


_AS_THEY_ARE = (
    "id",
    "version",
    "kind",
    "region",
    "service",
    "repository",
    "asked_by",
    "asked_at",
    "started_at",
    "ended_at",
    "outcome",
    "cancel_requested",
    "wrote_policy",
    "image_uri",
)


class PolicyWrite(BaseModel):
    """One change of one repository's policy. A text of null: there was, or then is, no policy.

    Of the kind `drift` somebody else made it, and `written_at` is when it was seen.
    """

    region: str
    repository: str
    before: str | None
    after: str | None
    written_at: datetime | None = Field(description="Null: it is not known whether it reached AWS.")
    request_id: str

    @classmethod
    def of(cls, change: PolicyChange) -> PolicyWrite:
        return cls(
            region=change.region,
            repository=change.repository,
            before=change.before,
            after=change.after,
            written_at=change.written_at,
            request_id=change.request_id,
        )


class OperationDetail(Operation):
    """One operation with what it changed and what it belongs to."""

    changes: list[PolicyWrite]
    follows: str | None = Field(description="The operation that this one retries, undoes or is a part of.")
    followed_by: list[str] = Field(description="The operations that retry or undo this one, or are parts of it.")

    @classmethod
    def read(cls, row: Row, followers: tuple[str, ...]) -> OperationDetail:
        """From a row whose steps and changes are loaded."""
        return cls(
            **dict(Operation.of(progress_of(row))),
            changes=[PolicyWrite.of(change) for change in row.changes],
            follows=row.follows,
            followed_by=list(followers),
        )


class OperationList(BaseModel):
    """Some operations, newest first."""

    operations: list[Operation]
    next: str | None = Field(description="Hand it back as `cursor` for older ones; null: there are none.")


class AsPreviewed(RequestBody):
    """What may be sent with an undo."""

    previewed: Fingerprint | None = None


class RestoreRequest(RequestBody):
    """What must be sent with a restore: it replaces the whole policy, also what others changed since."""

    previewed: Fingerprint
