"""A diagnosis as plain JSON values in English, the same for the API and the terminal. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import Found
from app.diagnosis.diagnosis import Diagnosis, most_telling
from app.diagnosis.fixes import FixText, fixes_of
from app.diagnosis.words import CHECKS, NOTHING_FOUND, READ_MANIFEST, UNDETERMINED, say
from app.wording import fill

Json = dict[str, Any]


def report(diagnoses: Sequence[Diagnosis], endpoints: Mapping[str, str] | None = None) -> Json:
    """Return the diagnosis to show, with the results of the other containers.

    Args:
        diagnoses: one for each image.
        endpoints: addresses to use instead of AWS's own, by service.
    """
    shown = most_telling(diagnoses)
    facts = shown.facts
    return {
        "service": facts.service_name,
        "region": facts.region,
        "image": facts.image,
        "container": facts.container,
        "deployment": facts.deployment.version if facts.deployment else None,
        "summary": _summary(shown),
        "undetermined": shown.undetermined,
        "causes": [_cause(cause, shown, endpoints) for cause in shown.causes],
        "checks": [
            {
                "check": str(line.check),
                "title": CHECKS[line.check],
                "status": str(line.status),
                "message": say(line.said),
                "missing_permission": line.permission,
            }
            for line in shown.lines
        ],
        "note": READ_MANIFEST if shown.read_manifest else "",
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


def _summary(diagnosis: Diagnosis) -> str:
    if diagnosis.root is not None:
        return _title(diagnosis.root)
    return UNDETERMINED if diagnosis.undetermined else NOTHING_FOUND


def _title(cause: Found) -> str:
    return fill(CAUSES[cause.code].title, cause.params)


def _cause(found_cause: Found, diagnosis: Diagnosis, endpoints: Mapping[str, str] | None) -> Json:
    cause = CAUSES[found_cause.code]
    return {
        "code": found_cause.code,
        "check": str(cause.check),
        "certainty": str(found_cause.certainty),
        "is_access": cause.is_access,
        "title": _title(found_cause),
        "explanation": fill(cause.explanation, found_cause.params),
        "evidence": [say(said) for said in found_cause.evidence],
        "fixes": [_fix(fix) for fix in fixes_of(found_cause, diagnosis.facts, endpoints, diagnosis.causes)],
    }


def _fix(fix: FixText) -> Json:
    return {
        "kind": str(fix.kind),
        "title": fix.title,
        "operation": fix.operation,
        "aws": fix.aws,
        "terraform": fix.terraform,
        "cloudformation": fix.cloudformation,
    }
