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
    try:
        answered = await asyncio.wait_for(services.calls.run(region, call, *args), patience)
    except TimeoutError as error:
        raise _slow() from error
    return answered.value


async def within(seconds: float, reading: Awaitable[Problem | None]) -> Problem | None:
    """The problem that kept something from being read; `aws.page_slow` when it takes longer than that."""
    try:
        return await asyncio.wait_for(reading, seconds)
    except TimeoutError:
        return _slow()


def _slow() -> Problem:
    return Problem("aws.page_slow", retryable=True, seconds=round(PATIENCE))
