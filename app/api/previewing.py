"""Plans an operation on the policy as AWS holds it now, for whoever wants to see it first. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.schemas.previews import Preview
from app.bootstrap import Services
from app.operations.preview import plan_operation
from app.operations.start import check_name
from app.operations.state import Kind
from app.policy.diff import diff_texts
from app.web.asking import ask
from app.web.show.dialogs import dead
from app.web.show.preview import by_hand


async def preview_of(
    services: Services, kind: Kind, place: tuple[str, str, str], asked: Mapping[str, Any] | None = None
) -> Preview:
    """What `kind` would do now; `place` is region, service and repository. Raises Problem."""
    region, name, repository = place
    check_name(repository)
    service = await ask(services, region, services.aws.services(region).get_service, name)
    text = await ask(services, region, services.aws.repositories(region).get_policy, repository)
    wanted = asked or ({"principals": dead(text)} if kind is Kind.PRUNE else {})
    planned = plan_operation(kind, service, repository, text, wanted)
    change = planned.change
    return Preview.of(
        planned,
        place,
        kind=kind,
        diff=diff_texts(change.before, change.after) if change.needed else None,
        commands=by_hand(planned, service, repository),
    )
