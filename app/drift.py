"""Finds drift: what somebody did outside Sailpass to access that was given with it. Must never take a write of ours for it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.auth.events import last_restored_at
from app.aws.ports import ContainerService, Repository
from app.db import Database
from app.foreign_changes import SeenPolicy, foreign_changes
from app.history import drift
from app.history.drift import SeenChange
from app.history.standing import Standing, standing
from app.inventory import queries
from app.inventory.due import mark_repositories
from app.inventory.policies import PolicySeen
from app.inventory.principal_index import NamedPrincipal, named_in
from app.inventory.queries import KnownRepository
from app.inventory.sync import Watch
from app.keys import RepositoryKey, ServiceKey
from app.policy.canonical import equivalent
from app.policy.evaluate import evaluate
from app.policy.principals import PrincipalKind
from app.policy.verdict import Access

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DriftWatch(Watch):
    """Looks at what was read, and records in the history what somebody else did to access that was given with Sailpass.

    Its methods block, and may be repeated: what an interrupted process left unrecorded is found by the next reading.
    """

    db: Database
    connection: str

    def services(
        self, region: str, listed: Sequence[ContainerService], at: datetime, names: Collection[str] | None = None
    ) -> None:
        """Record what a list of a Region's services, asked for at `at`, shows of those that access was given to.

        With `names` only these are compared: the others were not asked for.
        """
        by_name = {service.name: service for service in listed}
        seen_services = queries.services_in(self.db, self.connection, region, names)
        changed = [
            (service.name, kind, seen_at)
            for service, seen_at in seen_services
            if seen_at < at and (kind := change_of(service, by_name.get(service.name)))
        ]
        if not changed:
            return
        given = {each.service: each for each in standing(self.db, self.connection, region)}
        since = last_restored_at(self.db)
        for name, kind, seen_at in changed:
            if name not in given or not _is_after(seen_at, since):
                continue
            key = ServiceKey(self.connection, region, name)
            if drift.record_service_change(self.db, key, given[name], kind, (seen_at, at)):
                log.info("%s: %s outside Sailpass", name, kind)

    def policies(self, region: str, readings: Sequence[PolicySeen]) -> None:
        """Record what these readings show: access that is gone, each once, and each other change of a policy."""
        by_repository = {reading.repository: reading for reading in readings}
        given = standing(self.db, self.connection, region, list(by_repository))
        # What was written between a backup and its restore is in no history: it may be ours.
        since = last_restored_at(self.db) if given else None
        for each in given:
            self._look_for_removal(region, each, by_repository[each.repository], since)
        self._look_for_changes(region, given, by_repository, since)

    def listed(self, region: str, repositories: Iterable[Repository], at: datetime) -> None:
        """Record which repositories are gone, or were created again, by a whole list that was asked for at `at`."""
        by_name = {repository.name: repository for repository in repositories}
        for given, seen_repository in self._known(region, at):
            repository = by_name.get(seen_repository.name)
            if repository is None:
                self._record_repository(region, given, seen_repository, "repository_deleted", at)
            elif (
                None not in (seen_repository.created_at, repository.created_at)
                and seen_repository.created_at != repository.created_at
            ):
                self._record_repository(region, given, seen_repository, "repository_recreated", at)

    def gone(self, region: str, name: str, at: datetime) -> None:
        """Record that there is no such repository any more, as AWS answered to a call that was sent at `at`."""
        for given, seen_repository in self._known(region, at, [name]):
            self._record_repository(region, given, seen_repository, "repository_deleted", at)

    def _look_for_removal(self, region: str, given: Standing, reading: PolicySeen, since: datetime | None) -> None:
        removal = removal_in(given, reading)
        if removal is None or not _is_after(removal.before_at, since) or self._may_be_a_late_write(region, reading):
            return
        if drift.record_removal(self.db, self.connection, region, given, removal):
            mark_repositories(self.db, self.connection, region, [given.repository])
            log.info("access of %s to %s was removed outside Sailpass", given.service, given.repository)

    def _may_be_a_late_write(self, region: str, reading: PolicySeen) -> bool:
        texts = drift.open_writes(self.db, RepositoryKey(self.connection, region, reading.repository))
        return any(equivalent(text, reading.text) for text in texts)

    def _look_for_changes(
        self, region: str, given: Sequence[Standing], readings: Mapping[str, PolicySeen], since: datetime | None
    ) -> None:
        first = _first_by_repository(given)
        if not first:
            return
        recorded = drift.recorded_changes(self.db, self.connection, region, list(first))
        for name in first:
            changes = [each for each in recorded.get(name, ()) if _is_after(each.written_at or each.planned_at, since)]
            seen = readings[name]
            before_at = seen.before_at if seen.before_at is not None and _is_after(seen.before_at, since) else None
            for change in foreign_changes(changes, SeenPolicy(seen.text, seen.at, seen.before, before_at)):
                what = ("policy_drift", change.key, change.seen)
                if drift.record_seen(self.db, self.connection, region, first[name], *what, sure=change.sure):
                    log.info("the policy of %s was changed outside Sailpass", name)

    def _known(
        self, region: str, at: datetime, names: Sequence[str] | None = None
    ) -> list[tuple[Standing, KnownRepository]]:
        """The repositories to which access was given, as they were seen before `at`."""
        first = _first_by_repository(standing(self.db, self.connection, region, names))
        repositories = queries.find_repositories(self.db, self.connection, region, first)
        return [(first[each.name], each) for each in repositories if _last_seen(each) <= at]

    def _record_repository(
        self, region: str, given: Standing, repository: KnownRepository, kind: str, at: datetime
    ) -> None:
        seen = SeenChange(repository.policy_text, _last_seen(repository), None, at)
        key = str(repository.created_at or given.id)
        if drift.record_seen(self.db, self.connection, region, given, kind, key, seen, sure=True):
            log.info("%s: %s outside Sailpass", repository.name, kind)


def _is_after(at: datetime, since: datetime | None) -> bool:
    return since is None or at > since


def _first_by_repository(given: Sequence[Standing]) -> dict[str, Standing]:
    """By repository, the access that its entries follow: that of the first service by name."""
    return {each.repository: each for each in sorted(given, key=lambda each: each.service, reverse=True)}


def _last_seen(repository: KnownRepository) -> datetime:
    return max(repository.seen_at, repository.policy_read_at or repository.seen_at)


def change_of(before: ContainerService, after: ContainerService | None) -> str:
    """Return the kind of what happened to a service or its role between two readings, "" for nothing. Pure.

    A role without an ARN is being activated: that it gets one is no change.
    """
    if after is None:
        return "service_deleted"
    if None not in (before.created_at, after.created_at) and before.created_at != after.created_at:
        return "service_recreated"
    if before.role.is_active != after.role.is_active:
        return "role_activated" if after.role.is_active else "role_deactivated"
    arns = (before.role.principal_arn, after.role.principal_arn)
    return "role_recreated" if all(arns) and arns[0] != arns[1] else ""


def removal_in(given: Standing, reading: PolicySeen) -> SeenChange | None:
    """Return what a reading shows to be taken from what was given; None where the access stands or nobody can tell.

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
    return SeenChange(before, before_at, reading.text, reading.at)


def _names(given: Standing, text: str | None) -> bool:
    principals, _ = named_in(text)
    return any(
        principal.service == given.service or principal.principal == given.principal_arn for principal in principals
    )


def _unique_ids(principals: frozenset[NamedPrincipal]) -> set[str]:
    return {principal.principal for principal in principals if principal.kind == PrincipalKind.UNIQUE_ID}
