"""Batches as programs see them: what requests one, what it would do, how it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from app.api.schemas.answer import Answer
from app.api.schemas.problems import ProblemBody
from app.api.schemas.repositories import RegionName, RepositoryName
from app.api.schemas.texts import TEXT
from app.api.strict import RequestBody
from app.console.batch_plans import BatchPlan, ItemState
from app.console.batch_plans import BatchRequest as ConsoleRequest
from app.console.batches import Batch as ConsoleBatch
from app.http.deps import LONGEST_SERVICE, SERVICE_NAME
from app.operations.batches import MOST
from app.operations.state import Kind, Outcome

MOST_SERVICES = 500


class ServiceKey(RequestBody):
    """A container service."""

    region: RegionName
    name: str = Field(pattern=SERVICE_NAME, max_length=LONGEST_SERVICE, examples=["storefront"])


def one_of_the_two(data: Any) -> Any:
    """Return a body that has either `repositories` or `match`. Raises ValueError."""
    if isinstance(data, dict) and (data.get("repositories") is None) == (data.get("match") is None):
        raise ValueError("give either repositories or match")
    return data


class BatchRequest(RequestBody):
    """A change of many repositories' policies for one or more services. Give `repositories` or `match`, not both."""

    action: Literal["grant", "revoke", "repair"]
    services: list[ServiceKey] = Field(min_length=1, max_length=MOST_SERVICES)
    repositories: list[RepositoryName] | None = Field(
        None, min_length=1, max_length=MOST, description="Names, URIs or ARNs, for each of the services."
    )
    match: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=256,
            pattern=TEXT,
            # Its example is in the description: clients put those of all fields in one request.
            description="A pattern for whole names, as `team/*`: `*` for any characters. Of `revoke` and `repair` it means only "
            "repositories where there is something to do, by the policies as they were last read.",
        ),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _one_of_the_two(cls, data: Any) -> Any:
        return one_of_the_two(data)

    def to_request(self) -> ConsoleRequest:
        """What the console works out."""
        services = tuple((service.region, service.name) for service in self.services)
        return ConsoleRequest(Kind(self.action), services, tuple(self.repositories or ()), self.match or "")


class BatchPreviewItem(Answer):
    """What would become of one item."""

    region: str
    service: str
    repository: str
    state: ItemState = Field(
        description="`changes`, `unchanged`, `refused` (for the reason in `problem`), or `unread`: not known."
    )
    problem: ProblemBody | None
    read_at: datetime | None = Field(description="When the policy that this goes by was read; null: never.")


class BatchPreview(Answer):
    """What a batch would do, by the policies as they were last read. `POST …/preview` of a service shows one change."""

    action: Kind
    total: int
    changes: int = Field(description="Items whose policy would change. One write serves all services of a repository.")
    unchanged: int
    refused: int
    unread: int
    activates: list[str] = Field(description="Services whose role would be activated first, as `region/name`.")
    items: list[BatchPreviewItem]

    @classmethod
    def of(cls, plan: BatchPlan, /, **others: Any) -> Self:
        counts = {state.value: plan.count(state) for state in ItemState}
        activates = ["/".join(key) for key in plan.activates]
        return super().of(plan, total=len(plan.items), activates=activates, **counts, **others)


class BatchServiceState(Answer):
    """The part of a batch that concerns one service: it activates the role once and runs the items."""

    region: str
    name: str
    operation: str = Field(description="The id of the operation that runs it.")
    outcome: Outcome | None
    problem: ProblemBody | None


class Item(Answer):
    """One repository for one service: an operation of its own, whose steps and changes `GET /operations/{id}` shows."""

    id: str
    region: str
    service: str
    repository: str
    state: Literal["waiting", "running"] | Outcome
    problem: ProblemBody | None
    started_at: datetime | None
    ended_at: datetime | None


class Batch(Answer):
    """Many operations that were requested together. It has ended when `ended_at` is set."""

    id: str
    version: int = Field(description="Grows with every change; hand it back as `seen` to wait for the next one.")
    action: Kind = Field(description="The kind of its items; `undo` for one that takes another back.")
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    cancel_requested: bool
    total: int
    done: int = Field(description="Items that have ended, however they did.")
    counts: dict[str, int] = Field(description="Items by state: `waiting`, `running`, or an outcome.")
    services: list[BatchServiceState]
    can_retry: bool
    can_cancel: bool
    can_undo: bool
    follows: str | None = Field(description="The batch that this one retries or undoes.")
    retried_by: str | None = Field(description="The batch that retries what this one did not do.")
    roles_left_on: list[str] = Field(
        description="Once it has ended: services, as `region/name`, whose image puller role it activated, or the batch "
        "that it undoes, and whose role is still active. An undo leaves the role active."
    )

    @classmethod
    def of(cls, batch: ConsoleBatch, /, **others: Any) -> Self:
        return super().of(
            batch,
            follows=batch.follows or None,
            retried_by=batch.retried_by or None,
            roles_left_on=["/".join(key) for key in batch.roles_left_on],
            **others,
        )


class BatchDetail(Batch):
    """A batch with some of its items, in their order."""

    items: list[Item]
    next: int | None = Field(description="Hand it back as `after` for more items; null: there are no more.")
