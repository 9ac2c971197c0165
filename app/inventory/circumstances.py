"""The one verdict on a pull for pages, previews, operations and the API, by all that is known about its policies.

Besides the repository policy: the registry policy of its Region, the repository's ARN, the time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import bindparam, select

from app.db import Database
from app.errors import Problem
from app.inventory.models import SeenRepository
from app.inventory.registries import KnownRegistry, registry_in
from app.keys import RepositoryKey
from app.policy.evaluate import evaluate, is_timed
from app.policy.layers import NOT_READ, RegistryPolicy
from app.policy.verdict import Verdict

_KEPT = 2_000  # verdicts
_ARN_OF = select(SeenRepository.arn).where(
    SeenRepository.connection == bindparam("at_connection"),
    SeenRepository.region == bindparam("at_region"),
    SeenRepository.name == bindparam("at_name"),
)
_FACTS_OF = select(SeenRepository.name, SeenRepository.arn, SeenRepository.uri).where(
    SeenRepository.connection == bindparam("at_connection"),
    SeenRepository.region == bindparam("at_region"),
    SeenRepository.name.in_(bindparam("names", expanding=True)),
)


@dataclass(frozen=True)
class Circumstances:
    """What is known besides the repository policy; nothing by default, which leaves open what depends on it."""

    registry: RegistryPolicy = NOT_READ
    repository_arn: str = ""
    now: datetime | None = None

    def verdict(self, text: str | None, principal_arn: str) -> Verdict:
        """Return whether the role may pull, by the repository policy `text` and these values. Raises as `evaluate`."""
        return evaluate(text, principal_arn, **vars(self))

    def kept_verdict(self, text: str | None, principal_arn: str) -> Verdict | None:
        """Return the verdict as of this minute, cached for the next page; None if the policy can't be parsed."""
        is_open = self.now is not None and (is_timed(text) or is_timed(self.registry.text))
        minute = self.now.replace(second=0, microsecond=0) if self.now is not None and is_open else None
        return _kept(replace(self, now=minute), text, principal_arn)


@lru_cache(maxsize=_KEPT)
def _kept(circumstances: Circumstances, text: str | None, principal_arn: str) -> Verdict | None:
    try:
        return circumstances.verdict(text, principal_arn)
    except Problem:
        return None


@dataclass(frozen=True)
class RepositoryAddress:
    """A repository's ARN and the URI of its images, each "" if it has not been seen."""

    arn: str = ""
    uri: str = ""


def known_repositories(
    db: Database, connection: str, region: str, names: Collection[str]
) -> tuple[KnownRegistry, dict[str, RepositoryAddress]]:
    """Return what is known of a Region's registry policy, and of these of its repositories by name."""
    key = {"at_connection": connection, "at_region": region, "names": list(names)}
    with db.read() as session:
        addresses = {name: RepositoryAddress(arn, uri) for name, arn, uri in session.execute(_FACTS_OF, key)}
        return registry_in(session, connection, region), addresses


def circumstances_of(db: Database, repository: RepositoryKey, now: datetime) -> Circumstances:
    """Return what is known of a repository's circumstances. Blocks on the database."""
    return known_circumstances(db, repository, now)[1]


def known_circumstances(db: Database, repository: RepositoryKey, now: datetime) -> tuple[KnownRegistry, Circumstances]:
    """Return the same as `circumstances_of`, with what is known of the reading of the registry policy."""
    with db.read() as session:
        registry = registry_in(session, repository.connection, repository.region)
        return registry, Circumstances(registry.policy, session.scalar(_ARN_OF, repository.parameters) or "", now)
