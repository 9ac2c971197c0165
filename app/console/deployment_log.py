"""The log of a deployment: read from AWS when somebody looks at it, and kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.aws.ports import Deployment
from app.aws.pull_ports import LogPage
from app.bootstrap import Services
from app.console.timeouts import PATIENCE, ask, in_time
from app.deployments.log import (
    LINES,
    LogCursor,
    LogGap,
    LogText,
    PageScope,
    cursor_of,
    gap_of,
    lines_to_show,
    window_of,
    with_pattern,
)
from app.errors import Problem
from app.keys import RegionAndName
from app.threads import run_in_threadpool

# AWS may return pages without a line on the way to the next one.
MOST_PAGES: Final = 5


@dataclass(frozen=True)
class LogQuestion:
    """What part of a log is wanted.

    `version` 0: the newest. `container` "": the public one, else the first. `text`: only lines with it. `minutes`: only
    the last ones. `after`: the `next` of the page before.
    """

    version: int = 0
    container: str = ""
    text: str = ""
    minutes: int = 0
    after: str = ""


@dataclass(frozen=True)
class DeploymentLog:
    """Some lines of a version's container, oldest first, from between `since` and `until`.

    `gap` is what is missing; `next` asks for the lines after these, "" if there are none.
    """

    region: str
    service: str
    version: int
    state: str
    container: str
    containers: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    read_at: datetime
    lines: tuple[LogText, ...] = ()
    gap: LogGap = LogGap.NONE
    next: str = ""


async def read_deployment_log(
    services: Services, region_and_name: RegionAndName, question: LogQuestion, *, seconds: float = PATIENCE
) -> DeploymentLog:
    """Return a page of the log, in at most six calls.

    Raises:
        Problem: `deployment.no_version`, `deployment.no_container`, `request.bad_cursor`; or why AWS didn't return it.
    """
    return await in_time(seconds, _read(services, region_and_name, question, seconds))


async def _read(
    services: Services, region_and_name: RegionAndName, question: LogQuestion, seconds: float
) -> DeploymentLog:
    region, name = region_and_name
    now = services.clock.now()
    listed = await ask(services, region, services.aws.services(region).list_deployments, name, patience=seconds)
    own = _version(listed, name, question.version)
    container = _container(own, question.container)
    # A cursor begins where its first page did, however long ago that was.
    window = window_of(listed, own.version, now, 0 if question.after else question.minutes)
    cursor: LogCursor | None = with_pattern(cursor_of(question.after, window), question.text)
    lines: list[LogText] = []
    for _ in range(MOST_PAGES):
        if cursor is None or len(lines) >= LINES:
            break
        page = await _page(services, region_and_name, container, cursor)
        add = _Adder(listed, own.version, question.text)
        cursor = await run_in_threadpool(add.page, lines, page, cursor)
    scope = PageScope(bool(question.text), bool(question.minutes), not question.after, cursor is None)
    return DeploymentLog(
        *region_and_name,
        own.version,
        own.state,
        container,
        tuple(each.name for each in own.containers),
        window.since,
        window.until,
        now,
        tuple(lines),
        gap_of(lines, window, now, scope),
        cursor.to_text() if cursor else "",
    )


@dataclass(frozen=True)
class _Adder:
    """Adds what AWS returned to what is shown."""

    listed: Sequence[Deployment]
    version: int
    text: str

    def page(self, lines: list[LogText], page: LogPage, cursor: LogCursor) -> LogCursor | None:
        """Add the lines that there is room for; return where the next page begins, None after the last one."""
        values = {value for each in self.listed for run in each.containers for value in run.environment.values()}
        shown = lines_to_show(page.lines[cursor.skip :], self.version, cursor.part, values, self.text)
        for number, line in enumerate(shown):
            if len(lines) == LINES:
                return LogCursor(cursor.part, cursor.token, cursor.skip + number)
            if line is not None:
                lines.append(line)
        return LogCursor(cursor.part, page.next) if page.next else None


async def _page(services: Services, region_and_name: RegionAndName, container: str, cursor: LogCursor) -> LogPage:
    region, name = region_and_name
    read = services.aws.pull_reads(region).container_log_page
    try:
        return (await services.calls.run(region, read, name, container, cursor.part, cursor.token)).value
    except Problem as problem:
        if problem.code == "service.not_found":  # the service was listed just now: there is no log
            return LogPage(())
        if cursor.token and problem.code == "service.refused":  # AWS has no such token
            raise Problem("request.bad_cursor") from problem
        raise


def _version(deployments: Sequence[Deployment], service: str, version: int) -> Deployment:
    own = next((each for each in deployments if version in (0, each.version)), None)
    if own is None and not version:
        raise Problem("deployment.none", service=service)
    if own is None:
        raise Problem("deployment.no_version", service=service, version=version)
    return own


def _container(deployment: Deployment, name: str) -> str:
    names = [each.name for each in deployment.containers]
    if name and name not in names:
        containers = ", ".join(names)
        raise Problem("deployment.no_container", container=name, version=deployment.version, containers=containers)
    public = deployment.public_container if deployment.public_container in names else ""
    return name or public or (names[0] if names else "")
