"""The world of the corpus: one service that could pull one repository, what breaks it, and what `why` says of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from app.aws.clients import ConnectionSettings
from app.aws.session import BotoAws
from app.diagnosis.diagnosis import Diagnosis, most_telling
from app.diagnosis.reader import Question
from app.diagnosis.run import diagnose_with_threads
from tests.sandbox_server import ACCOUNT, RunningSandbox

REGION, SERVICE, REPOSITORY = "us-east-1", "shop", "shop/web"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
WEB = f"{HOST}/{REPOSITORY}:1.4"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
ENDPOINT = {"containerName": "app", "containerPort": 80}


def quiet_options() -> dict[str, Any]:
    return {
        "activation_seconds": 6,
        "arn_lag_seconds": 0,
        "principal_seconds": 0,
        "deployment_seconds": 60,
        "pull_seconds": 0,
        "patience_seconds": 20,
        "restore_seconds": 900,
        "latency_ms": 0,
        "rate_limit": None,
        "setup_regions": [],
    }


def namesake(world: World) -> str:
    """The role of a service of this name in another account, whose roles Lightsail keeps in another account of its own."""
    return world.arn.replace(world.arn.split(":")[4], "170441448102")


class World:
    """A sandbox with the service `shop` and the repository `shop/web` with the tags 1.3 and 1.4; nothing granted."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.lightsail, self.ecr = sandbox.client("lightsail"), sandbox.client("ecr")
        self.calls: list[Any] = []
        self.rounds = 0
        self.aws = self.connect()

    def connect(self, **settings: Any) -> BotoAws:
        keys = {"access_key": f"AKID{ACCOUNT}", "secret_key": "sandbox", **settings}
        return BotoAws(
            ConnectionSettings(version="test", endpoint_url=self.sandbox.url, **keys), on_call=self.calls.append
        )

    def build(
        self, *, power: str = "micro", role: bool = True, megabytes: int = 90, granted: bool = True, key: str = ""
    ) -> None:
        """The service, its role, the repository (encrypted with a KMS key, if one is named), its images, and the grant."""
        self.lightsail.create_container_service(serviceName=SERVICE, power=power, scale=1)
        self.sandbox.advance(10)
        if role:
            self.switch_role(on=True)
        encryption = {"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": key}} if key else {}
        self.ecr.create_repository(repositoryName=REPOSITORY, **encryption)
        for tag in ("1.3", "1.4"):
            self.push([tag], megabytes=megabytes)
            self.sandbox.advance(10)  # the second is the newest
        if granted and role:
            self.grant()

    def switch_role(self, *, on: bool) -> None:
        access = {"ecrImagePullerRole": {"isActive": on}}
        self.lightsail.update_container_service(serviceName=SERVICE, privateRegistryAccess=access)
        self.sandbox.advance(10)

    def push(self, tags: list[str], repository: str = REPOSITORY, **image: Any) -> str:
        return str(self.sandbox.add_image(repository, tags=tags, **image)["imageDigest"])

    @property
    def arn(self) -> str:
        """The image puller role's."""
        return str(self.sandbox.service(SERVICE)["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"])

    @property
    def general_arn(self) -> str:
        return str(self.sandbox.service(SERVICE)["principalArn"])

    def allow(self, principal: Any = None, actions: Any = None, sid: str = "AllowPull", **more: Any) -> dict[str, Any]:
        """A statement that allows the pull."""
        named = {"AWS": principal or self.arn} if not isinstance(principal, dict) else principal
        return {"Sid": sid, "Effect": "Allow", "Principal": named, "Action": actions or PULL, **more}

    def deny(self, **more: Any) -> dict[str, Any]:
        return {"Sid": "Deny", "Effect": "Deny", "Principal": "*", "Action": "ecr:*", **more}

    def policy(self, *statements: dict[str, Any]) -> None:
        """Written as another writer, unchecked."""
        self.sandbox.put_policy(REPOSITORY, {"Version": "2012-10-17", "Statement": list(statements)})

    def grant(self) -> None:
        self.policy(self.allow())

    def registry(self, *statements: dict[str, Any], **settings: str) -> None:
        self.sandbox.change_registry(policy={"Version": "2012-10-17", "Statement": list(statements)})
        if settings:
            self.sandbox.change_registry(settings=settings)

    def deploy(self, image: str = WEB, *, endpoint: Any = None, wait: float = 61, **container: Any) -> None:
        """Deploy and let time pass; `endpoint` is the public endpoint's health check."""
        containers = {"app": {"image": image, "ports": {"80": "HTTP"}, **container}}
        more = {"publicEndpoint": {**ENDPOINT, "healthCheck": endpoint}} if endpoint is not None else {}
        self.lightsail.create_container_service_deployment(serviceName=SERVICE, containers=containers, **more)
        self.sandbox.advance(wait)

    def delete_tag(self, tag: str) -> None:
        self.ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": tag}])

    def archive(self, **image_id: str) -> None:
        self.ecr.update_image_storage_class(repositoryName=REPOSITORY, imageId=image_id, targetStorageClass="ARCHIVE")

    def lifecycle(self, **selection: Any) -> None:
        count = {"countType": "imageCountMoreThan", "countNumber": 1}
        rule = {"rulePriority": 1, "description": "keep one", "selection": {**selection, **count}}
        text = json.dumps({"rules": [{**rule, "action": {"type": "expire"}}]})
        self.ecr.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=text)

    def update_stack(self, **properties: Any) -> None:
        """A stack's update of the service, done before anybody looks."""
        self.sandbox.update_stack(SERVICE, properties)
        self.sandbox.advance(10)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.sandbox.control("GET", "clock")["now"], UTC) + timedelta(milliseconds=1)

    def ask(self, image: str = "", *, platform: bool = False, aws: BotoAws | None = None, **asked: Any) -> Question:
        return Question(**{"region": REGION, "service": SERVICE, "image": image, "platform": platform, **asked})

    def why(self, image: str = "", *, platform: bool = False, aws: BotoAws | None = None, **asked: Any) -> Diagnosis:
        """The most telling diagnosis; `calls` are those that it made."""
        self.calls.clear()
        return most_telling(self.every(image, platform=platform, aws=aws, **asked))

    def every(
        self, image: str = "", *, platform: bool = False, aws: BotoAws | None = None, **asked: Any
    ) -> tuple[Diagnosis, ...]:
        question = self.ask(image, platform=platform, **asked)
        self.rounds = 0
        return diagnose_with_threads(question, aws or self.aws, self.now(), on_round=self._count)

    def _count(self, wanted: Any) -> None:
        self.rounds += bool(wanted)
