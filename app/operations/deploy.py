"""Deploy an image of a repository to a container service: check, grant access and roll back if asked, deploy, watch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.aws.deployment_ports import DeployedVersion
from app.db import Database
from app.deployments.plan import PlannedDeployment, plan_deployment
from app.deployments.request import DeployRequest, request_of
from app.errors import Problem
from app.history.queries import get_operation
from app.operations import engine
from app.operations.deployment_check import check
from app.operations.deployment_send import DEPLOYED, NOTED, ROLLED_BACK, Sent, send
from app.operations.deployment_watch import FAILED, FIRST_FAILED, LIMIT, watch
from app.operations.parts import stop_parts, wait_for_parts
from app.operations.state import Kind, Outcome, StepName, StepState
from app.operations.step import Result, Stepping, run_step
from app.operations.workflow import done, operation

__all__ = ["NOTED", "deploy"]


@operation(Kind.DEPLOY, before_end=stop_parts)
async def deploy(operation_id: str) -> Outcome:
    """Workflow of a deployment, by the operation's id. Input: `DeployRequest.to_json`, and `previewed`."""
    checked = done(await check_deployment(operation_id))
    if checked["grants"]:
        done(await grant_access(operation_id))
    sent = done(await send_deployment(operation_id, checked["image"]))
    watched = await watch_deployment(operation_id, sent["version"], sent["deadline"])
    if checked["rolls_back"] and watched.get("problem", {}).get("code") in (FAILED, FIRST_FAILED):
        # Whatever becomes of it, the operation failed, and says why.
        await roll_back(operation_id, sent["active_before"], sent["version"])
    done(watched)
    return Outcome.SUCCEEDED


@engine.step("check_deployment")
async def check_deployment(operation_id: str) -> Result:
    """Check service and image. Returns `image`; and what was asked for: `grants`, `rolls_back`."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        state, checked = await check(step)
        request = request_of(step.operation.input)
        return state, {**checked, "grants": request.grant, "rolls_back": request.rollback}

    return await run_step(operation_id, StepName.CHECK_DEPLOYMENT, body)


@engine.step("grant_access", waits=True)
async def grant_access(operation_id: str) -> Result:
    """Give the service access to the repository, by an operation of its own, and wait for its end."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        context, operation = step.context, step.operation
        about: dict[str, Any] = {"service": operation.service, "repository": operation.repository}
        await step.note("deployment.granting", **about)
        part = await context.blocking(context.start_part, operation, Kind.GRANT, operation.repository, {})
        await wait_for_parts(step, [part])
        outcome, problem = await context.in_db(_outcome, part)
        if problem is not None:
            raise problem
        if outcome is Outcome.NOTHING_TO_DO:
            step.because("deployment.had_access", **about)
            return StepState.SKIPPED, {}
        if outcome is not Outcome.SUCCEEDED:
            raise Problem("deployment.grant_stopped", operation=part, **about)
        step.because("deployment.granted", **about)
        return StepState.SUCCEEDED, {}

    return await run_step(operation_id, StepName.GRANT_ACCESS, body)


def _outcome(db: Database, operation_id: str) -> tuple[Outcome, Problem | None]:
    operation = get_operation(db, operation_id)
    assert operation is not None  # noqa: S101  (a live operation keeps its parts)
    assert operation.outcome is not None  # noqa: S101  (it was waited for)
    problem = Problem.from_json(operation.problem) if operation.problem else None
    return Outcome(operation.outcome), problem


@engine.step("deploy")
async def send_deployment(operation_id: str, image: str) -> Result:
    """Deploy. Returns its `version`, the version that was `active_before`, and the watch's `deadline`."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        request, service = request_of(step.operation.input), step.operation.service

        def plan(versions: Sequence[DeployedVersion], base: int) -> PlannedDeployment:
            return plan_deployment(service, versions, request, image, base)

        sent = await send(step, plan, DEPLOYED, step.operation.input.get("previewed", ""))
        _remark(step, sent)
        deadline = step.context.deadlines.after(LIMIT.total_seconds())
        return StepState.SUCCEEDED, {
            "version": sent.version,
            "active_before": sent.active_before,
            "deadline": deadline,
        }

    return await run_step(operation_id, StepName.DEPLOY, body, resumes=True)


@engine.step("watch_deployment", waits=True)
async def watch_deployment(operation_id: str, version: int, deadline: float) -> Result:
    """Wait until the deployment is active. Its failure, with the cause, is the step's problem."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        await watch(step, version, deadline)
        step.because("deployment.active", version=version)
        if step.operation.input.get("rollback"):
            step.skip(StepName.ROLL_BACK)
        return StepState.SUCCEEDED, {}

    return await run_step(operation_id, StepName.WATCH_DEPLOYMENT, body)


@engine.step("roll_back")
async def roll_back(operation_id: str, version: int, failed: int) -> Result:
    """Deploy the version again that was active before `failed`, and wait until it is; unless another followed that."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        if not version:
            step.because("rollback.nothing")
            return StepState.SKIPPED, {}
        service = step.operation.service

        def plan(versions: Sequence[DeployedVersion], _: int) -> PlannedDeployment:
            return plan_deployment(service, versions, DeployRequest(version=version), "")

        await step.note("rollback.deploying", version=version)
        sent = await send(step, plan, ROLLED_BACK, follows=failed)
        await watch(step, sent.version, step.context.deadlines.after(LIMIT.total_seconds()))
        step.because("rollback.done", version=version, as_version=sent.version)
        return StepState.SUCCEEDED, {}

    return await run_step(operation_id, StepName.ROLL_BACK, body, resumes=True)


def _remark(step: Stepping, sent: Sent) -> None:
    if sent.other:
        step.because("deployment.other_meanwhile", version=sent.version, other=sent.other)
    else:
        step.because("deployment.found" if sent.is_found else "deployment.created", version=sent.version)
