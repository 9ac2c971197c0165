"""Reads one part of a region from AWS into the store, and records failures beside it.

A failed policy, or a failed region, leaves what is known unchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ParamSpec, TypeVar

from app.aws.call_pool import AwsCalls
from app.aws.ports import Answered, Aws, ContainerService, Repository
from app.clock import Clock
from app.db import Database
from app.errors import Problem
from app.inventory import deployed_images, queries, store, sync_state
from app.inventory.deployed_images import ImageKey, ImageRead, ImageState
from app.inventory.policies import PolicyRead, PolicySeen, PolicyUnread, remember_policies, remember_unread
from app.inventory.registries import read_registry, remember_registry
from app.inventory.sync_state import What
from app.keys import RepositoryKey

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Read = Callable[[], Answered[tuple[T, ...]]]
Keep = Callable[[tuple[T, ...], datetime], None]


class Watch:
    """Looks at what was read, in a thread that may block. This one looks at nothing."""

    def services(
        self, region: str, listed: Sequence[ContainerService], at: datetime, names: Collection[str] | None = None
    ) -> None:
        """Look at all services of a Region, or those of these names, asked for at `at`, before they are kept."""

    def policies(self, region: str, readings: Sequence[PolicySeen]) -> None:
        """Look at readings of policies that were kept."""

    def listed(self, region: str, repositories: Sequence[Repository], at: datetime) -> None:
        """Look at a whole list of repositories, asked for at `at`, before it is kept."""

    def gone(self, region: str, name: str, at: datetime) -> None:
        """Look at a repository that AWS no longer knew at `at`, before it is forgotten."""


# Policies read under one claim: few enough to end long before the claim counts as abandoned.
SLICE = 200
SIDE_BY_SIDE = 8
# How many policies per second and region are re-read at most in the long run: AWS publishes no limit of its own.
POLICIES_PER_SECOND = 10
# As many deployed images per second and region are looked for at most in the long run.
IMAGES_PER_SECOND = 1
# What ECR answers about an image that can't be pulled.
_LACKING = {"image.not_found": ImageState.GONE, "repository.not_found": ImageState.NO_REPOSITORY}
# Errors about one repository only; any other would affect the next one too.
_OF_ONE_REPOSITORY = frozenset(
    {
        "aws.access_denied",
        "aws.bad_answer",
        "aws.refused",
        "aws.unknown",
        "repository.not_found",
        "repository.bad_name",
    }
)


@dataclass(frozen=True)
class Swept:
    """The result of a read: `more` can be read at once; `problem` is why it failed.

    `due`: False if it was not read, because it is fresh enough or being read elsewhere.
    """

    more: bool = False
    problem: Problem | None = None
    due: bool = True


@dataclass(frozen=True)
class Rest:
    """How old a part must be to be read again, and how long ago a failed try must be."""

    after_success: timedelta
    after_problem: timedelta


@dataclass
class _Slice:
    """The result of a slice of policies. `problem` stopped it."""

    read: list[PolicyRead] = field(default_factory=list)
    unread: list[PolicyUnread] = field(default_factory=list)
    gone: list[PolicyUnread] = field(default_factory=list)
    problem: Problem | None = None

    def refused(self) -> Problem | None:
        """Return what stopped it, or the common answer of AWS to every single call."""
        return self.problem or (self.unread[0].problem if self.unread and not self.read else None)


@dataclass(frozen=True)
class Sweeper:
    """Reads one connection. `threads` run what blocks on the database; `watch` looks at what was read."""

    db: Database
    aws: Aws
    calls: AwsCalls
    clock: Clock
    connection: str
    threads: Executor
    watch: Watch = field(default_factory=Watch)

    async def sweep(self, region: str, what: What, rest: Rest) -> Swept:
        """Read a part of a region if its rest is over and no other process is reading it."""
        sweeps = {
            What.SERVICES: self._services,
            What.REPOSITORIES: self._repositories,
            What.POLICIES: self._policies,
            What.REGISTRY: self._registry,
            What.IMAGES: self._images,
        }
        return await sweeps[what](region, rest)

    async def in_db(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a blocking database call outside the loop and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, lambda: call(*args, **kwargs))

    async def _services(self, region: str, rest: Rest) -> Swept:
        def keep(services: tuple[ContainerService, ...], at: datetime) -> None:
            self.watch.services(region, services, at)
            store.remember_services(self.db, self.connection, region, services, at)

        return await self._list(region, What.SERVICES, rest, self.aws.services(region).list_services, keep)

    async def _repositories(self, region: str, rest: Rest) -> Swept:
        def keep(repositories: tuple[Repository, ...], at: datetime) -> None:
            self.watch.listed(region, repositories, at)
            store.remember_repositories(self.db, self.connection, region, repositories, at)

        return await self._list(region, What.REPOSITORIES, rest, self.aws.repositories(region).list_repositories, keep)

    async def _list(self, region: str, what: What, rest: Rest, read: Read[T], keep: Keep[T]) -> Swept:
        """Read a whole list of a region, and keep it."""
        held = await self._claim(region, what, rest)
        if held is None:
            return Swept(due=False)
        try:
            listed = (await self.calls.run_in_background(region, read)).value
        except Problem as problem:
            return await self._refused(held, problem)
        await self.in_db(keep, listed, held.started_at)
        return await self._listed(held, len(listed))

    async def _registry(self, region: str, rest: Rest) -> Swept:
        held = await self._claim(region, What.REGISTRY, rest)
        if held is None:
            return Swept(due=False)

        async def call(read: Callable[[], Answered[Any]]) -> Any:
            return (await self.calls.run_in_background(region, read)).value

        try:
            reading = await read_registry(self.aws.registry(region), call, held.started_at)
        except Problem as problem:
            return await self._refused(held, problem)
        await self.in_db(remember_registry, self.db, self.connection, region, reading)
        return await self._listed(held, 1)

    async def _policies(self, region: str, rest: Rest) -> Swept:
        coverage = await self.in_db(queries.policy_coverage, self.db, self.connection, region)
        max_age = max(rest.after_success, timedelta(seconds=coverage.total / POLICIES_PER_SECOND))
        before = self.clock.now() - max_age
        due = await self.in_db(sync_state.due_policies, self.db, self.connection, region, before=before, limit=SLICE)
        after_success = timedelta(0) if due else max_age
        held = await self._claim(region, What.POLICIES, Rest(after_success, rest.after_problem))
        if held is None:
            return Swept(due=False)
        slice_read = await self._read_policies(region, due)
        await self._keep(region, slice_read)
        coverage = await self.in_db(queries.policy_coverage, self.db, self.connection, region)
        whole, refused = len(due) < SLICE, slice_read.refused()
        await self._finish(held, problem=refused, whole=whole, counted=(coverage.tried, coverage.total))
        return Swept(more=not whole and refused is None, problem=refused)

    async def _read_policies(self, region: str, names: Iterable[str]) -> _Slice:
        slice_read, waiting = _Slice(), iter(names)

        async def work() -> None:
            for name in waiting:
                if slice_read.problem is None:
                    await self._read_policy(region, name, slice_read)

        await asyncio.gather(*(work() for _ in range(SIDE_BY_SIDE)))
        return slice_read

    async def _read_policy(self, region: str, name: str, slice_read: _Slice) -> None:
        at = self.clock.now()
        try:
            answered = await self.calls.run_in_background(region, self.aws.repositories(region).get_policy, name)
        except Problem as problem:
            if problem.code not in _OF_ONE_REPOSITORY:
                slice_read.problem = problem
            elif problem.code == "repository.not_found":
                slice_read.gone.append(PolicyUnread(name, problem, at))
            else:
                slice_read.unread.append(PolicyUnread(name, problem, at))
        else:
            slice_read.read.append(PolicyRead(name, answered.value, at))

    async def _images(self, region: str, rest: Rest) -> Swept:
        in_region = (self.db, self.connection, region)
        total = await self.in_db(deployed_images.count_images, *in_region)
        max_age = max(rest.after_success, timedelta(seconds=total / IMAGES_PER_SECOND))
        before = self.clock.now() - max_age
        due = await self.in_db(deployed_images.due_images, *in_region, before=before, limit=SLICE)
        if not due and (total or await self.in_db(sync_state.was_read_since, *in_region, What.IMAGES, before)):
            return Swept(due=False)  # most turns: nothing is written for them
        held = await self._claim(region, What.IMAGES, Rest(timedelta(0), rest.after_problem))
        if held is None:
            return Swept(due=False)
        read, refused = await self._read_images(region, due)
        await self.in_db(deployed_images.remember_images, *in_region, read)
        whole = len(due) < SLICE
        await self._finish(held, problem=refused, whole=whole, counted=(total, total))
        return Swept(more=not whole and refused is None, problem=refused)

    async def _read_images(self, region: str, keys: Iterable[ImageKey]) -> tuple[list[ImageRead], Problem | None]:
        """Return what was read, and what stopped it or was the answer to every single call."""
        read: list[ImageRead] = []
        for key in keys:
            image = await self._read_image(region, key)
            if image.problem is not None and image.problem.code not in _OF_ONE_REPOSITORY:
                return read, image.problem  # this image is asked for again once AWS can be reached
            read.append(image)
        problems = [each.problem for each in read if each.problem is not None]
        return read, problems[0] if problems and len(problems) == len(read) else None

    async def _read_image(self, region: str, key: ImageKey) -> ImageRead:
        """Ask ECR whether it has an image. DescribeImages isn't recorded as a pull."""
        at, reads = self.clock.now(), self.aws.pull_reads(region)
        read = partial(reads.image, "", key.repository, tag=key.tag, digest=key.digest)
        try:
            image = (await self.calls.run_in_background(region, read)).value
        except Problem as problem:
            state = _LACKING.get(problem.code)
            return ImageRead(key, at, problem=problem) if state is None else ImageRead(key, at, state)
        return ImageRead(key, at, ImageState.ARCHIVED if image.is_archived else ImageState.FOUND)

    async def keep_policies(self, region: str, readings: Sequence[PolicyRead]) -> None:
        """Store these reads, and let `watch` look at them."""
        seen = await self.in_db(remember_policies, self.db, self.connection, region, readings)
        if seen:
            await self.in_db(self.watch.policies, region, seen)

    async def _keep(self, region: str, slice_read: _Slice) -> None:
        await self.keep_policies(region, slice_read.read)
        await self.in_db(remember_unread, self.db, self.connection, region, slice_read.unread)
        for each in slice_read.gone:
            await self.forget_repository(region, each.repository, each.at)

    async def forget_repository(self, region: str, name: str, at: datetime) -> None:
        """Keep that AWS no longer knew a repository at `at`."""
        await self.in_db(self.watch.gone, region, name, at)
        await self.in_db(store.forget_repository, self.db, RepositoryKey(self.connection, region, name), at)

    async def _claim(self, region: str, what: What, rest: Rest) -> sync_state.Claim | None:
        rests = {"rest": rest.after_success, "retry": rest.after_problem}
        return await self.in_db(sync_state.claim, self.db, self.connection, region, what, now=self.clock.now(), **rests)

    async def _listed(self, held: sync_state.Claim, count: int) -> Swept:
        await self._finish(held, counted=(count, count))
        return Swept()

    async def _refused(self, held: sync_state.Claim, problem: Problem) -> Swept:
        await self._finish(held, problem=problem)
        return Swept(problem=problem)

    async def _finish(
        self,
        held: sync_state.Claim,
        *,
        problem: Problem | None = None,
        whole: bool = True,
        counted: tuple[int, int] | None = None,
    ) -> None:
        now = self.clock.now()
        await self.in_db(sync_state.finish, self.db, held, now=now, problem=problem, whole=whole, counted=counted)
