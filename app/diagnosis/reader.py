"""Plans the reads of a diagnosis, in rounds of calls that may run concurrently. Decides nothing, calls nothing itself.

The reader is a generator: it yields a round of reads and gets their results, so that threads and an event loop can
both drive it, and its depth and number of calls are easy to see. At most `MOST_ROUNDS` rounds and `MOST_CALLS` calls.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol, TypeAlias

from app.aws.ports import ContainerService, ContainerServices, Deployment, Registry, Repositories
from app.aws.pull_ports import PullReads
from app.diagnosis import lookups
from app.diagnosis.facts import NOT_READ, Facts, Known, NotFound, Reading, Refused, Unknown
from app.diagnosis.log_evidence import TELLING
from app.diagnosis.lookups import Key, Read, Reads
from app.diagnosis.manifests import is_index
from app.diagnosis.subjects import ImageSubject, choose_subjects, port_differs, without_values
from app.errors import Problem

MOST_ROUNDS: Final = 3
MOST_CALLS: Final = 15
# Allowance for clock differences with Lightsail: lines logged just before the deployment's own time belong to it.
_EARLIER: Final = timedelta(seconds=5)


class ReadsAws(Protocol):
    """The part of a connection that a diagnosis reads."""

    def services(self, region: str) -> ContainerServices:
        """Return the port to a Region's container services."""

    def repositories(self, region: str) -> Repositories:
        """Return the port to a Region's repositories."""

    def registry(self, region: str) -> Registry:
        """Return the port to a Region's registry."""

    def pull_reads(self, region: str) -> PullReads:
        """Return the port to what else decides on a pull."""

    def regions(self) -> tuple[str, ...]:
        """Return every Region that has Lightsail containers."""

    def region_problem(self, region: str) -> Problem | None:
        """Return why a Region has none."""


@dataclass(frozen=True)
class Question:
    """The question: why can this image not be pulled, or not run, in this service?

    `image` "" means those of the newest deployment; `container` "" any. `platform`: read the image's manifest, which ECR
    records as a pull. `regions` are those to search for a service or repository that isn't here. `access_given`: when access to a repository was last
    given, as far as it is recorded.
    """

    region: str
    service: str
    image: str = ""
    container: str = ""
    platform: bool = False
    regions: tuple[str, ...] = ()
    access_given: Mapping[str, datetime] = field(default_factory=dict)


Round: TypeAlias = Mapping[Key, tuple[str, Read]]
Results: TypeAlias = Mapping[Key, Reading[Any]]
Rounds: TypeAlias = Generator[Round, Results, tuple[Facts, ...]]

SHARED: Final = -1


def read(question: Question, aws: ReadsAws, now: datetime) -> Rounds:
    """Yield rounds of reads; return the facts of each image, the most relevant first."""
    return _Reader(question, aws, now).rounds()


