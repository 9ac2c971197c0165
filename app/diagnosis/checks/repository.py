"""Does the repository exist in the service's Region and account?"""

from __future__ import annotations

from difflib import get_close_matches

from app.diagnosis.check_result import CheckResult, Found, Sentence, Status, caused, fine, not_reached
from app.diagnosis.facts import Facts, Known, NotFound, Refused, not_checked, not_private


def check_repository(facts: Facts, uri: CheckResult) -> CheckResult:
    """Return whether there is such a repository; `uri` is the outcome of the check of the image's name."""
    if outcome := not_private(facts):
        return outcome
    if facts.region_problem or isinstance(facts.service, NotFound) or not facts.uri.repository:
        return not_reached()
    if facts.repository_missing:
        is_elsewhere = uri.status is Status.CAUSE and any(
            cause.code in ("uri.other_region", "uri.other_account") for cause in uri.causes
        )
        return not_reached() if is_elsewhere else caused(_missing(facts))
    if any(isinstance(reading, Known) for reading in (facts.policy, facts.detail)) or isinstance(
        facts.detail, NotFound
    ):
        return fine("repository", repository=facts.uri.repository)
    refused = facts.policy if isinstance(facts.policy, Refused) else facts.detail
    return not_checked(refused)


def _missing(facts: Facts) -> Found:
    params = {"repository": facts.uri.repository, "region": facts.region, "account": facts.registry_id}
    if facts.elsewhere:
        regions = ", ".join(facts.elsewhere)
        evidence = (Sentence("evidence.repository_elsewhere", {"regions": regions}),)
        return Found("repository.other_region", params | {"regions": regions}, evidence)
    names = facts.repositories.value if isinstance(facts.repositories, Known) else ()
    nearest = (
        get_close_matches(facts.uri.repository, names, 3, 0.6)
        or [name for name in names if name.rpartition("/")[2] == facts.uri.repository.rpartition("/")[2]][:3]
    )
    hints: tuple[Sentence, ...] = (Sentence("evidence.nearest", {"names": ", ".join(nearest)}),) if nearest else ()
    suggested = facts.uri.uri(facts.registry_id, facts.region, nearest[0]) if nearest else ""
    return Found("repository.not_found", params | {"suggested": suggested}, hints)
