"""The first step of a deployment: the service takes one, the image exists, and nothing known would make the pull fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

from app.aws.ports import Answered, ContainerService
from app.aws.pull_ports import ImageDetail
from app.deployments.change import spec_of
from app.deployments.images import image_uri
from app.deployments.plan import choose_container, plan_deployment
from app.deployments.request import DeployRequest, request_of
from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import Certainty, Check, Found
from app.diagnosis.diagnosis import diagnose
from app.diagnosis.facts import DENIED, Facts, Known, Reading, reading_of
from app.diagnosis.image_uri import parse_image
from app.diagnosis.manifests import is_artifact
from app.errors import Problem
from app.inventory import queries
from app.operations.deployment_causes import detail_of
from app.operations.service_steps import read_service
from app.operations.state import StepState
from app.operations.step import Result, Stepping

T = TypeVar("T")

JUST_READ: Final = timedelta(seconds=5)
# Causes that pass by themselves, or that the deployment itself waits for.
_NOT_IN_THE_WAY = frozenset({"service.busy", "service.pending"})


async def check(step: Stepping) -> tuple[StepState, Result]:
    """Check what a deployment needs.

    Returns:
        `image`: the URI that is deployed, "" where a version is deployed again.

    Raises:
        Problem: `deployment.service_disabled`; `deployment.no_version`; as `choose_container`; `image.missing`,
            `image.archived`, `image.not_runnable`; `deployment.would_fail` with the cause, where access is known to be
            missing and is not to be given. Each also for the image of a container that stays as it is.
    """
    request = request_of(step.operation.input)
    service = await _service(step)
    if service.is_disabled or service.state == "DISABLED":
        raise Problem("deployment.service_disabled", service=service.name)
    if request.version:
        if await _check_version(step, service, request):
            step.because("deployment.again", version=request.version)
        return StepState.SUCCEEDED, {"image": ""}
    detail = await _image(step, service, step.operation.repository, request)
    digest = detail.value.digest if isinstance(detail, Known) else ""
    reference = f"@{digest}" if request.pin and digest else request.reference()
    image = image_uri(service.account, service.region, step.operation.repository, reference)
    if not request.grant:
        await _check_access(step, service, image, detail)
    await _check_images(step, service, _kept_images(service, request, image), request)
    step.learn(image_uri=image, principal_arn=service.role.principal_arn)
    if isinstance(detail, Known):
        step.because("deployment.checked", image=image)
    return StepState.SUCCEEDED, {"image": image}


async def _service(step: Stepping) -> ContainerService:
    """Return the service; AWS isn't asked where it was read a moment ago, as by the command that asks for the deployment."""
    context, operation = step.context, step.operation
    now = context.clock.now()
    known_service = await context.in_db(queries.find_service, operation.service_key, now)
    if known_service is not None and timedelta() <= now - known_service.seen_at < JUST_READ:
        return known_service.service
    return await read_service(step)


async def _check_version(step: Stepping, service: ContainerService, request: DeployRequest) -> bool:
    """Check each image of the version that is in this registry; since it ran, one may be deleted. False: not all read."""
    versions = await step.call(step.context.aws.deployments(service.region).list_versions, service.name)
    planned = await step.context.in_thread(plan_deployment, service.name, versions, request, "")
    images = [str(each.get("image", "")) for each in planned.after.containers.values()]
    return await _check_images(step, service, images, request)


def _kept_images(service: ContainerService, request: DeployRequest, image: str) -> list[str]:
    """Return the images of the containers that stay as they are: they are pulled again. Raises Problem as a plan does."""
    current = service.current_deployment
    if current is None:
        return []
    changed = choose_container(spec_of(current), request, image)
    return [each.image for each in current.containers if each.name != changed and each.image != image]


async def _check_images(
    step: Stepping, service: ContainerService, images: Iterable[str], request: DeployRequest
) -> bool:
    """Check images of this registry, as the one that is deployed. Returns False where one may not be read."""
    is_read = True
    for image in dict.fromkeys(images):
        uri = parse_image(image)
        if uri.names_image and (uri.account, uri.region) == (service.account, service.region):
            detail = await _image(step, service, uri.repository, DeployRequest(uri.tag, uri.digest))
            is_read = is_read and isinstance(detail, Known)
            # Where access is given first, this repository's policy and the role's ARN aren't yet what counts.
            is_mended = uri.repository == step.operation.repository or not service.role.ready
            if not (request.grant and is_mended):
                await _check_access(step, service, image, detail)
    return is_read


async def _image(
    step: Stepping, service: ContainerService, repository: str, request: DeployRequest
) -> Reading[ImageDetail]:
    """Return the image, so that a typing error shows before it is deployed. Who may not read it may deploy all the same."""
    reads = step.context.aws.pull_reads(service.region)
    shown, tag = f"{repository}{request.reference()}", "" if request.digest else request.tag or "latest"
    try:
        detail = await step.call(reads.image, service.account, repository, tag=tag, digest=request.digest)
    except Problem as problem:
        if problem.code == "image.not_found":
            raise Problem("image.missing", image=shown, repository=repository) from problem
        if problem.code != DENIED or request.pin:
            raise
        step.because("deployment.unchecked", permission=str(problem.params.get("action", "ecr:DescribeImages")))
        return reading_of(problem)
    if detail.is_archived:
        raise Problem("image.archived", image=shown, repository=repository)
    if is_artifact(detail):
        raise Problem("image.not_runnable", image=shown, repository=repository)
    return Known(detail)


async def _check_access(step: Stepping, service: ContainerService, image: str, detail: Reading[ImageDetail]) -> None:
    """Raise Problem `deployment.would_fail` where the role or the repository's policy is certain to refuse the pull."""
    context, repository = step.context, parse_image(image).repository
    reads = context.aws.pull_reads(service.region)
    policy = await _reading(step, partial(reads.repository_policy, service.account, repository))
    facts = Facts(
        service.region, service.name, image, context.clock.now(), service=Known(service), policy=policy, detail=detail
    )
    cause = await context.in_thread(in_the_way, facts)
    if cause is not None and CAUSES[cause.code].check is Check.POLICY:
        facts = await _with_registry(step, facts)
        cause = await context.in_thread(in_the_way, facts)
    if cause is not None:
        raise would_fail(cause, service.name)


async def _with_registry(step: Stepping, facts: Facts) -> Facts:
    """Return the facts with the registry policy, which may allow what the repository's policy does not."""
    registry = step.context.aws.registry(facts.region)
    policy, scope = await _reading(step, registry.get_policy), await _reading(step, registry.get_policy_scope)
    return replace(facts, registry_policy=policy, registry_scope=scope)


async def _reading(step: Stepping, read: Callable[[], Answered[T]]) -> Reading[T]:
    """Return what a call returned, or that it isn't allowed. Raises Problem for anything else."""
    try:
        return Known(await step.call(read))
    except Problem as problem:
        if problem.code != DENIED:
            raise
        return reading_of(problem)


def in_the_way(facts: Facts) -> Found | None:
    """Return the first cause that is certain to make a deployment fail, None where there is none. Pure."""
    return next(
        (
            cause
            for cause in diagnose(facts).causes
            if cause.certainty is Certainty.CERTAIN and not cause.yields and cause.code not in _NOT_IN_THE_WAY
        ),
        None,
    )


def would_fail(cause: Found, service: str) -> Problem:
    """Return the problem of a deployment that is not begun, with its cause. Pure."""
    return Problem("deployment.would_fail", service=service, cause=cause.code, details=(detail_of(cause),))
