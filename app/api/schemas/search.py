"""Schemas of the search over everything."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from app.api.schemas.answer import Answer
from app.operations.state import Kind, Outcome

# Nothing was counted where nothing was searched for.
Total = Annotated[int, BeforeValidator(lambda total: total or 0)]


class FoundService(Answer):
    """A container service whose name or URL matches."""

    region: str
    name: str
    state: str
    url: str


class FoundRepository(Answer):
    """A repository whose name matches."""

    region: str
    name: str
    uri: str


class FoundOperation(Answer):
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


class FoundServices(Answer):
    """The first services, the best match first."""

    items: list[FoundService] = Field(validation_alias="rows")
    total: Total


class FoundRepositories(Answer):
    """The first repositories, the best match first."""

    items: list[FoundRepository] = Field(validation_alias="rows")
    total: Total


class FoundPrincipals(Answer):
    """Principals for `GET /who-can-pull`: `q` itself if it is one, then those that are known."""

    items: list[str] = Field(validation_alias="rows")
    more: bool = Field(description="There are others.")


class FoundOperations(Answer):
    """The newest operations first."""

    items: list[FoundOperation] = Field(validation_alias="rows")
    more: bool = Field(description="There are others.")
    whole: bool = Field(description="False: only the newest 10,000 operations were searched by name.")


class SearchResults(Answer):
    """What was found, in groups. With `kind`, the other groups are empty."""

    services: FoundServices
    repositories: FoundRepositories
    principals: FoundPrincipals
    operations: FoundOperations
    batches: FoundOperations
    unread: list[str] = Field(description="Regions that were not read completely yet: more may exist there.")
