"""Asks AWS on behalf of a page, but not for long: a page that AWS keeps waiting shows what is known instead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from app.aws.ports import Answered
from app.bootstrap import Services
from app.errors import Problem

T = TypeVar("T")

PATIENCE = 2.0  # seconds


async def ask(
    services: Services, region: str, call: Callable[..., Answered[T]], *args: Any, patience: float = PATIENCE
) -> T:
    """One AWS call for a page. Raises Problem; `aws.page_slow` after `patience`, while the call goes on behind."""
    return (await in_time(patience, services.calls.run(region, call, *args))).value


async def within(seconds: float, reading: Awaitable[Problem | None]) -> Problem | None:
    """The problem that kept something from being read; `aws.page_slow` when it takes longer than that."""
    try:
        return await in_time(seconds, reading)
    except Problem as problem:
        return problem


async def in_time(seconds: float, work: Awaitable[T]) -> T:
    """What comes of `work`. Raises Problem `aws.page_slow` when it takes longer than that."""
    try:
        return await asyncio.wait_for(work, seconds)
    except TimeoutError as error:
        raise Problem("aws.page_slow", retryable=True, seconds=round(seconds)) from error
