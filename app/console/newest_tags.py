"""Looks for the newest tags of the repositories that somebody looks at. A page never waits for it.

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
from datetime import datetime, timedelta
from functools import partial

from app.aws.call_pool import AwsCalls
from app.aws.ports import Aws
from app.aws.pull_ports import ImageDetail, ImageDetailPage
from app.clock import Clock
from app.db import Database
from app.deployments.images import newest_runnable
from app.errors import Problem
from app.inventory.newest_images import NewestTags, remember_newest

FRESH = timedelta(minutes=10)
"""How long tags are shown without being looked for again."""
CALLS_AN_HOUR = 1_000
MOST_WAITING = 200
# Repositories of one look: few enough to be read long before the reader counts as stuck.
AT_ONCE = 10
# ECR returns up to a thousand images per page, in no order: the newest may be on any page.
MOST_PAGES = 10
IMAGES_PER_PAGE = 1_000
# Errors about one repository only; any other would affect the next one too.
_OF_ONE_REPOSITORY = frozenset(
    {"aws.access_denied", "aws.bad_answer", "aws.refused", "aws.unknown", "repository.not_found"}
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
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _called_at: deque[float] = field(default_factory=deque)
    _is_running: bool = False

    def request(self, region: str, repository: str, tried_at: datetime | None) -> bool:
        """Look for a repository's tags soon unless they were looked for at `tried_at`, a moment ago.

        Returns at once; may be called from any thread. Return whether they will be known soon for the first time.
        """
        if tried_at is not None and self.clock.now() - tried_at < FRESH:
            return False
        with self._lock:
            if len(self._waiting) < MOST_WAITING:
                self._waiting[region, repository] = None
            is_soon = self._is_running and len(self._called_at) < CALLS_AN_HOUR
            return is_soon and tried_at is None and (region, repository) in self._waiting

    async def look(self) -> bool:
        """Read what was requested, as far as the calls of this hour allow; True, since it worked."""
        self._is_running = True
        for _ in range(AT_ONCE):
            key = self._next()
            if key is None or not self._may_call():
                break
            is_alone = await self._read(*key)
            with self._lock:
                self._waiting.pop(key, None)
                if not is_alone:
                    self._waiting.clear()  # AWS is away: pages that are still open ask again
        return True

    def _next(self) -> Key | None:
        with self._lock:
            return next(iter(self._waiting), None)

    def _may_call(self) -> bool:
        while self._called_at and self._called_at[0] <= self.clock.monotonic() - 3600:
            self._called_at.popleft()
        return len(self._called_at) < CALLS_AN_HOUR

    async def _read(self, region: str, repository: str) -> bool:
        """Read and keep one repository's newest tags. False: other repositories can't be read either."""
        at, images = self.clock.now(), list[ImageDetail]()
        images_page = self.aws.pull_reads(region).images_page
        problem = None

        async def ask(after: str) -> ImageDetailPage:
            self._called_at.append(self.clock.monotonic())
            return (await self.calls.run_in_background(region, images_page, "", repository, after)).value

        try:
            whole = await read_pages(ask, images)
        except Problem as refused:
            whole, problem = False, refused
        newest = NewestTags(problem=problem) if problem else newest_of(images, whole=whole)
        keep = partial(remember_newest, self.db, self.connection, region, repository, newest, at)
        await asyncio.get_running_loop().run_in_executor(self.threads, keep)
        return problem is None or problem.code in _OF_ONE_REPOSITORY
