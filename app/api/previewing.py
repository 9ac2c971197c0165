"""Plans an operation on the policy as AWS holds it now, for whoever wants to see it first. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.schemas.previews import Preview
from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.previews import plan
from app.operations.preview import Planned
from app.operations.state import Kind
from app.policy.diff import diff_texts
from app.threads import run_in_threadpool
from app.web.show.preview import by_hand


async def preview_of(
    services: Services, kind: Kind, place: tuple[str, str, str], asked: Mapping[str, Any] | None = None
) -> Preview:
    """What `kind` would do now; `place` is region, service and repository. Raises Problem."""
    planned, service = await plan(services, kind, place, asked)
    return await run_in_threadpool(_preview, services, planned, service, place, kind)


def _preview(
    services: Services, planned: Planned, service: ContainerService, place: tuple[str, str, str], kind: Kind
) -> Preview:
    change = planned.change
    return Preview.of(
        planned,
        place,
        kind=kind,
        diff=diff_texts(change.before, change.after) if change.needed else None,
        commands=by_hand(services, planned, service, place[2]),
    )
