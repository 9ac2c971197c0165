"""Does the service exist, and is it in a state in which it can pull?"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from app.aws.ports import ContainerService
from app.diagnosis.check_result import CheckResult, Found, Sentence, caused, fine
from app.diagnosis.facts import Facts, Known, NotFound, not_checked

_BUSY: Final = frozenset({"PENDING", "UPDATING", "DEPLOYING"})
_STUCK: Final = frozenset({"CERTIFICATE_LIMIT_EXCEEDED", "UNKNOWN_ERROR"})


def check_service(facts: Facts) -> CheckResult:
    """Return whether the service exists here, is enabled, and takes changes."""
    if facts.region_problem:
        return caused(Found("region.unavailable", {"region": facts.region}))
    if isinstance(facts.service, NotFound):
        return caused(_missing(facts))
    if not isinstance(facts.service, Known):
        return not_checked(facts.service)
    service = facts.service.value
    cause = _state(service, is_deploying=facts.deployment is not None and facts.deployment.state == "ACTIVATING")
    return caused(cause) if cause else fine("service", state=service.state)


def _missing(facts: Facts) -> Found:
    params = {"service": facts.service_name, "region": facts.region}
    evidence = []
    if facts.elsewhere:
        evidence.append(Sentence("evidence.service_elsewhere", {"regions": ", ".join(facts.elsewhere)}))
    nearest = get_close_matches(facts.service_name.lower(), facts.service_names, 3, 0.5)
    if nearest:
        evidence.append(Sentence("evidence.nearest", {"names": ", ".join(nearest)}))
    return Found("service.not_found", params, tuple(evidence))


def _state(service: ContainerService, *, is_deploying: bool) -> Found | None:
    """Return what keeps the service from pulling; deploying this very image is reported with its deployment."""
    params = {"service": service.name, "state": service.state}
    state = (Sentence("evidence.state", {"state": service.state}),)
    if service.is_disabled or service.state == "DISABLED":
        return Found("service.disabled", params, state)
    if service.state == "DELETING":
        return Found("service.deleting", params, state)
    if service.state_code in _STUCK:
        detail = {"code": service.state_code, "message": service.state_message}
        return Found("service.stuck", params | detail, (Sentence("evidence.state_code", detail),))
    if service.state in _BUSY and not (is_deploying and service.state == "DEPLOYING"):
        return Found("service.busy", params, state, yields=True)
    return None
