"""Does the image fit the service's power?

ECR returns the compressed size. Lightsail publishes memory, not disk: an image larger than the memory is the likely
cause only if nothing shows that the container has run.
"""

from __future__ import annotations

from typing import Final

from app.diagnosis.check_result import Certainty, CheckResult, Found, Sentence, Status, caused, fine, not_reached
from app.diagnosis.facts import Facts, Known, NotFound, not_checked, not_private
from app.diagnosis.log_evidence import Reason

# MB of memory of each node (lightsail:GetContainerServicePowers).
MEMORY: Final = {"nano": 512, "micro": 1024, "small": 2048, "medium": 4096, "large": 8192, "xlarge": 16384}
_MB: Final = 1024 * 1024


def check_size(facts: Facts, image: CheckResult) -> CheckResult:
    """Return whether image and container fit the power; `image` is the outcome of the image check."""
    evidence = facts.log_evidence
    if evidence is not None and evidence.reason is Reason.OUT_OF_MEMORY and isinstance(facts.service, Known):
        params = {"service": facts.service_name, "power": facts.service.value.power, **_memory(facts)}
        line = Sentence("evidence.log_line", {"line": evidence.line})
        return caused(Found("size.out_of_memory", params, (line,)))
    if outcome := not_private(facts):
        return outcome
    if image.status is Status.NOT_REACHED or isinstance(facts.detail, NotFound):
        return not_reached()
    if not isinstance(facts.detail, Known):
        return not_checked(facts.detail)
    if not isinstance(facts.service, Known):
        return not_checked(facts.service)
    return _fits(facts, facts.detail.value.size // _MB)


def _fits(facts: Facts, megabytes: int) -> CheckResult:
    power = facts.service.value.power if isinstance(facts.service, Known) else ""
    memory = MEMORY.get(power)
    params: dict[str, str | int] = {"megabytes": megabytes, "power": power, **_memory(facts)}
    if memory is None or megabytes <= memory or (facts.has_run and not facts.pushed_since):
        return fine("size", **params)
    about = {**params, "service": facts.service_name, "image": facts.image}
    return caused(Found("size.too_large", about, (Sentence("evidence.size", params),), Certainty.LIKELY))


def _memory(facts: Facts) -> dict[str, str | int]:
    power = facts.service.value.power if isinstance(facts.service, Known) else ""
    return {"memory": MEMORY.get(power, 0)}
