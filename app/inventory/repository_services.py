"""What one repository's policies give each container service of its Region. Asks nothing of AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.aws.ports import ContainerService
from app.db import Database
from app.inventory.access import RepositoryAccess, Tie, access_of, tie_of
from app.inventory.models import PolicyPrincipal, SeenRepository, SeenService
from app.inventory.queries import known_repository
from app.inventory.registries import registry_in
from app.inventory.service_json import from_facts
from app.keys import RepositoryKey


@dataclass(frozen=True)
class ServiceOnRepository:
    """A service, and what it is given; `access.tie` is REGISTRY where the repository policy isn't about the service."""

    service: ContainerService
    access: RepositoryAccess


def services_on(db: Database, repository: RepositoryKey, now: datetime) -> tuple[ServiceOnRepository, ...]:
    """Return every service of the Region by name; nothing for a repository that has not been seen."""
    row, named = SeenService, PolicyPrincipal
    in_region = (row.connection == repository.connection, row.region == repository.region)
    seen = select(row.facts).where(*in_region).order_by(row.name)
    principals = select(named.principal, named.service).where(*repository.of(named, named.repository))
    with db.read() as session:
        held = session.get(SeenRepository, repository.primary)
        if held is None:
            return ()
        seen_repository = known_repository(held)
        services = [from_facts(facts) for facts in session.scalars(seen)]
        by_principal: Mapping[str, str] = {each.principal: each.service for each in session.execute(principals)}
        registry = registry_in(session, repository.connection, repository.region).policy
    return tuple(
        ServiceOnRepository(
            service, access_of(seen_repository, _closest(by_principal, service), service, registry, now)
        )
        for service in services
    )


def _closest(principals: Mapping[str, str], service: ContainerService) -> Tie:
    ties = (tie_of(principal, named, service) for principal, named in principals.items())
    return min((tie for tie in ties if tie is not None), default=Tie.REGISTRY)
