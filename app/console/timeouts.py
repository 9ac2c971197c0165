"""Calls AWS for a page with a short timeout: a page for which AWS is too slow shows what is known instead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from app.aws.ports import Answered
from app.bootstrap import Services
from app.errors import Problem

T = TypeVar("T")

PATIENCE = 2.0  # seconds that a page waits
PROGRAM_PATIENCE = 10.0  # seconds that a program waits, which has nothing else to show


async def ask(
    services: Services, region: str, call: Callable[..., Answered[T]], *args: Any, patience: float = PATIENCE
) -> T:
    """Make one AWS call for a page. Raises Problem; `aws.page_slow` after `patience`, while the call continues."""
    return (await in_time(patience, services.calls.run(region, call, *args))).value


async def within(seconds: float, reading: Awaitable[Problem | None]) -> Problem | None:
    """Return why something could not be read; `aws.page_slow` when it takes longer than that."""
    try:
        return await in_time(seconds, reading)
    except Problem as problem:
        return problem


async def in_time(seconds: float, work: Awaitable[T]) -> T:
    """Return the result of `work`. Raises Problem `aws.page_slow` when it takes longer than that."""
    try:
        return await asyncio.wait_for(work, seconds)
    except TimeoutError as error:
        raise Problem("aws.page_slow", retryable=True, seconds=round(seconds)) from error
