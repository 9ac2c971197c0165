"""Waiting in a request for a newer version of what a program watches."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio

from app.stopping import LONGEST_POLL
from app.threads import run_in_threadpool

# What may be asked for. The answer comes sooner, so that a stopping server need not cut it off.
LONGEST_WAIT = 4.0
FIRST_LOOK, LAST_LOOK = 0.05, 0.4


async def until_changed(version: Callable[[], int | None], seen: int, wait: float) -> None:
    """Return once the version is another than `seen`, or after `wait` seconds, at most `LONGEST_POLL`."""
    end, pause = time.monotonic() + min(wait, LONGEST_POLL), FIRST_LOOK
    while wait and await run_in_threadpool(version) == seen:
        left = end - time.monotonic()
        if left <= 0:
            return
        await anyio.sleep(min(pause, left))
        pause = min(LAST_LOOK, 1.5 * pause)
