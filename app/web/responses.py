"""The response to a request that started an operation: its progress in the dialog, or its page for a plain form."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from app.bootstrap import Services
from app.http.htmx import is_htmx
from app.operations.read import find_progress
from app.web import links
from app.web.render import redirect, render
from app.web.views.operation import progress_dialog, progress_view


def started(request: Request, services: Services, operation_id: str) -> Response:
    """Return the dialog for htmx, else a 303 to the operation's page."""
    if not is_htmx(request):
        return redirect(request, links.operation(operation_id))
    progress = find_progress(services.db, operation_id)
    assert progress is not None  # noqa: S101  (it was recorded before it was started)
    return render(request, progress_dialog(progress_view(services, progress, services.clock.now())))
