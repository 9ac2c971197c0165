"""The Deploy dialog: its steps, what it may show before anything is deployed, and a deployment that failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.aws.deployment_ports import DeploymentSpec
from app.console.deployment_log import DeploymentLog, LogQuestion
from app.console.image_platform import ImagePlatform
from app.deployments.change import compare, spec_of
from app.deployments.images import DeployableImage
from app.deployments.log import LogGap, LogText
from app.deployments.request import DeployRequest
from app.diagnosis.platforms import Fit, PlatformFit
from app.errors import Problem
from app.web import links
from app.web.views.base import View
from app.web.views.deploy import DeployDialog, DeployForm, DeployPreview, ObstacleView
from app.web.views.deployment_log import DeploymentLogPage
from app.web.views.image_platform import PlatformView, platform_view
from app.wording import Message
from tests.web.example_parts import NOW, Parts

REGION = "us-east-1"


def deploy_examples(parts: Parts) -> dict[str, View]:
    """Dialogs by name."""
    heading = Message("Deploy an image to %(service)s", {"service": parts.service_name})
    current = parts.deployment()
    form = DeployForm(parts.repository, DeployRequest(container="app"))
    dialog = DeployDialog(
        heading,
        REGION,
        parts.service_name,
        links.deployments(REGION, parts.service_name),
        form,
        images=_images(parts),
        containers=current.containers,
        current=current.version,
        public_container="app",
    )
    first = replace(dialog, containers=(), current=0, public_container="", images=())
    preview = _preview(parts)
    return {
        "deploy": replace(dialog, preview=preview),
        "deploy-refused": replace(dialog, problem=parts.problem(), images_problem=parts.denied(), images=()),
        "deploy-first": replace(first, preview=replace(preview, change=_first(parts))),
        "deploy-repository": replace(dialog, form=DeployForm(), repositories=(parts.repository, "payments/api")),
        "deploy-nothing": replace(dialog, form=DeployForm()),
        "deploy-version": replace(dialog, form=DeployForm("", DeployRequest(version=2)), preview=preview),
        "deploy-preview": preview,
        "deploy-would-fail": replace(preview, obstacles=_obstacles(parts), is_checked=False),
        **_logs(parts),
        **_platforms(dialog, parts),
        "deploy-preview-refused": replace(preview, problem=Problem("deployment.choose_container", containers="app, b")),
    }


def _images(parts: Parts) -> tuple[DeployableImage, ...]:
    digests = (f"sha256:{number:064x}" for number in range(1, 5))
    images = (
        (("1.8.2", "latest"), 48_000_000, False, False),
        (tuple(f"1.8.{number}" for number in range(9)), 0, True, False),
        ((parts.person[:50],), 1_900_000_000, False, False),
        (("1.7.0",), 400, False, True),
    )
    return tuple(
        DeployableImage(digest, tags, NOW - timedelta(days=day), size, index, archived)
        for day, (digest, (tags, size, index, archived)) in enumerate(zip(digests, images, strict=True))
    )


def _preview(parts: Parts) -> DeployPreview:
    before = spec_of(parts.deployment())
    app = {**before.containers["app"], "image": f"{parts.uri()}:1.8.3", "environment": {parts.person: "", "MODE": ""}}
    added = {"image": "nginx:1.27", "ports": {"8080": "HTTP"}, "command": ["serve"]}
    endpoint = {"containerName": "app", "containerPort": 8080, "healthCheck": {"path": "/up"}}
    after = DeploymentSpec({"app": app, "new": added}, endpoint)
    return DeployPreview(
        REGION,
        parts.service_name,
        image=f"{parts.uri()}:1.8.3",
        change=compare(3, before, after),
        calls=("lightsail:GetContainerServices  web", "lightsail:CreateContainerServiceDeployment  web"),
        needs_access=True,
        grants=True,
        seen="0123 4567",
    )


def _first(parts: Parts):
    spec = DeploymentSpec({"app": {"image": f"{parts.uri()}:1", "ports": {"80": "HTTP"}}})
    return compare(0, None, spec)


def _obstacles(parts: Parts) -> tuple[ObstacleView, ...]:
    title = "The repository %(repository)s has no repository policy"
    return (
        ObstacleView(Message(title, {"repository": parts.repository}), True, True, f"{parts.uri()}:1.8.3"),
        ObstacleView(
            Message("The container %(container)s started and ended", {"container": parts.person}), False, False, "x"
        ),
    )


def _platforms(dialog: DeployDialog, parts: Parts) -> dict[str, View]:
    """What a manifest said, and where it couldn't be read."""
    fits = {
        fit: platform_view(ImagePlatform(parts.repository, "1.8.2", "sha256:1", PlatformFit(fit, ("linux/arm64",))))
        for fit in Fit
    }
    refused = PlatformView(problem=parts.denied())
    return {
        **{f"platform-{fit}": view for fit, view in fits.items()},
        "platform-refused": refused,
        "deploy-platform": replace(dialog, platform=fits[Fit.OTHER], running=frozenset({dialog.images[0].digest})),
    }


def _logs(parts: Parts) -> dict[str, View]:
    """The log of a version: with lines, without, and where AWS refuses it."""
    lines = (
        LogText(NOW - timedelta(minutes=9), "[deployment:3] Creating your deployment", by_lightsail=True),
        LogText(NOW - timedelta(minutes=8), f"starting {parts.person} " + "x" * 300, is_cut=True),
        LogText(None, f'"GET /{parts.repository} HTTP/1.1" 404'),
    )
    names = ("app", parts.service_name[:50])
    since = NOW - timedelta(days=4)
    log = DeploymentLog(REGION, parts.service_name, 3, "ACTIVE", "app", names, since, None, NOW, lines)
    page = DeploymentLogPage(REGION, parts.service_name, LogQuestion(3, text=parts.person[:50], minutes=10), log)
    more = replace(log, gap=LogGap.PARTLY_EXPIRED, next="200.0.0.abc+/=")
    return {
        "log": page,
        "log-more": replace(page, log=more, question=LogQuestion(3, after="100.0.0.x")),
        "log-none": replace(page, log=replace(log, lines=(), gap=LogGap.NO_LINES, containers=("app",))),
        "log-refused": replace(page, log=None, problem=parts.denied()),
    }
