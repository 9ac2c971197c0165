"""Builders of plausible values for tests; every field may be omitted."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from app.aws.ports import Container, ContainerService, Deployment, Repository, Role
from app.aws.pull_ports import ImageDetail

ACCOUNT = "111122223333"
LIGHTSAIL_ACCOUNT = "447812345678"
REGION = "us-east-1"
SERVICE = "storefront"
REPOSITORY = "storefront/web"
LONG_AGO = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def general_arn(service: str = SERVICE, region: str = REGION) -> str:
    """The service's own principal: never the one that pulls from ECR."""
    return f"arn:aws:iam::{LIGHTSAIL_ACCOUNT}:role/amazon/lightsail/{region}/containers/{service}/4q8m0a7"


def puller_arn(service: str = SERVICE, region: str = REGION, *, birth: int = 1) -> str:
    """The principal of the service's image puller role; each activation bears a new one."""
    path = f"amazon/lightsail/{region}/containers/{service}/private-repo-access"
    return f"arn:aws:iam::{LIGHTSAIL_ACCOUNT}:role/{path}/{birth}k3v9t2"


def a_service(
    name: str = SERVICE, *, region: str = REGION, account: str = ACCOUNT, state: str = "RUNNING", **fields: Any
) -> ContainerService:
    """A running service whose image puller role was never activated."""
    whole: dict[str, Any] = {
        "arn": f"arn:aws:lightsail:{region}:{account}:ContainerService/{name}-2f6c7e0a",
        "role": Role(),
        "power": "nano",
        "url": f"https://{name}.k2x5.{region}.cs.amazonlightsail.com/",
        "private_domain": f"{name}.service.local",
        "general_principal_arn": general_arn(name, region),
        "created_at": LONG_AGO,
        **fields,
    }
    return ContainerService(region=region, name=name, account=account, state=state, **whole)


def an_active_role(service: str = SERVICE, region: str = REGION) -> Role:
    """A role that is ready."""
    return Role(is_active=True, principal_arn=puller_arn(service, region))


def a_repository(name: str = REPOSITORY, *, region: str = REGION, account: str = ACCOUNT) -> Repository:
    """A private repository."""
    uri = f"{account}.dkr.ecr.{region}.amazonaws.com/{name}"
    arn = f"arn:aws:ecr:{region}:{account}:repository/{name}"
    return Repository(region=region, name=name, registry_id=account, uri=uri, arn=arn, created_at=LONG_AGO)


def a_deployment(version: int = 1, *, state: str = "ACTIVE", image: str = "nginx:1.27", **fields: Any) -> Deployment:
    """A deployment of one container that listens on port 80."""
    whole: dict[str, Any] = {
        "created_at": LONG_AGO,
        "containers": (Container("web", image, ports={"80": "HTTP"}),),
        "public_container": "web",
        "public_port": 80,
        "health_check_path": "/",
        **fields,
    }
    return Deployment(version=version, state=state, **whole)


def an_image(*tags: str, digest: str = "sha256:" + "0" * 64, pushed_at: datetime | None = LONG_AGO) -> ImageDetail:
    """An image with these tags."""
    media_type = "application/vnd.docker.distribution.manifest.v2+json"
    return ImageDetail(
        digest=digest, tags=tags, pushed_at=pushed_at, size=48_000_000, media_type=media_type, status="ACTIVE"
    )


def a_statement(
    *,
    sid: str | None = "BuildTeamPull",
    effect: str = "Allow",
    principal: Any = None,
    action: Any = PULL,
    **more: Any,
) -> dict[str, Any]:
    """A statement of another team; `sid=None` leaves the Sid out, `more` adds elements such as `Condition`."""
    whose = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/build"} if principal is None else principal
    actions = list(action) if isinstance(action, tuple) else action
    named = {} if sid is None else {"Sid": sid}
    return {**named, "Effect": effect, "Principal": whose, "Action": actions, **more}


def a_policy(statements: Iterable[dict[str, Any]] | None = None, *, version: str = "2008-10-17") -> str:
    """A policy's text, by default with one statement of another team."""
    chosen = [a_statement()] if statements is None else list(statements)
    return json.dumps({"Version": version, "Statement": chosen})
