"""Checks for causes other than access: the container exited, failed its health check, lacks a command, is too slow."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from app.aws.ports import Deployment
from app.diagnosis.check_result import Certainty, CheckResult, Found, Sentence, caused, fine, not_reached
from app.diagnosis.facts import Facts, NotFound, not_checked
from app.diagnosis.log_evidence import Ending, LogEvidence, Reason

_CAUSES: Final = {
    Reason.COMMAND_NOT_FOUND: "container.command_not_found",
    Reason.MISSING_VARIABLE: "container.missing_variable",
    Reason.EXITED: "container.exited",
    Reason.HEALTH_HOST: "health.host",
    Reason.HEALTH_PATH: "health.path",
    Reason.HEALTH_STATUS: "health.status",
    Reason.PORT: "health.port",
    Reason.LOCALHOST: "health.localhost",
    Reason.QUIET: "container.took_too_long",
}
# Reported by the checks of platform and size.
_ELSEWHERE: Final = frozenset({Reason.EXEC_FORMAT, Reason.OUT_OF_MEMORY})
# Many programs print `localhost` and listen on every address, or log only one of their ports; others than the health
# check ask for a host that is refused.
_GUESSED: Final = frozenset(
    {Reason.QUIET, Reason.EXITED, Reason.MISSING_VARIABLE, Reason.PORT, Reason.LOCALHOST, Reason.HEALTH_HOST}
)


def check_container(facts: Facts, *, explained: bool, pulls_now: bool = False) -> CheckResult:
    """Return how the newest deployment of the image fared.

    `explained`: an earlier check has found a cause. `pulls_now`: the pull was refused, and all that can be read allows
    it.
    """
    deployment = facts.deployment
    is_there = not facts.region_problem and not isinstance(facts.service, NotFound)
    if is_there and facts.unlisted is not None and (deployment is None or facts.was_active):
        return not_checked(facts.unlisted)  # a newer one may have failed
    if deployment is None:
        return not_reached("no_deployment" if is_there else "earlier")
    version = {"version": deployment.version}
    if deployment.state in ("ACTIVE", "INACTIVE"):
        return fine("container", **version)
    if deployment.state != "FAILED":
        return caused(Found("deployment.in_progress", version, yields=True))
    if facts.log_evidence is None:
        return not_checked(facts.log)
    return _of_failed(facts, deployment, facts.log_evidence, explained=explained, pulls_now=pulls_now)


def _of_failed(
    facts: Facts, deployment: Deployment, evidence: LogEvidence, *, explained: bool, pulls_now: bool
) -> CheckResult:
    if evidence.started:
        return _started(facts, deployment, evidence)
    if explained:
        return not_reached("not_started")
    return _unstarted(facts, deployment, evidence, pulls_now=pulls_now)


def _started(facts: Facts, deployment: Deployment, evidence: LogEvidence) -> CheckResult:
    """Return the outcome of a failed deployment whose container has written lines."""
    params = _params(facts, deployment, evidence)
    if evidence.reason in _ELSEWHERE:
        return not_reached("ended_earlier")
    line = Sentence("evidence.log_line", {"line": evidence.line})
    certainty = Certainty.LIKELY if evidence.reason in _GUESSED else Certainty.CERTAIN
    if evidence.reason is Reason.QUIET and facts.port_variable:
        return caused(
            Found("health.port", params, (Sentence("evidence.port_variable", params), line), Certainty.LIKELY)
        )
    failure = (Sentence("evidence.log_line", {"line": evidence.failure}),) if evidence.failure else ()
    return caused(Found(_CAUSES[evidence.reason], params, (line, *failure), certainty))


def _params(facts: Facts, deployment: Deployment, evidence: LogEvidence) -> dict[str, str | int]:
    return {
        "version": deployment.version,
        "container": facts.container,
        "port": deployment.public_port or 0,
        "path": deployment.health_check_path or "/",
        "codes": deployment.health_check_codes or "200-499",
        "detail": evidence.detail,
        "line": evidence.line,
    }


def _unstarted(facts: Facts, deployment: Deployment, evidence: LogEvidence, *, pulls_now: bool) -> CheckResult:
    """Return the outcome of a failed deployment without a container's log line and without another finding."""
    params = _params(facts, deployment, evidence)
    if evidence.ending is Ending.TOOK_TOO_LONG:
        code = "health.port" if facts.port_variable else "container.took_too_long"
        said = "evidence.port_variable" if facts.port_variable else "evidence.took_too_long"
        return caused(Found(code, params, (Sentence(said, params),), Certainty.LIKELY))
    if evidence.ending is Ending.CANCELED and (facts.mended_at is not None or pulls_now):
        return caused(Found("deployment.outdated", params, _of_outdated(facts, params), Certainty.LIKELY))
    if evidence.ending is Ending.CANCELED:
        return not_reached("not_started")
    return caused(Found("deployment.unexplained", params, (Sentence("evidence.no_lines", params),), Certainty.LIKELY))


def _of_outdated(facts: Facts, params: dict[str, str | int]) -> tuple[Sentence, ...]:
    if facts.mended_at is None:
        allowed = Sentence("fine.policy", {"repository": facts.uri.repository})
        return Sentence("evidence.canceled", params), allowed
    when = f"{facts.mended_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return (Sentence("evidence.mended", {"mended": when}),)
