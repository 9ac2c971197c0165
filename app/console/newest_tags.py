"""Reads the newest tags of the repositories that are shown. A page never waits for it.

Reading every repository's images would cost an idle console a call for each; so only rows in view are read, each once in
`FRESH`, and no more than `CALLS_AN_HOUR` in one process.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from app.aws.call_pool import AwsCalls
from app.aws.ports import Aws
from app.aws.pull_ports import ImageDetail, ImageDetailPage
from app.clock import Clock
from app.db import Database
from app.deployments.images import newest_runnable
from app.errors import Problem
from app.inventory.newest_images import NewestTags, remember_newest
from app.inventory.repositories import list_repository
from app.keys import RepositoryKey

FRESH = timedelta(minutes=10)
"""How long tags are shown without being read again."""
AFTER_OUTAGE = timedelta(seconds=30)
"""How long nothing of a Region is read that could not be reached: failing calls would use up those of the hour."""
CALLS_AN_HOUR = 1_000
MOST_WAITING = 200
# Repositories of one round: few enough to be read long before the reader counts as stuck.
AT_ONCE = 10
# ECR returns up to a thousand images per page, in no order: the newest may be on any page.
MOST_PAGES = 10
IMAGES_PER_PAGE = 1_000
# Problems of one repository only; any other would affect the next one of its Region too.
_OF_ONE_REPOSITORY = frozenset(
    {
        "aws.access_denied",
        "aws.bad_answer",
        "aws.refused",
        "aws.unknown",
        "images.too_many",
        "repository.not_found",
    }
)
Key = tuple[str, str]


def newest_of(images: Iterable[ImageDetail], *, whole: bool) -> NewestTags:
    """Return the tags of the newest image that can be pulled. Not `whole`: there are more images, so it isn't known."""
    if not whole:
        return NewestTags(problem=Problem("images.too_many", count=MOST_PAGES * IMAGES_PER_PAGE))
    image = next((image for image in newest_runnable(images) if not image.is_archived), None)
    if image is None:
        return NewestTags()
    return NewestTags(tuple(sorted(image.tags, key=lambda tag: (tag == "latest", tag))), image.pushed_at)


async def read_pages(ask: Callable[[str], Awaitable[ImageDetailPage]], images: list[ImageDetail]) -> bool:
    """Add a repository's tagged images to `images`, page by page; return whether those are all.

    `ask` gets a page by what the page before it returned as `next`. Raises Problem as it does.
    """
    after = ""
    for _ in range(MOST_PAGES):
        page = await ask(after)
        images += page.images
        if not page.next:
            return True
        after = page.next
    return False


@dataclass
class TagReader:
    """Reads what was requested; run `look` every second. `threads` run what blocks on the database."""

    db: Database
    aws: Aws
    calls: AwsCalls
    clock: Clock
    connection: str
    threads: ThreadPoolExecutor
    _waiting: dict[Key, None] = field(default_factory=dict)
    _quiet_until: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _called_at: deque[float] = field(default_factory=deque)
    _is_running: bool = False

    def request(self, region: str, repository: str, newest_tags: NewestTags) -> bool:
        """Read a repository's tags soon, unless what is `newest_tags` of them is from a moment ago.

        Returns at once; may be called from any thread. Return whether they will be read soon.
        """
        if not self._is_due(newest_tags):
            return False
        key = (region, repository)
        with self._lock:
            if self._quiet_until.get(region, 0.0) > self.clock.monotonic():
                return False
            if len(self._waiting) < MOST_WAITING:
                self._waiting[key] = None
            return self._is_running and key in self._waiting and len(self._called_at) < CALLS_AN_HOUR

    async def look(self) -> bool:
        """Read what was requested, as far as the calls of this hour allow; True, since it worked."""
        self._is_running = True
        for _ in range(AT_ONCE):
            key = self._next()
            if key is None or not self._may_call():
                break
            try:
                problem = await self._read(*key)
            finally:  # whatever happened to it, the next one has its turn
                with self._lock:
                    self._waiting.pop(key, None)
            if problem is not None and problem.code not in _OF_ONE_REPOSITORY:
                self._pause(key[0])
        return True

    def _pause(self, region: str) -> None:
        """Drop what waits of a Region that can't be read now: pages that are still open request it again."""
        with self._lock:
            self._quiet_until[region] = self.clock.monotonic() + AFTER_OUTAGE.total_seconds()
            self._waiting = {key: None for key in self._waiting if key[0] != region}

    def _next(self) -> Key | None:
        with self._lock:
            return next(iter(self._waiting), None)

    def _may_call(self) -> bool:
        while self._called_at and self._called_at[0] <= self.clock.monotonic() - 3600:
            self._called_at.popleft()
        return len(self._called_at) < CALLS_AN_HOUR

    def _is_due(self, newest_tags: NewestTags) -> bool:
        rest = FRESH if newest_tags.problem is None or newest_tags.problem.code in _OF_ONE_REPOSITORY else AFTER_OUTAGE
        return newest_tags.tried_at is None or self.clock.now() - newest_tags.tried_at >= rest

    def _is_still_due(self, region: str, repository: str) -> bool:
        """A page may request what was read between its query and its request, here or in another process."""
        row = list_repository(self.db, RepositoryKey(self.connection, region, repository))
        return row is not None and self._is_due(row.newest)

    async def _read(self, region: str, repository: str) -> Problem | None:
        """Read and keep one repository's newest tags, if they are due; return why they could not be read."""
        if not await asyncio.get_running_loop().run_in_executor(self.threads, self._is_still_due, region, repository):
            return None
        at, images = self.clock.now(), list[ImageDetail]()
        images_page = self.aws.pull_reads(region).images_page

        async def ask(after: str) -> ImageDetailPage:
            self._called_at.append(self.clock.monotonic())
            return (await self.calls.run_in_background(region, images_page, "", repository, after)).value

        whole, problem = False, None
        try:
            whole = await read_pages(ask, images)
        except Problem as refused:
            problem = refused

        def keep() -> NewestTags:
            newest = NewestTags(problem=problem) if problem else newest_of(images, whole=whole)
            remember_newest(self.db, RepositoryKey(self.connection, region, repository), newest, at)
            return newest

        return (await asyncio.get_running_loop().run_in_executor(self.threads, keep)).problem
