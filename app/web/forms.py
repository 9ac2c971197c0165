"""What a person filled in, checked before anything is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.bootstrap import Services
from app.operations.read import find_version
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


def start_access(services: Services, kind: Kind, form: AccessForm) -> str:
    """Start what the form asks for: the operation's id. Raises Problem."""
    asked: dict[str, Any] = {}
    repository, _, seen = form.previewed.partition(" ")
    if form.previewed and repository == form.repository:
        asked["previewed"] = seen
    if kind is Kind.PRUNE:
        asked["principals"] = list(form.principals)
    follows = form.follows if form.follows and find_version(services.db, form.follows) is not None else None
    return services.starter.start(Ask(kind, form.region, form.service, form.repository, form.who, asked, follows))
