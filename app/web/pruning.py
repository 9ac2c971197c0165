"""The dialog that prunes a policy: what a route shows for what is selected, and starts once just that was shown."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from app.bootstrap import Services
from app.console import previews
from app.keys import AccessTarget
from app.operations.state import Kind
from app.threads import run_in_threadpool
from app.web.deps import patience
from app.web.forms import AccessForm, start_access
from app.web.render import render
from app.web.responses import started
from app.web.views import dialogs
from app.web.views.preview import preview_view
from app.wording import N_, Message

OTHER_SELECTION = N_("Your selection changed after the preview. Nothing was started. This is what would be done now.")


async def show_prune(
    request: Request,
    services: Services,
    target: AccessTarget,
    principals: list[str],
    follows: str,
    *,
    notice: Message | None = None,
) -> Response:
    """Return the dialog with the policy without `principals`; with none, without those that are certainly dead.

    `notice`: why it is shown again (status 422).
    """
    chosen = {"principals": principals} if principals else None
    planning = previews.preview(services, Kind.PRUNE, target, chosen, seconds=patience(request))
    preview = await preview_view(planning, target[2])
    dialog = await run_in_threadpool(dialogs.prune, services, target, preview, follows, notice)
    return await run_in_threadpool(render, request, dialog, status=422 if notice else 200)


async def start_prune(request: Request, services: Services, form: AccessForm) -> Response:
    """Start pruning what was previewed. Show another selection first, as a browser without scripts may send one."""
    if form.shown and set(form.shown) != set(form.principals):
        target = (form.region, form.service, form.repository)
        return await show_prune(
            request, services, target, list(form.principals), form.follows, notice=Message(OTHER_SELECTION)
        )
    return await run_in_threadpool(lambda: started(request, services, start_access(services, Kind.PRUNE, form)))
