"""What changed since a page was made: the one poll of every open page; and reading AWS now, when a person asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import JSONResponse, Response

from app.console.changes import ChangeWatch
from app.console.timeouts import PATIENCE
from app.http.deps import PersonDep, ServicesDep
from app.messages import labels
from app.operations.progress import Progress
from app.operations.state import NOT_DONE
from app.web import links
from app.web.render import redirect, safe_next
from app.web.routers import page_router

router = page_router()

# A server that stops answers all that wait, so that none is cut off.
LONGEST_WAIT = 10.0
# Clocks of replicas differ: an ending may be recorded a little before one that was told already. Pages tell each once.
OVERLAP = timedelta(seconds=5)
MOST = 5  # endings that are told at once


@router.get(links.CHANGES)
async def changes(
    request: Request,
    who: PersonDep,
    seen: Annotated[str, Query(max_length=400)] = "",
    since: Annotated[float, Query(ge=0, le=1e11, description="Seconds since 1970.")] = 0,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 0,
) -> Response:
    """Answer once there is another version than `seen`, or after `wait` seconds, with what the reader's operations became."""
    watch: ChangeWatch = request.app.state.changes
    versions = await watch.after(seen, wait)
    ended = _ended(versions.ended, who, since) if versions.text != seen else []
    answer = {
        "version": versions.text,
        "running": versions.running,
        "findings": versions.findings,
        "since": max([since, *(progress.ended_at.timestamp() for progress in ended if progress.ended_at)]),
        "ended": [_told(progress) for progress in reversed(ended)],
    }
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


@router.post(links.REFRESH)
async def refresh(
    request: Request,
    services: ServicesDep,
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002  (the form field's name)
) -> Response:
    """Ask AWS for everything now, for a moment, and go back to where the reader was."""
    await services.scanner.refresh(services.regions, PATIENCE)
    return redirect(request, safe_next(next))


def _ended(recent: Iterable[Progress], person: str, since: float) -> list[Progress]:
    """The person's operations that ended after `since`: failures first, then the newest; the history has them all."""
    start = since - OVERLAP.total_seconds()
    theirs = [
        each for each in recent if each.asked_by == person and each.ended_at and each.ended_at.timestamp() > start
    ]
    return sorted(theirs, key=lambda progress: progress.outcome not in NOT_DONE)[:MOST]


def _told(progress: Progress) -> dict[str, object]:
    failed = progress.outcome in NOT_DONE
    text = labels.what(progress.problem) if progress.problem else labels.ending(progress)
    return {
        "id": progress.id,
        "failed": failed,
        "title": f"{labels.kind(progress.kind)}: {progress.repository or progress.service}",
        "text": text,
        "url": links.operation(progress.id),
    }
