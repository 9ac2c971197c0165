"""A diagnosis as plain JSON values, the same for the API and the terminal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.diagnosis.causes import CAUSES
from app.diagnosis.diagnosis import Diagnosis, most_telling
from app.diagnosis.fixes import FixText, fixes_of
from app.diagnosis.outcome import Found, Said
from app.diagnosis.words import CHECKS, NOTHING_FOUND, READ_MANIFEST, UNDETERMINED, template
from app.wording import fill

Json = dict[str, Any]
Translate = Callable[[str], str]


def same(text: str) -> str:
    """Return the text as it is: English."""
    return text


def report(
    diagnoses: Sequence[Diagnosis], endpoints: Mapping[str, str] | None = None, translate: Translate = same
) -> Json:
    """Return the most telling diagnosis, with what the other containers came to.

    Args:
        diagnoses: one for each image.
        endpoints: addresses that stand in for AWS's own, by service.
        translate: from a template in English to the reader's language.
    """
    shown = most_telling(diagnoses)
    facts = shown.facts
    return {
        "service": facts.service_name,
        "region": facts.region,
        "image": facts.image,
        "container": facts.container,
        "deployment": facts.deployment.version if facts.deployment else None,
        "summary": _summary(shown, translate),
        "undetermined": shown.undetermined,
        "causes": [_cause(cause, shown, endpoints, translate) for cause in shown.causes],
        "checks": [
            {
                "check": str(line.check),
                "title": translate(CHECKS[line.check]),
                "status": str(line.status),
                "message": _said(line.said, translate),
                "missing_permission": line.permission,
            }
            for line in shown.lines
        ],
        "note": translate(READ_MANIFEST) if shown.read_manifest else "",
        "other_containers": [
            {
                "container": each.facts.container,
                "image": each.facts.image,
                "cause": each.root.code if each.root else None,
            }
            for each in diagnoses
            if each is not shown
        ],
    }


def title_of(found: Found, translate: Translate = same) -> str:
    """Return the title of a cause."""
    return fill(translate(CAUSES[found.code].title), found.params)


def _summary(diagnosis: Diagnosis, translate: Translate) -> str:
    if diagnosis.root is not None:
        return title_of(diagnosis.root, translate)
    return translate(UNDETERMINED if diagnosis.undetermined else NOTHING_FOUND)


def _cause(found: Found, diagnosis: Diagnosis, endpoints: Mapping[str, str] | None, translate: Translate) -> Json:
    cause = CAUSES[found.code]
    return {
        "code": found.code,
        "check": str(cause.check),
        "certainty": str(found.certainty),
        "is_access": cause.is_access,
        "title": title_of(found, translate),
        "explanation": fill(translate(cause.explanation), found.params),
        "evidence": [_said(said, translate) for said in found.evidence],
        "fixes": [_fix(fix, translate) for fix in fixes_of(found, diagnosis.facts, endpoints)],
    }


def _fix(fix: FixText, translate: Translate) -> Json:
    return {
        "kind": str(fix.kind),
        "title": translate(fix.title),
        "operation": fix.operation,
        "aws": fix.aws,
        "terraform": fix.terraform,
        "cloudformation": fix.cloudformation,
    }


def _said(said: Said, translate: Translate) -> str:
    return fill(translate(template(said)), said.params)
