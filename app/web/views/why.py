"""Why a service can't pull an image, or why the image doesn't run: the root cause, its fixes, every check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from app.diagnosis import words
from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import Certainty, Found, Sentence
from app.diagnosis.diagnosis import CheckLine, Diagnosis, most_telling
from app.diagnosis.facts import NotRead
from app.diagnosis.fixes import FixText, fixes_of
from app.errors import Problem
from app.web.views.base import View
from app.wording import Message

FORMS = (("AWS CLI", "aws"), ("Terraform", "terraform"), ("CloudFormation", "cloudformation"))


@dataclass(frozen=True)
class FixView:
    """A fix to copy, in each form that can express it, and the operation that its button starts ("" for none)."""

    title: Message
    forms: tuple[tuple[str, str], ...]
    operation: str = ""


@dataclass(frozen=True)
class CauseView:
    """A cause. `is_likely`: it fits best, and isn't proven."""

    code: str
    title: Message
    explanation: Message
    is_likely: bool
    evidence: tuple[Message, ...]
    fixes: tuple[FixView, ...]


@dataclass(frozen=True)
class CheckView:
    """One check and its result."""

    title: Message
    status: str
    status_text: Message
    message: Message


@dataclass(frozen=True)
class OtherView:
    """Another container of the same deployment, and its cause if it has one."""

    container: str
    image: str
    cause: Message | None


@dataclass(frozen=True)
class WhyPage(View):
    """GET /containers/{region}/{service}/why?image=… or ?repository=…; POST with `image` reads the manifest as well.

    `summary` is shown if there is no cause. `repository` is the one that the image is in, for its buttons.
    """

    page: ClassVar[str] = "pages/why.html"

    region: str
    service: str
    image: str = ""
    container: str = ""
    repository: str = ""
    summary: Message | None = None
    is_undetermined: bool = False
    causes: tuple[CauseView, ...] = ()
    checks: tuple[CheckView, ...] = ()
    others: tuple[OtherView, ...] = ()
    note: Message | None = None
    can_read_platform: bool = False
    problem: Problem | None = None


def why_page(diagnoses: Sequence[Diagnosis], endpoints: Mapping[str, str]) -> WhyPage:
    """Return the diagnosis to show, with the results of the other containers."""
    shown = most_telling(diagnoses)
    facts = shown.facts
    return WhyPage(
        region=facts.region,
        service=facts.service_name,
        image=facts.image,
        container=facts.container,
        repository=facts.uri.repository if facts.uri.is_private else "",
        summary=None if shown.causes else Message(words.UNDETERMINED if shown.undetermined else words.NOTHING_FOUND),
        is_undetermined=shown.undetermined,
        causes=tuple(_cause(cause, shown, endpoints) for cause in shown.causes),
        checks=tuple(map(_check, shown.lines)),
        others=tuple(_other(each) for each in diagnoses if each is not shown),
        note=Message(words.READ_MANIFEST) if shown.read_manifest else None,
        can_read_platform=facts.uri.is_private and bool(facts.image) and _is_platform_unread(shown),
    )


def _is_platform_unread(diagnosis: Diagnosis) -> bool:
    """Return whether no manifest was read, or only that of a single image, whose platform is in its config."""
    has_no_config = any(line.said.code == "not_checked.no_config" for line in diagnosis.lines)
    return has_no_config or isinstance(diagnosis.facts.manifest, NotRead)


def _cause(found_cause: Found, diagnosis: Diagnosis, endpoints: Mapping[str, str]) -> CauseView:
    cause = CAUSES[found_cause.code]
    return CauseView(
        code=found_cause.code,
        title=Message(cause.title, found_cause.params),
        explanation=Message(cause.explanation, found_cause.params),
        is_likely=found_cause.certainty is Certainty.LIKELY,
        evidence=tuple(map(_said, found_cause.evidence)),
        fixes=tuple(map(_fix, fixes_of(found_cause, diagnosis.facts, endpoints, diagnosis.causes))),
    )


def _fix(fix: FixText) -> FixView:
    texts = {"aws": fix.aws, "terraform": fix.terraform, "cloudformation": fix.cloudformation}
    return FixView(
        Message(fix.title), tuple((title, texts[form]) for title, form in FORMS if texts[form]), fix.operation
    )


def _check(line: CheckLine) -> CheckView:
    status_text = Message(words.STATUSES[line.status])
    return CheckView(Message(words.CHECKS[line.check]), str(line.status), status_text, _said(line.said))


def _other(diagnosis: Diagnosis) -> OtherView:
    root = diagnosis.root
    cause = Message(CAUSES[root.code].title, root.params) if root else None
    return OtherView(diagnosis.facts.container, diagnosis.facts.image, cause)


def _said(said: Sentence) -> Message:
    return Message(words.template(said), said.params)
