"""Finds drift: access added with Sailpass and removed outside it. Our own writes are never counted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from app.db import Database
from app.history import drift
from app.history.drift import Removal, Standing
from app.inventory.policies import PolicySeen
from app.inventory.principal_index import NamedPrincipal, named_in
from app.policy.canonical import equivalent
from app.policy.evaluate import Access, evaluate
from app.policy.principals import PrincipalKind

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DriftWatch:
    """Checks each stored policy read, and records in the history which access was removed outside Sailpass."""

    db: Database
    connection: str

    def notice(self, region: str, readings: Sequence[PolicySeen]) -> None:
        """Record the access that these reads show to be gone, each removal once. Blocks; may be repeated.

        A removal that an interrupted process did not record is found by the next read: it does not depend on when the
        text changed.
        """
        by_repository = {reading.repository: reading for reading in readings}
        for given in drift.standing(self.db, self.connection, region, list(by_repository)):
            reading = by_repository[given.repository]
            removal = removal_in(given, reading)
            if removal is None or self._may_be_a_late_write(region, reading):
                continue
            if drift.record_removal(self.db, self.connection, region, given, removal):
                log.info("access of %s to %s was removed outside Sailpass", given.service, given.repository)

    def _may_be_a_late_write(self, region: str, reading: PolicySeen) -> bool:
        texts = drift.open_writes(self.db, self.connection, region, reading.repository)
        return any(equivalent(text, reading.text) for text in texts)


def removal_in(given: Standing, reading: PolicySeen) -> Removal | None:
    """Return what a read shows to be removed from granted access; None if the access remains or that is unknown.

    AWS itself turns the ARN of a deleted role into a unique id: that is not someone's change of the policy.
    """
    if given.kind in ("restore", "undo") and not _names(given, given.text):
        return None  # it gave this service nothing
    principals, problem = named_in(reading.text)
    if problem is not None or _names(given, reading.text) or reading.at <= given.ended_at:
        return None
    before, before_at = reading.before, reading.before_at
    if before_at is None or not _names(given, before):
        if not given.wrote:
            return None
        before, before_at = given.text, given.written_at or given.ended_at
    if _unique_ids(principals) - _unique_ids(named_in(before)[0]):
        return None
    if given.principal_arn and evaluate(reading.text, given.principal_arn, now=reading.at).access is Access.ALLOWED:
        return None  # by its account, or everyone
    return Removal(before, before_at, reading.text, reading.at)


def _names(given: Standing, text: str | None) -> bool:
    principals, _ = named_in(text)
    return any(
        principal.service == given.service or principal.principal == given.principal_arn for principal in principals
    )


def _unique_ids(principals: frozenset[NamedPrincipal]) -> set[str]:
    return {principal.principal for principal in principals if principal.kind == PrincipalKind.UNIQUE_ID}
