"""From what clients requested and what AWS held to registers, each judged by itself. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.operations.state import Kind
from app.sandbox.policy_text import rewritten, statements, values
from campaign.check import FOREIGN_WRITER
from campaign.linearizable import CERTAIN, Change, Write, anomaly

if TYPE_CHECKING:
    from campaign.register import Request

SERVICES, REPOSITORIES = ("web", "api"), ("shop/web",)
SWITCH = "lightsail:UpdateContainerService"
Ends = Mapping[str, tuple[float, str]]


def anomalies(
    evidence: dict[str, Any], active: Collection[str], requests: Sequence[Request], ends: Ends
) -> Iterator[str]:
    """Yield what no order of the requests explains, for each service's role and each access.

    `active` are the services whose role was active at first, `ends` how each operation ended and when.
    """
    for service in SERVICES:
        role = [*_writes(requests, ends, service, {Kind.ACTIVATE: True, Kind.GRANT: True, Kind.DEACTIVATE: False})]
        at_first = service in active
        yield from _told(f"the role of {service}", at_first, _switches(evidence, service, at_first), role)
        for repository in REPOSITORIES:
            mine = [request for request in requests if request.repository in ("", repository)]
            values_of = {Kind.GRANT: True, Kind.REVOKE: False, Kind.DEACTIVATE: False}
            access = [*_writes(mine, ends, service, values_of)]
            held = _held(evidence, service, repository)
            yield from _told(f"{service} on {repository}", held[0].value, held[1:], access)


def _told(register: str, initial: bool, changes: Sequence[Change], writes: Sequence[Write]) -> Iterator[str]:
    wrong = anomaly(initial, changes, writes)
    if wrong:
        yield f"{register}: {wrong}"


def _writes(requests: Iterable[Request], ends: Ends, service: str, values_of: Mapping[Kind, bool]) -> Iterator[Write]:
    for request in requests:
        if request.service == service and request.kind in values_of and request.operation:
            ended, outcome = ends[request.operation]
            certain = outcome in CERTAIN
            yield Write(request.kind, values_of[request.kind], request.sent, request.answered, ended, certain)


def _switches(evidence: dict[str, Any], service: str, value: bool) -> list[Change]:
    """Every change of the role in AWS, by the calls that it carried out."""
    changes: list[Change] = []
    for call in evidence["calls"]:
        if call["action"] == SWITCH and call["outcome"] == "ok" and call["params"]["serviceName"] == service:
            now = call["params"]["privateRegistryAccess"]["ecrImagePullerRole"]["isActive"]
            if now != value:
                changes.append(Change(call["at"], now))
                value = now
    return changes


def _held(evidence: dict[str, Any], service: str, repository: str) -> list[Change]:
    """Whether the policy names one of the service's puller roles, from the beginning and at every change."""
    found = evidence["repositories"][repository]
    pullers = set(evidence["services"][service]["every"])
    held = [Change(float("-inf"), _names(found["first"], pullers))]
    for revision in found["revisions"]:
        now = _names(revision["document"], pullers)
        if now != held[-1].value:
            held.append(Change(revision["at"], now, foreign=revision["by"] == FOREIGN_WRITER))
    return held


def _names(document: Any, pullers: set[str]) -> bool:
    if not isinstance(document, dict):
        return False
    named = (each.get("Principal") for each in statements(rewritten(document)) if each.get("Effect") == "Allow")
    return any(pullers & set(values(each.get("AWS", []))) for each in named if isinstance(each, dict))
