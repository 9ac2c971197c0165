"""Responses that several routes give: to what started an operation, and a text to download."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from app.bootstrap import Services
from app.console.as_code import CodeText
from app.http.htmx import is_htmx
from app.messages import labels
from app.operations.read import find_progress
from app.web import links
from app.web.render import redirect, render
from app.web.views.operation import progress_dialog, progress_view


def started(request: Request, services: Services, operation_id: str) -> Response:
    """Return the operation's progress in the dialog for htmx, else a 303 to its page."""
    if not is_htmx(request):
        return redirect(request, links.operation(operation_id))
    progress = find_progress(services.db, operation_id)
    assert progress is not None  # noqa: S101  (it was recorded before it was started)
    return render(request, progress_dialog(progress_view(services, progress, services.clock.now())))


def download(code: CodeText) -> Response:
    """Return a text as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{code.file_name}"'}
    return Response(labels.code_text(code), media_type="text/plain; charset=utf-8", headers=headers)
