"""Waits until a deployment has become active or has failed, and finds out why it failed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from app.aws.deployment_ports import DeployedVersion
from app.aws.ports import ContainerService
from app.aws.role_poller import Goal
from app.deployments.change import ContainerState
from app.diagnosis.check_result import Certainty, Found
from app.diagnosis.diagnosis import Diagnosis, most_telling
from app.diagnosis.reader import Question
from app.diagnosis.run import Pool, diagnose_in_pool
from app.errors import Problem
from app.operations.deployment_causes import detail_of
from app.operations.service_steps import seconds_left, wait_until
from app.operations.step import Stepping

# Lightsail gives up on a deployment by itself, after some minutes; terraform waits as long.
LIMIT: Final = timedelta(minutes=30)
# Seconds to the next look while AWS's answers differ on whether a deployment has ended.
PAUSE: Final = 1.0
FAILED: Final = "deployment.failed"
FIRST_FAILED: Final = "deployment.first_failed"


async def watch(step: Stepping, version: int, deadline: float) -> None:
    """Wait until the deployment is active.

    Raises:
        Problem: `deployment.failed` with its cause, `deployment.first_failed` where no version runs;
            `deployment.superseded` by a later one; `deployment.never_ended`.
    """
    step.waits_as = "deployment.usually"
    await step.note("deployment.usually")
    while True:
        service = await wait_until(step, deadline, _ended(version), LIMIT)
        if _is_active(service, version):
            return
        shown = await _version(step, version)
        if shown is not None and shown.state == "ACTIVE":
            return
        if shown is not None and shown.state == "INACTIVE":
            raise Problem("deployment.superseded", service=step.operation.service, version=version)
        if shown is not None and shown.state == "FAILED":
            raise await _failure(step, version, FAILED if _runs(service) else FIRST_FAILED)
        if not seconds_left(step, deadline, LIMIT):
            raise Problem(_ended(version).late, **step.about, version=version, minutes=30)
        await step.pause(PAUSE)


def _ended(version: int) -> Goal:
    """Return the goal that the deployment is not on its way any more."""

    def reached(service: ContainerService) -> bool:
        coming = service.next_deployment
        on_its_way = coming is not None and coming.version == version
        return _is_active(service, version) or (not on_its_way and service.is_settled)

    return Goal(reached, "deployment.never_ended")


def _runs(service: ContainerService) -> bool:
    current = service.current_deployment
    return current is not None and current.state == "ACTIVE"


def _is_active(service: ContainerService, version: int) -> bool:
    current = service.current_deployment
    return current is not None and current.version == version and current.state == "ACTIVE"


async def _version(step: Stepping, version: int) -> DeployedVersion | None:
    deployments = step.context.aws.deployments(step.operation.region)
    versions = await step.call(deployments.list_versions, step.operation.service)
    return next((each for each in versions if each.version == version), None)


async def _failure(step: Stepping, version: int, code: str) -> Problem:
    """Return the problem of a failed deployment, with its cause where one is found."""
    cause = await _cause(step, version)
    if cause is None:
        return Problem(code, cause="", **step.about, version=version)
    return Problem(code, cause=cause.code, details=(detail_of(cause),), **step.about, version=version)


async def _cause(step: Stepping, version: int) -> Found | None:
    context, operation = step.context, step.operation
    question = Question(operation.region, operation.service)
    pool = Pool(context.calls, context.in_thread)
    try:
        diagnoses = await diagnose_in_pool(question, context.aws, pool, context.clock.now())
    except Problem:  # AWS can't be asked: the failure itself is told all the same
        return None
    changed = changed_containers(operation.input)
    return root_cause([each for each in diagnoses if _is_about(each, version)], changed)


def _is_about(diagnosis: Diagnosis, version: int) -> bool:
    """Return whether it is not about another deployment: what is looked at is the newest, and others may deploy too."""
    deployment = diagnosis.facts.deployment
    return deployment is None or deployment.version == version


def changed_containers(given: Mapping[str, Any]) -> frozenset[str]:
    """Return the containers that the deployment in an operation's input changes. Pure."""
    containers = given.get("change", {}).get("containers", ())
    return frozenset(each["name"] for each in containers if each["state"] != ContainerState.KEPT)


def root_cause(diagnoses: Sequence[Diagnosis], changed: Collection[str]) -> Found | None:
    """Return the cause of a failed deployment, None where none is found. Pure.

    Of a container that stayed as it was beside one that changed, and so has run before, only what is certain counts.
    Where the same was deployed again, a tag may name another image now: then all count.
    """
    telling = [
        each
        for each in diagnoses
        if each.root is not None
        and (not changed or each.facts.container in changed or each.root.certainty is Certainty.CERTAIN)
    ]
    return most_telling(telling).root if telling else None
