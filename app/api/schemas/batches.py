"""Batches as programs see them: what requests one, what it would do, how it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from app.api.schemas.problems import ProblemBody
from app.api.schemas.repositories import RepositoryName
from app.api.schemas.texts import TEXT
from app.api.strict import RequestBody
from app.console.batch_plans import BatchPlan, ItemState, PlannedItem
from app.console.batch_plans import BatchRequest as ConsoleRequest
from app.console.batches import Batch as ConsoleBatch
from app.console.batches import BatchItem, BatchItemsPage, BatchService
from app.http.deps import LONGEST_SERVICE, SERVICE_NAME
from app.operations.batches import MOST
from app.operations.state import Kind, Outcome

MOST_SERVICES = 500


class ServiceKey(RequestBody):
    """A container service."""

    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", max_length=32, examples=["us-east-1"])
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


class BatchPreviewItem(BaseModel):
    """What would become of one item."""

    region: str
    service: str
    repository: str
    state: ItemState = Field(
        description="`changes`, `unchanged`, `refused` (for the reason in `problem`), or `unread`: not known."
    )
    problem: ProblemBody | None
    read_at: datetime | None = Field(description="When the policy that this goes by was read; null: never.")

    @classmethod
    def of(cls, item: PlannedItem) -> BatchPreviewItem:
        return cls(
            region=item.region,
            service=item.service,
            repository=item.repository,
            state=item.state,
            problem=ProblemBody.maybe(item.problem),
            read_at=item.read_at,
        )


class BatchPreview(BaseModel):
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
    def of(cls, plan: BatchPlan) -> BatchPreview:
        return cls(
            action=plan.action,
            total=len(plan.items),
            **{state.value: plan.count(state) for state in ItemState},
            activates=["/".join(key) for key in plan.activates],
            items=[BatchPreviewItem.of(item) for item in plan.items],
        )


class BatchServiceState(BaseModel):
    """The part of a batch that concerns one service: it activates the role once and runs the items."""

    region: str
    name: str
    operation: str = Field(description="The id of the operation that runs it.")
    outcome: Outcome | None
    problem: ProblemBody | None

    @classmethod
    def of(cls, service: BatchService) -> BatchServiceState:
        return cls(
            region=service.region,
            name=service.name,
            operation=service.operation,
            outcome=service.outcome,
            problem=ProblemBody.maybe(service.problem),
        )


class Item(BaseModel):
    """One repository for one service: an operation of its own, whose steps and changes `GET /operations/{id}` shows."""

    id: str
    region: str
    service: str
    repository: str
    state: Literal["waiting", "running"] | Outcome
    problem: ProblemBody | None
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, item: BatchItem) -> Item:
        return cls(**{**vars(item), "problem": ProblemBody.maybe(item.problem)})


class Batch(BaseModel):
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
    def of(cls, batch: ConsoleBatch) -> Batch:
        names = set(cls.model_fields) - {"services", "counts", "follows", "retried_by", "roles_left_on"}
        return cls(
            **{name: getattr(batch, name) for name in names},
            services=[BatchServiceState.of(service) for service in batch.services],
            counts=dict(batch.counts),
            follows=batch.follows or None,
            retried_by=batch.retried_by or None,
            roles_left_on=["/".join(key) for key in batch.roles_left_on],
        )


class BatchDetail(Batch):
    """A batch with some of its items, in their order."""

    items: list[Item]
    next: int | None = Field(description="Hand it back as `after` for more items; null: there are no more.")

    @classmethod
    def read(cls, batch: ConsoleBatch, page: BatchItemsPage) -> BatchDetail:
        return cls(**dict(Batch.of(batch)), items=[Item.of(item) for item in page.items], next=page.next)
