"""Which images of this registry the services' deployments name, and whether ECR still has them. Does not call AWS.

An image of another account or Region, or one that isn't in ECR, is not listed: nothing can be known about it here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.aws.ports import ContainerService, Deployment
from app.db import Database
from app.ecr_names import NAME
from app.errors import Problem
from app.inventory import due
from app.inventory.models import DeployedImage, SeenService

_ECR_IMAGE = re.compile(
    rf"(?P<account>\d{{12}})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<repository>{NAME.pattern})"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class ImageState(StrEnum):
    """What ECR answered about an image."""

    UNKNOWN = ""
    FOUND = "found"
    ARCHIVED = "archived"
    GONE = "gone"
    NO_REPOSITORY = "no_repository"


@dataclass(frozen=True)
class ImageKey:
    """An image of a Region's registry; `reference` is `:tag` or `@digest`."""

    repository: str
    reference: str

    @property
    def tag(self) -> str:
        """The tag, "" for an image that is named by its digest."""
        return self.reference[1:] if self.reference.startswith(":") else ""

    @property
    def digest(self) -> str:
        """The digest, "" for an image that is named by its tag."""
        return self.reference[1:] if self.reference.startswith("@") else ""


@dataclass(frozen=True)
class ImageUse:
    """An image that a service's deployment names, as far as ECR was asked about it."""

    service: str
    key: ImageKey
    version: int
    is_next: bool
    state: ImageState = ImageState.UNKNOWN


@dataclass(frozen=True)
class ImageRead:
    """What ECR answered about an image to a call sent at `at`; a `problem` leaves the state as it was known."""

    key: ImageKey
    at: datetime
    state: ImageState = ImageState.UNKNOWN
    problem: Problem | None = None


def images_in(service: ContainerService) -> tuple[ImageUse, ...]:
    """Return the images of the service's own registry that its current deployment and the one being activated name."""
    uses: dict[ImageKey, ImageUse] = {}
    for deployment, is_next in ((service.current_deployment, False), (service.next_deployment, True)):
        if deployment is None or (is_next and deployment.state != "ACTIVATING"):
            continue
        for key in _keys(service, deployment):
            uses[key] = ImageUse(service.name, key, deployment.version, is_next)
    return tuple(uses.values())


def _keys(service: ContainerService, deployment: Deployment) -> Iterator[ImageKey]:
    for container in deployment.containers:
        match = _ECR_IMAGE.fullmatch(container.image)
        if match and (match["account"], match["region"]) == (service.account, service.region):
            reference = f"@{match['digest']}" if match["digest"] else f":{match['tag'] or 'latest'}"
            yield ImageKey(match["repository"], reference)


def keep_deployed(
    session: Session, connection: str, region: str, services: Sequence[ContainerService], at: datetime
) -> None:
    """Keep which images these services deploy, in the transaction that keeps the services as they were seen `at`.

    What is known of an image stays while it is deployed. A service that was seen later already is left alone.
    """
    row = DeployedImage
    seen = {(use.service, use.key): use for service in services for use in images_in(service)}
    names = [service.name for service in services]
    stored = select(row.service, row.repository, row.reference, row.version, row.is_next, row.state).where(
        row.connection == connection, row.region == region, row.service.in_(names)
    )
    earlier = {
        (use.service, use.key): use
        for use in (
            ImageUse(service, ImageKey(repository, reference), version, is_next, ImageState(state))
            for service, repository, reference, version, is_next, state in session.execute(stored)
        )
    }
    gone, new = earlier.keys() - seen.keys(), seen.keys() - earlier.keys()
    changed = {
        key for key in earlier.keys() & seen.keys() if (earlier[key].version, earlier[key].is_next) != _of(seen[key])
    }
    if not (gone or new or changed):
        return
    current = _seen_at(session, connection, region, names, at)
    _delete(session, connection, region, [key for key in gone if key[0] in current])
    added = [_row(connection, region, seen[key]) for key in new if key[0] in current]
    if added:
        session.execute(insert(row), added)
    updated = [_row(connection, region, seen[key]) for key in changed if key[0] in current]
    if updated:
        session.execute(update(row), updated)
    mark_uses(session, connection, region, [earlier[key] for key in gone | changed])


def mark_uses(session: Session, connection: str, region: str, uses: Iterable[ImageUse]) -> None:
    """Mark the repositories and services of these images to be judged again."""
    about = [use for use in uses if use.state not in (ImageState.UNKNOWN, ImageState.FOUND)]
    if about:
        due.mark(session, connection, region, {use.key.repository for use in about})
        due.mark_services(session, connection, region, {use.service for use in about})


