"""Form data, checked before an operation is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.bootstrap import Services
from app.console.previews import is_unread, plan
from app.errors import Problem
from app.history.queries import find_version
from app.operations import fingerprint
from app.operations.start import Ask
from app.operations.state import Kind
from app.web.views.preview import EarlierPreview, earlier_preview


@dataclass(frozen=True)
class AccessForm:
    """A service, a repository, the person, and the fingerprint that a preview left in the form.

    `principals` are those to prune, `shown` those whose removal was previewed; `follows` is the id of the operation that
    failed because of them. `texts` are the policy before and after in the preview, "" for none. `warned` is what the Add
    dialog warned of, as in `GrantCheckView`.
    """

    region: str
    service: str
    repository: str
    who: str
    previewed: str = ""
    principals: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    follows: str = ""
    texts: tuple[str, str] = ("", "")
    warned: str = ""


# The preview that a form was sent with is not of what would be done.
OUTDATED = frozenset({"preview.other_repository", "preview.outdated"})


def check_preview(form: AccessForm) -> str | None:
    """Return the fingerprint of the preview that the form was sent with, or None.

    Raises:
        Problem: `preview.other_repository` if it showed another repository than the submitted one.
    """
    if not form.previewed:
        return None
    repository, _, seen = form.previewed.rpartition(" ")
    if repository != form.repository:
        raise Problem("preview.other_repository", previewed=repository, repository=form.repository)
    return seen


async def check_outdated(services: Services, form: AccessForm) -> None:
    """Check that an Add would still do what its preview showed.

    Raises:
        Problem: `preview.outdated` if it would do something else, or isn't possible any more; or as `check_preview`.
    """
    seen = check_preview(form)
    if seen is None:
        return
    outdated = Problem("preview.outdated", repository=form.repository)
    try:
        planned, service = await plan(services, Kind.GRANT, (form.region, form.service, form.repository))
    except Problem as problem:
        # Unknown is not outdated: the operation compares again, before it writes the policy.
        if is_unread(problem):
            return
        raise outdated from problem
    placeholder = fingerprint.PLACEHOLDER.format(region=form.region, service=form.service)
    principal = service.role.principal_arn
    if not fingerprint.matches(seen, planned.change, principal=principal, placeholder=placeholder):
        raise outdated


def earlier_of(form: AccessForm) -> EarlierPreview:
    """Return the preview that the form was sent with."""
    repository, _, seen = form.previewed.rpartition(" ")
    return earlier_preview(repository, seen, form.texts)


def start_access(services: Services, kind: Kind, form: AccessForm) -> str:
    """Start what the form requests and return the operation's id. Raises Problem."""
    seen = check_preview(form)
    request: dict[str, Any] = {} if seen is None else {"previewed": seen}
    if kind is Kind.PRUNE:
        request["principals"] = list(form.principals)
    follows = form.follows if form.follows and find_version(services.db, form.follows) is not None else None
    return services.starter.start(Ask(kind, form.region, form.service, form.repository, form.who, request, follows))
