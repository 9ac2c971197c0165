"""Fills the page of a diagnosis, and finds the image that a repository's row is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.bootstrap import Services
from app.diagnosis import words
from app.diagnosis.causes import CAUSES
from app.diagnosis.diagnosis import Diagnosis, Line, most_telling
from app.diagnosis.facts import NotRead
from app.diagnosis.fixes import FixText, fixes_of
from app.diagnosis.image_uri import parse_image
from app.diagnosis.outcome import Certainty, Found
from app.diagnosis.outcome import Said as DiagnosisSaid
from app.inventory import queries
from app.web.pages import Said
from app.web.pages_why import CauseView, CheckView, FixView, OtherView, WhyPage
from app.web.show.next_steps import next_steps
from app.web.threads import run_in_threadpool

FORMS = (("AWS CLI", "aws"), ("Terraform", "terraform"), ("CloudFormation", "cloudformation"))


def why_page(diagnoses: Sequence[Diagnosis], endpoints: Mapping[str, str]) -> WhyPage:
    """The most telling diagnosis, and what the other containers came to."""
    shown = most_telling(diagnoses)
    facts = shown.facts
    return WhyPage(
        region=facts.region,
        service=facts.service_name,
        image=facts.image,
        container=facts.container,
        repository=facts.uri.repository if facts.uri.is_private else "",
        summary=None if shown.causes else Said(words.UNDETERMINED if shown.undetermined else words.NOTHING_FOUND),
        is_undetermined=shown.undetermined,
        causes=tuple(_cause(cause, shown, endpoints) for cause in shown.causes),
        checks=tuple(map(_check, shown.lines)),
        others=tuple(_other(each) for each in diagnoses if each is not shown),
        note=Said(words.READ_MANIFEST) if shown.read_manifest else None,
        can_read_platform=facts.uri.is_private and isinstance(facts.manifest, NotRead) and bool(facts.image),
    )


async def image_of_repository(services: Services, region: str, service: str, repository: str) -> str:
    """The image of a repository that the service runs or last failed to run, else the newest tag, else the URI alone."""
    known = await run_in_threadpool(queries.find_service, services.db, services.connection, region, service)
    deployments = (known.service.next_deployment, known.service.current_deployment) if known else ()
    for deployment in deployments:
        for container in deployment.containers if deployment else ():
            image = parse_image(container.image)
            if image.is_private and image.repository == repository:
                return container.image
    steps = await next_steps(services, region, repository)
    if steps is None:
        return ""
    return f"{steps.uri}:{steps.tags[0]}" if steps.tags else steps.uri


def _cause(found: Found, diagnosis: Diagnosis, endpoints: Mapping[str, str]) -> CauseView:
    cause = CAUSES[found.code]
    return CauseView(
        code=found.code,
        title=Said(cause.title, found.params),
        explanation=Said(cause.explanation, found.params),
        is_likely=found.certainty is Certainty.LIKELY,
        evidence=tuple(map(_said, found.evidence)),
        fixes=tuple(map(_fix, fixes_of(found, diagnosis.facts, endpoints))),
    )


def _fix(fix: FixText) -> FixView:
    texts = {"aws": fix.aws, "terraform": fix.terraform, "cloudformation": fix.cloudformation}
    return FixView(Said(fix.title), tuple((title, texts[form]) for title, form in FORMS if texts[form]), fix.operation)


def _check(line: Line) -> CheckView:
    status_text = Said(words.STATUSES[line.status])
    return CheckView(Said(words.CHECKS[line.check]), str(line.status), status_text, _said(line.said))


def _other(diagnosis: Diagnosis) -> OtherView:
    root = diagnosis.root
    cause = Said(CAUSES[root.code].title, root.params) if root else None
    return OtherView(diagnosis.facts.container, diagnosis.facts.image, cause)


def _said(said: DiagnosisSaid) -> Said:
    return Said(words.template(said), said.params)