def due_images(db: Database, connection: str, region: str, *, before: datetime, limit: int) -> tuple[ImageKey, ...]:
    """Return the images to ask ECR about next: those never tried, then those that were tried `before`, the oldest first."""
    row = DeployedImage
    tried = func.min(row.tried_at)  # a service that deploys a known image is told what is known of it at the next read
    query = (
        select(row.repository, row.reference)
        .where(row.connection == connection, row.region == region)
        .group_by(row.repository, row.reference)
        .having((func.count() > func.count(row.tried_at)) | (tried <= before))
        .order_by(func.count(row.tried_at) - func.count(), tried, row.repository, row.reference)
        .limit(limit)
    )
    with db.read() as session:
        return tuple(ImageKey(repository, reference) for repository, reference in session.execute(query))


def count_images(db: Database, connection: str, region: str) -> int:
    """Return how many images of a Region are deployed."""
    row = DeployedImage
    in_region = (
        select(row.repository, row.reference).where(row.connection == connection, row.region == region).distinct()
    )
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(in_region.subquery())) or 0


def unknown_images(connection: str) -> Select[int]:
    """Return the query for how many deployed images nobody knows whether ECR has them."""
    row = DeployedImage
    is_unknown = (row.state == str(ImageState.UNKNOWN)) | row.problem.is_not(None)
    return select(func.count()).where(row.connection == connection, is_unknown)


def remember_images(db: Database, connection: str, region: str, readings: Sequence[ImageRead]) -> None:
    """Store what ECR answered; what changed by it is judged again."""
    row = DeployedImage
    by_key = {(read.key.repository, read.key.reference): read for read in readings}
    if not by_key:
        return
    in_region = (row.connection == connection, row.region == region)
    with db.write() as session:
        query = select(row).where(*in_region, tuple_(row.repository, row.reference).in_(sorted(by_key)))
        changed = []
        for image in session.scalars(query.order_by(row.service).with_for_update()):
            read = by_key[image.repository, image.reference]
            if image.tried_at is not None and image.tried_at > read.at:
                continue
            image.tried_at, image.problem = read.at, read.problem.to_json() if read.problem else None
            if read.problem is not None:
                continue
            if image.state != read.state:
                changed += [_use(image), ImageUse(image.service, read.key, 0, is_next=False, state=read.state)]
            image.state, image.checked_at = str(read.state), read.at
        mark_uses(session, connection, region, changed)


def images_by_repository(
    session: Session, connection: str, region: str, names: Sequence[str]
) -> Mapping[str, tuple[ImageUse, ...]]:
    """Return the deployed images of these repositories."""
    return _images_by(session, connection, region, DeployedImage.repository, names)


def images_by_service(
    session: Session, connection: str, region: str, names: Sequence[str]
) -> Mapping[str, tuple[ImageUse, ...]]:
    """Return the images that these services deploy."""
    return _images_by(session, connection, region, DeployedImage.service, names)


def _images_by(
    session: Session, connection: str, region: str, column: InstrumentedAttribute[str], names: Sequence[str]
) -> Mapping[str, tuple[ImageUse, ...]]:
    row = DeployedImage
    query = select(column, row).where(row.connection == connection, row.region == region, column.in_(names))
    uses: defaultdict[str, tuple[ImageUse, ...]] = defaultdict(tuple)
    for name, image in session.execute(query.order_by(row.service, row.repository, row.reference)):
        uses[name] += (_use(image),)
    return uses


def _use(image: DeployedImage) -> ImageUse:
    key = ImageKey(image.repository, image.reference)
    return ImageUse(image.service, key, image.version, image.is_next, ImageState(image.state))


def _of(use: ImageUse) -> tuple[int, bool]:
    return use.version, use.is_next


def _seen_at(session: Session, connection: str, region: str, names: Sequence[str], at: datetime) -> set[str]:
    row = SeenService
    in_region = (row.connection == connection, row.region == region, row.name.in_(names), row.seen_at == at)
    return set(session.scalars(select(row.name).where(*in_region)))


def _delete(session: Session, connection: str, region: str, gone: Sequence[tuple[str, ImageKey]]) -> None:
    row = DeployedImage
    keys = [(service, key.repository, key.reference) for service, key in gone]
    if keys:
        in_region = (row.connection == connection, row.region == region)
        session.execute(delete(row).where(*in_region, tuple_(row.service, row.repository, row.reference).in_(keys)))


def _row(connection: str, region: str, use: ImageUse) -> dict[str, Any]:
    return {
        "connection": connection,
        "region": region,
        "service": use.service,
        "repository": use.key.repository,
        "reference": use.key.reference,
        "version": use.version,
        "is_next": use.is_next,
    }
