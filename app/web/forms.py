"""What a person filled in, checked before anything is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.bootstrap import Services
from app.errors import Problem
from app.history.queries import find_version
from app.operations.start import Ask
from app.operations.state import Kind


@dataclass(frozen=True)
class AccessForm:
    """A service, a repository, who asks, and the fingerprint that a preview left in the form.

    `principals` are those to prune; `follows` is the id of the operation that failed because of them.
    """

    region: str
    service: str
    repository: str
    who: str
    previewed: str = ""
    principals: tuple[str, ...] = ()
    follows: str = ""


def check_preview(form: AccessForm) -> str | None:
    """Return the fingerprint of the preview that the form was sent with, None where there was none.

    Raises:
        Problem: `preview.other_repository` where it showed another repository than the one that was submitted.
    """
    if not form.previewed:
        return None
    repository, _, seen = form.previewed.rpartition(" ")
    if repository != form.repository:
        raise Problem("preview.other_repository", previewed=repository, repository=form.repository)
    return seen


def start_access(services: Services, kind: Kind, form: AccessForm) -> str:
    """Start what the form asks for: the operation's id. Raises Problem."""
    seen = check_preview(form)
    request: dict[str, Any] = {} if seen is None else {"previewed": seen}
    if kind is Kind.PRUNE:
        request["principals"] = list(form.principals)
    follows = form.follows if form.follows and find_version(services.db, form.follows) is not None else None
    return services.starter.start(Ask(kind, form.region, form.service, form.repository, form.who, request, follows))
