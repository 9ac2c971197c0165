"""Schemas of the search over everything."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from app.console.search import SearchAnswer
from app.history.lookup import OperationMatch, OperationMatches
from app.inventory.lookup import Matches, RepositoryMatch, ServiceMatch
from app.operations.state import Kind, Outcome


class FoundService(BaseModel):
    """A container service whose name or URL matches."""

    region: str
    name: str
    state: str
    url: str

    @classmethod
    def of(cls, row: ServiceMatch) -> FoundService:
        return cls(region=row.region, name=row.name, state=row.state, url=row.url)


class FoundRepository(BaseModel):
    """A repository whose name matches."""

    region: str
    name: str
    uri: str

    @classmethod
    def of(cls, row: RepositoryMatch) -> FoundRepository:
        return cls(region=row.region, name=row.name, uri=row.uri)


class FoundOperation(BaseModel):
    """An operation whose id or name matches. A batch is of the kind `batch`; `batch_id` is empty for none."""

    id: str
    kind: Kind
    region: str
    service: str
    repository: str
    outcome: Outcome | None
    asked_by: str
    asked_at: datetime
    batch_id: str

    @classmethod
    def of(cls, row: OperationMatch) -> FoundOperation:
        return cls(
            id=row.id,
            kind=Kind(row.kind),
            region=row.region,
            service=row.service,
            repository=row.repository,
            outcome=Outcome(row.outcome) if row.outcome else None,
            asked_by=row.asked_by,
            asked_at=row.asked_at,
            batch_id=row.batch_id,
        )


class FoundServices(BaseModel):
    """The first services, the best match first."""

    items: list[FoundService]
    total: int

    @classmethod
    def of(cls, matches: Matches[ServiceMatch]) -> FoundServices:
        return cls(items=[FoundService.of(row) for row in matches.rows], total=matches.total or 0)


class FoundRepositories(BaseModel):
    """The first repositories, the best match first."""

    items: list[FoundRepository]
    total: int

    @classmethod
    def of(cls, matches: Matches[RepositoryMatch]) -> FoundRepositories:
        return cls(items=[FoundRepository.of(row) for row in matches.rows], total=matches.total or 0)


class FoundPrincipals(BaseModel):
    """Principals for `GET /who-can-pull`: `q` itself if it is one, then those that are known."""

    items: list[str]
    more: bool = Field(description="There are others.")

    @classmethod
    def of(cls, matches: Matches[str]) -> FoundPrincipals:
        return cls(items=list(matches.rows), more=matches.more)


class FoundOperations(BaseModel):
    """The newest operations first."""

    items: list[FoundOperation]
    more: bool = Field(description="There are others.")
    whole: bool = Field(description="False: only the newest 10,000 operations were searched by name.")

    @classmethod
    def of(cls, matches: OperationMatches) -> FoundOperations:
        return cls(items=[FoundOperation.of(row) for row in matches.rows], more=matches.more, whole=matches.whole)


class SearchResults(BaseModel):
    """What was found, in groups. With `kind`, the other groups are empty."""

    services: FoundServices
    repositories: FoundRepositories
    principals: FoundPrincipals
    operations: FoundOperations
    batches: FoundOperations
    unread: list[str] = Field(description="Regions that were not read completely yet: more may exist there.")

    @classmethod
    def of(cls, answer: SearchAnswer) -> SearchResults:
        return cls(
            services=FoundServices.of(answer.services),
            repositories=FoundRepositories.of(answer.repositories),
            principals=FoundPrincipals.of(answer.principals),
            operations=FoundOperations.of(answer.operations),
            batches=FoundOperations.of(answer.batches),
            unread=list(answer.unread),
        )
