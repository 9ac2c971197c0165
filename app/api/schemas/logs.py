"""The log of a deployment, and what asks for a part of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import Field

from app.api.schemas.answer import Answer
from app.api.schemas.texts import TEXT
from app.console.deployment_log import LogQuestion
from app.deployments.log import LONGEST_CURSOR, LONGEST_TEXT, LogGap

HIGHEST_VERSION = 10**9


LogVersion = Annotated[int, Path(ge=0, le=HIGHEST_VERSION, description="0: the newest.")]


async def log_part(
    container: Annotated[
        str, Query(max_length=100, pattern=TEXT, description="Empty: the public one, or the first.")
    ] = "",
    text: Annotated[str, Query(max_length=LONGEST_TEXT, pattern=TEXT, description="Only lines that contain it.")] = "",
    minutes: Annotated[int, Query(ge=0, le=10_000, description="Only the last ones; 0: all.")] = 0,
    after: Annotated[
        str, Query(max_length=LONGEST_CURSOR, pattern=TEXT, description="`next` of the page before.")
    ] = "",
) -> LogQuestion:
    """Return what part of a version's log is wanted."""
    return LogQuestion(0, container, text, minutes, after)


LogPartDep = Annotated[LogQuestion, Depends(log_part)]


class LogLine(Answer):
    """One line of a container's log."""

    at: datetime | None
    text: str
    by_lightsail: bool = Field(description="Lightsail wrote it, not the container.")
    is_cut: bool = Field(description="The line is longer than that.")


class Log(Answer):
    """A page of a container's log, oldest first."""

    version: int
    state: str = Field(description="AWS's word: ACTIVATING, ACTIVE, INACTIVE, FAILED.")
    container: str
    containers: list[str] = Field(description="The containers of this version.")
    since: datetime | None = Field(description="When the version was created; with `minutes`, where they begin.")
    until: datetime | None = Field(description="When another version replaced it; or the time of the reading.")
    lines: list[LogLine]
    gap: LogGap = Field(
        description="Why there are no lines, or fewer than were written. `none_yet`: `next` may have some."
    )
    next: str = Field(description="Send it as `after` to get the lines that follow; empty if there are none.")
