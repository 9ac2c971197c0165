"""Converts the rows of an operation into what people see: the modal, the operation's page, the terminal. Pure.

Knows no HTTP, SQL or language: it returns codes with their values, and times.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from app.errors import Problem
from app.operations.messages import CONDITIONAL
from app.operations.state import STEP_DONE, Kind, Outcome, ReadSince, StepName, StepState


@dataclass(frozen=True)
class Note:
    """A note of a step, as a code of `messages.NOTES` and its values: "waiting for AWS", "was active already"."""

    code: str
    params: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class StepView:
    """One step. Times are UTC; an attempt is one try of the whole step, 0 before the first."""

    name: StepName
    state: StepState
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    note: Note | None = None
    problem: Problem | None = None
    request_ids: tuple[str, ...] = ()

    def seconds(self, now: datetime) -> float | None:
        """Return the step's duration up to its end, or to `now` while it runs; None before it began."""
        if self.started_at is None:
            return None
        return max(0.0, ((self.ended_at or now) - self.started_at).total_seconds())


@dataclass(frozen=True)
class Progress:
    """One operation at `version`: a number that grows with every visible change.

    `follows`: the id of the operation that it retries, undoes, mends or is a part of; "" for none. `unconfirmed`: AWS
    gave no answer to a write of a policy, and no reading has shown that it was carried out. `read_since`: what the policy
    was when it was read after that. `batch_id`: the batch that it is an item of, or runs; "" for none. `deploys_again`: the
    version of the deployment that it deploys again; 0 for none.
    """

    id: str
    version: int
    kind: Kind
    region: str
    service: str
    repository: str
    asked_by: str
    asked_at: datetime
    steps: tuple[StepView, ...]
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    problem: Problem | None = None
    cancel_requested: bool = False
    wrote_policy: bool = False
    unconfirmed: bool = False
    read_since: ReadSince | None = None
    image_uri: str = ""
    deploys_again: int = 0
    follows: str = ""
    batch_id: str = ""

    @property
    def ended(self) -> bool:
        """Whether it is final."""
        return self.outcome is not None

    @property
    def was_deployed(self) -> bool:
        """AWS accepted its deployment."""
        return any(step.name is StepName.DEPLOY and step.state in STEP_DONE for step in self.steps)

    @property
    def failed(self) -> bool:
        """Whether it ended without doing what was requested."""
        return self.outcome is Outcome.FAILED

    @property
    def is_conditional(self) -> bool:
        """Whether the granted access depends on a condition of the policy at each pull."""
        return any(step.note is not None and step.note.code == CONDITIONAL for step in self.steps)

    @property
    def queued(self) -> bool:
        """Whether it has not begun: another operation on the same repository may be running."""
        return self.started_at is None and not self.ended

    @property
    def checks_late_writes(self) -> bool:
        """Whether its steps are done, and it waits to see whether AWS carries out a write late."""
        return self.unconfirmed and not self.ended and self.current is None and not self.queued

    @property
    def done(self) -> int:
        """How many steps are done or were not needed."""
        return sum(step.state in STEP_DONE for step in self.steps)

    @property
    def current(self) -> StepView | None:
        """The running step, or the one that failed; None before the first and after the last."""
        at_work = (StepState.RUNNING, StepState.FAILED)
        return next((step for step in self.steps if step.state in at_work), None)