class _Reader:
    def __init__(self, question: Question, aws: ReadsAws, now: datetime) -> None:
        self._question = question
        self._aws = aws
        self._pulls = aws.pull_reads(question.region)
        self._facts = [Facts(question.region, question.service, question.image, now, question.container)]
        self._calls = 0
        self._values: tuple[str, ...] = ()

    def rounds(self) -> Rounds:
        problem = self._aws.region_problem(self._question.region)
        if problem is not None:
            return (replace(self._facts[0], region_problem=problem.code),)
        first = {**self._shared(), **(self._of_image(0) if self._question.image else {})}
        if self._question.image and self._question.platform:
            first |= self._manifest(0)
        self._learn((yield self._counted(first)))
        for number in range(2, MOST_ROUNDS + 1):
            explained = lookups.is_explained(self._facts)
            each = (self._next(index, number, explained=explained) for index in range(len(self._facts)))
            reads_by_key = {key: read for reads in each for key, read in reads.items()}
            if not reads_by_key:
                break
            self._learn((yield self._counted(reads_by_key)))
        return tuple(self._facts)

    def _counted(self, reads: Round) -> Round:
        """Return the round, cut to the number of calls that a diagnosis may make."""
        room = dict(list(reads.items())[: MOST_CALLS - self._calls])
        self._calls += len(room)
        return room

    def _shared(self) -> Reads:
        services, name = self._aws.services(self._question.region), self._question.service
        region, registry = self._question.region, self._aws.registry(self._question.region)
        return {
            (SHARED, "services"): (region, services.list_services),
            (SHARED, "deployments"): (region, lambda: services.list_deployments(name)),
            (SHARED, "registry_policy"): (region, registry.get_policy),
            (SHARED, "registry_scope"): (region, registry.get_policy_scope),
        }

    def _of_image(self, index: int) -> Reads:
        """Return the reads of the repository policy and the image's description."""
        facts, region = self._facts[index], self._question.region
        name, registry = facts.uri.repository, facts.registry_id
        if not name:
            return {}
        tag, digest = facts.tag, facts.uri.digest
        reads: Reads = {(index, "policy"): (region, lambda: self._pulls.repository_policy(registry, name))}
        if facts.uri.names_image:
            reads[index, "detail"] = (region, lambda: self._pulls.image(registry, name, tag=tag, digest=digest))
        return reads

    def _manifest(self, index: int) -> Reads:
        facts = self._facts[index]
        if not facts.uri.is_private or not facts.uri.names_image:
            return {}
        registry, name, tag, digest = facts.registry_id, facts.uri.repository, facts.tag, facts.uri.digest
        read = (self._question.region, lambda: self._pulls.manifest(registry, name, tag=tag, digest=digest))
        return {(index, "manifest"): read}

    def _archived(self, index: int) -> Reads:
        """Return the read of the archived images, among which an index's own may be, if no round is left to read that."""
        facts = self._facts[index]
        if not isinstance(facts.detail, Known) or not is_index(facts.detail.value.media_type):
            return {}
        region, registry, name = self._question.region, facts.registry_id, facts.uri.repository
        return {(index, "archived"): (region, lambda: self._pulls.archived_images(registry, name))}

    def _next(self, index: int, number: int, *, explained: bool) -> Reads:
        """Return the reads still missing for one image that can be made now."""
        facts, reads = self._facts[index], Reads()
        if isinstance(facts.service, NotFound):
            return lookups.of_service(facts, self._question.regions, self._aws) if number == 2 else {}
        if lookups.needs_image(facts):
            reads |= self._of_image(index)
        if number == 2:
            reads |= self._log(index)
        elif lookups.needs_telling_lines(facts):
            reads |= self._telling_lines(index)
        if lookups.needs_manifest(facts, on_request=self._question.platform, explained=explained, number=number):
            reads |= self._manifest(index) | (self._archived(index) if number == MOST_ROUNDS else {})
        return reads | lookups.of_image(index, facts, self._question.regions, self._aws)

    def _log(self, index: int) -> Reads:
        """Return the read of the failed deployment's log: the container's lines and Lightsail's, which may be late."""
        facts = self._facts[index]
        failed = facts.failed
        if failed is None or not facts.container:
            return {}
        region, service, container = self._question.region, self._question.service, facts.container
        since = failed.created_at - _EARLIER if failed.created_at else None
        pattern = f'"[deployment:{failed.version}]"'
        return {
            (index, "log"): (region, lambda: self._pulls.container_log(service, container, since)),
            (index, "own_log"): (region, lambda: self._pulls.container_log(service, container, since, pattern)),
        }

    def _telling_lines(self, index: int) -> Reads:
        """Return the read of the lines that may show the reason, of a log whose first page shows none."""
        facts = self._facts[index]
        region, service, container = self._question.region, self._question.service, facts.container
        created = facts.failed.created_at if facts.failed else None
        since = created - _EARLIER if created else None
        read = partial(self._pulls.container_log, service, container, since, TELLING)
        return {(index, "telling_lines"): (region, read)}

    def _learn(self, results: Results) -> None:
        """Add the results of a round to the facts."""
        if (SHARED, "services") in results:
            self._learn_shared(results)
        for index, facts in enumerate(self._facts):
            own = {name: reading for (number, name), reading in results.items() if number == index}
            self._facts[index] = lookups.learnt(facts, own, self._values)
        if elsewhere := lookups.found_elsewhere(results):
            self._facts[0] = replace(self._facts[0], elsewhere=elsewhere)

    def _learn_shared(self, results: Results) -> None:
        service, names = lookups.own_service(results[SHARED, "services"], self._question.service)
        listing = results[SHARED, "deployments"]
        deployments = lookups.deployments_of(listing, service)
        listed = deployments.value if isinstance(deployments, Known) else ()
        subjects = choose_subjects(listed, self._question.image, self._question.container)
        shared = replace(
            self._facts[0],
            service=_without_deployments(service),
            service_names=names,
            deployments=_bare(deployments),
            unlisted=listing if isinstance(listing, Refused | Unknown) else None,
            registry_policy=results[SHARED, "registry_policy"],
            registry_scope=results[SHARED, "registry_scope"],
        )
        self._facts = [self._dated(_own_registry(_about(shared, subject))) for subject in subjects]
        self._values = tuple(
            value
            for deployment in listed
            for container in deployment.containers
            for value in container.environment.values()
        )

    def _dated(self, facts: Facts) -> Facts:
        given = self._question.access_given.get(facts.uri.repository) if facts.uri.is_private else None
        return replace(facts, access_given_at=given) if given else facts


def _about(shared: Facts, subject: ImageSubject) -> Facts:
    deployment = subject.deployment
    return replace(
        shared,
        image=subject.image,
        container=subject.container,
        deployment=without_values(deployment) if deployment else None,
        port_variable=port_differs(deployment, subject.container) if deployment else False,
    )


def _own_registry(facts: Facts) -> Facts:
    """Return the facts without a registry policy if it isn't that of the image's registry."""
    return replace(facts, registry_policy=NOT_READ, registry_scope=NOT_READ) if facts.is_foreign else facts


def _bare(deployments: Reading[tuple[Deployment, ...]]) -> Reading[tuple[Deployment, ...]]:
    if isinstance(deployments, Known):
        return Known(tuple(map(without_values, deployments.value)))
    return deployments


def _without_deployments(service: Reading[ContainerService]) -> Reading[ContainerService]:
    """Return the service without the values of its environment variables."""
    if isinstance(service, Known):
        return Known(replace(service.value, current_deployment=None, next_deployment=None))
    return service
