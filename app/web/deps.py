"""Dependencies of page routes: valid regions and services, a repository, how long a request may wait for AWS."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.exc import DBAPIError

from app.auth.rules import is_for_programs, is_open
from app.console.missing_services import check_seen
from app.console.regions import check_region
from app.console.repositories import resolve_repository
from app.console.timeouts import PATIENCE
from app.errors import Problem
from app.http.deps import LONGEST_SERVICE, SERVICE_NAME, services
from app.http.htmx import is_htmx
from app.http.security import READING

# A part that a page loads after it is shown delays no reader; shorter than the browser's own timeout.
LONG_PATIENCE = 10.0


def patience(request: Request) -> float:
    """Return how long a request may wait for AWS: short for opening a page, longer for a part that it loads later."""
    return LONG_PATIENCE if is_htmx(request) else PATIENCE


async def known_place(request: Request) -> None:
    """Check that the path names a configured region, and a service that can have a page.

    Raises:
        Problem: `region.not_configured`; `service.not_found` for what Lightsail would never accept as a name, and where
            something is to be shown as `check_seen`.
    """
    region, service = (str(request.path_params.get(name, "")) for name in ("region", "service"))
    if region:
        check_region(await services(request), region)
    if service and (len(service) > LONGEST_SERVICE or not re.fullmatch(SERVICE_NAME, service)):
        raise Problem("service.not_found", service=service[:LONGEST_SERVICE], region=region)
    if service and request.method in READING:
        await check_seen(await services(request), region, service, seconds=patience(request))


async def retry_problems(request: Request) -> None:
    """Read again what could not be read, for a person who opens or reloads a page; not for a part that polls."""
    if is_htmx(request):
        return
    wired, region = await services(request), str(request.path_params.get("region", ""))
    await wired.scanner.retry([region] if region else wired.regions, PATIENCE)


async def repository_name(request: Request, repository: str) -> str:
    """Return the repository in the path. Raises Problem as `resolve_repository`."""
    return await resolve_repository(await services(request), request.path_params["region"], repository)


async def note_version(request: Request) -> None:
    """Note the version of what pages show before a page is made, so that no change between the two is missed.

    A page may answer a form, too. One that says that the database is away doesn't wait for it.
    """
    request.state.version = ""
    is_page = request.method in {"GET", "POST"} and not is_htmx(request) and not is_open(request.url.path)
    if not is_page or is_for_programs(request.url.path) or (await services(request)).db.outage.is_on:
        return
    with suppress(DBAPIError):
        request.state.version = (await request.app.state.changes.present()).text


NoteVersion = Depends(note_version)
KnownPlace = Depends(known_place)
RetryProblems = Depends(retry_problems)
RepositoryDep = Annotated[str, Depends(repository_name)]
