"""Does the image have a name that Lightsail accepts: this account, this Region, ECR's own host, a possible name?"""

from __future__ import annotations

from dataclasses import replace

from app.diagnosis.check_result import Certainty, CheckResult, Found, Sentence, caused, fine, not_reached
from app.diagnosis.facts import Facts, Known, NotFound
from app.diagnosis.image_uri import ImageUri, RegistryHost
from app.diagnosis.nearest_tags import nearest_tags, told

_PLACES = {
    RegistryHost.ECR_PUBLIC: "Amazon ECR Public",
    RegistryHost.DOCKER_HUB: "Docker Hub",
}


def check_uri(facts: Facts) -> CheckResult:
    """Return whether the image's name is right, with all that is wrong with it."""
    uri = facts.uri
    if uri.registry is RegistryHost.NONE and not uri.faults:
        return _nothing_deployed(facts)
    # What was deployed and became active is a name that Lightsail takes.
    causes = [] if facts.was_active else [_with_suggestion(fault, facts) for fault in uri.faults]
    if uri.is_private:
        causes += filter(None, (_region(facts), _account(facts)))
    elif cause := _not_private(facts):
        causes.append(cause)
    if causes:
        return caused(*causes)
    if uri.registry is RegistryHost.STORED:
        return fine("uri_stored")
    return _private(facts) if uri.is_private else fine("uri_public", registry=_place(facts))


def suggestion(facts: Facts) -> str:
    """Return the image URI that was probably meant and exists, as far as is known; "" if there is none."""
    exists = isinstance(facts.policy, Known) or isinstance(facts.detail, Known)
    if not facts.uri.is_private and not exists:
        return facts.uri.plain
    account = facts.account or facts.uri.account
    uri = _existing(facts)
    return uri.uri(account, facts.region) if account and uri and uri.repository else ""


def _existing(facts: Facts) -> ImageUri | None:
    """Return the image that was meant, with the nearest tag for one that isn't there; None if none is known to exist."""
    uri = facts.uri
    if facts.is_foreign or not (uri.lacks_tag or isinstance(facts.detail, NotFound)):
        return uri if uri.tag or uri.digest or uri.names_image else None
    tags = _nearest(facts)
    return replace(uri, tag=tags[0]) if tags and not uri.digest else None


def _nearest(facts: Facts) -> list[str]:
    typed = next((str(fault.params["tag"]) for fault in facts.uri.faults if fault.code == "uri.tag"), facts.tag)
    return nearest_tags(typed, facts.images.value) if isinstance(facts.images, Known) else []


def _private(facts: Facts) -> CheckResult:
    if facts.region_problem or isinstance(facts.service, NotFound):
        return not_reached()
    if facts.uri.account == facts.account:
        return fine("uri")
    return fine("uri_account", account=facts.uri.account)


def _nothing_deployed(facts: Facts) -> CheckResult:
    if isinstance(facts.deployments, Known) and not facts.deployments.value and isinstance(facts.service, Known):
        return caused(Found("service.no_deployment", {"service": facts.service_name}))
    return not_reached("no_image")


def _with_suggestion(fault: Found, facts: Facts) -> Found:
    params = {**fault.params, "suggested": suggestion(facts)}
    names = _nearest(facts) if fault.code == "uri.tag" else []
    return replace(fault, params=params, evidence=(*(fault.evidence or _shown(facts)), *told(names)))


def _shown(facts: Facts) -> tuple[Sentence, ...]:
    return (Sentence("evidence.image", {"image": facts.image}),)


def _region(facts: Facts) -> Found | None:
    region = facts.uri.region
    if not region or region == facts.region or facts.region_problem or isinstance(facts.service, NotFound):
        return None
    params = {"other": region, "region": facts.region, "repository": facts.uri.repository}
    exists = isinstance(facts.policy, Known) or isinstance(facts.detail, Known)
    evidence = _shown(facts)
    if exists:
        evidence += (
            Sentence("evidence.repository_here", {"repository": facts.uri.repository, "region": facts.region}),
        )
    return Found("uri.other_region", {**params, "suggested": suggestion(facts) if exists else ""}, evidence)


def _account(facts: Facts) -> Found | None:
    """Return another account's repository as a cause, unless the policy there allows the pull, or it has worked."""
    other, own = facts.uri.account, facts.account
    if not other or not own or other == own or isinstance(facts.policy, Known) or facts.was_active:
        return None
    params = {"other": other, "account": own, "repository": facts.uri.repository}
    certainty = Certainty.CERTAIN if facts.repository_missing else Certainty.LIKELY
    return Found("uri.other_account", {**params, "suggested": suggestion(facts)}, _shown(facts), certainty)


def _not_private(facts: Facts) -> Found | None:
    """Return a public image as a cause, if a private repository of that name exists or the deployment failed."""
    if facts.uri.registry in (RegistryHost.STORED, RegistryHost.NONE) or facts.was_active:
        return None
    exists = isinstance(facts.policy, Known) or isinstance(facts.detail, Known)
    if not exists and facts.deployment is not None and not facts.was_canceled:
        return None
    params = {"registry": _place(facts), "image": facts.image}
    evidence = _shown(facts)
    if exists:
        evidence += (
            Sentence("evidence.repository_here", {"repository": facts.uri.repository, "region": facts.region}),
        )
    suggested = suggestion(facts) if exists else ""
    return Found("uri.not_private", {**params, "suggested": suggested}, evidence, Certainty.LIKELY)


def _place(facts: Facts) -> str:
    return _PLACES.get(facts.uri.registry, facts.uri.host)
