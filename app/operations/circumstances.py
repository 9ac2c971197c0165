"""What else decides on a pull beside the repository's policy: the registry's policy, the repository's ARN, the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.db import Database
from app.inventory import queries
from app.policy.evaluate import Verdict, evaluate
from app.policy.layers import NOT_READ, Policies, RegistryPolicy


@dataclass(frozen=True)
class Circumstances:
    """What is known of it; by default nothing, which leaves open what depends on it."""

    registry: RegistryPolicy = NOT_READ
    repository_arn: str = ""
    now: datetime | None = None

    def verdict(self, text: str | None, principal_arn: str) -> Verdict:
        """Return whether the role may pull, by the repository's policy `text` and all of this. Raises as `evaluate`."""
        policies = Policies(text, self.registry)
        return evaluate(policies, principal_arn, repository_arn=self.repository_arn, now=self.now)


def circumstances_of(db: Database, connection: str, region: str, repository: str, now: datetime) -> Circumstances:
    """Return what is known of a repository's circumstances. Blocks on the database."""
    return Circumstances(repository_arn=queries.repository_arn(db, connection, region, repository), now=now)
