"""Which images are known to run on Lightsail without reading their manifests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.aws.ports import Container, ContainerService, Deployment
from app.deployments.images import DeployableImage, digests_that_run
from tests.build import a_service

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
PINNED = f"sha256:{'b' * 64}"


def image(digest: str, tag: str, days: int) -> DeployableImage:
    return DeployableImage(digest, (tag,), NOW - timedelta(days=days), 1, is_index=False, is_archived=False)


def service(*images: str, state: str = "ACTIVE") -> ContainerService:
    containers = tuple(Container(f"c{number}", each, {}) for number, each in enumerate(images))
    running = Deployment(3, state, NOW - timedelta(days=2), containers)
    return a_service(region="us-east-1", account="123456789012", current_deployment=running)


def test_what_runs_is_known_by_tag_or_digest():
    images = [image("sha256:a", "1.0", 5), image(PINNED, "2.0", 1), image("sha256:c", "1.1", 1)]
    running = service(f"{HOST}/team/app:1.0", f"{HOST}/team/app@{PINNED}", f"{HOST}/team/app:1.1")
    # 1.1 was pushed again since
    assert digests_that_run(images, "team/app", running) == {"sha256:a", PINNED}
    assert digests_that_run(images, "team/other", running) == frozenset()
    assert digests_that_run(images, "team/app", service(f"{HOST}/team/app:1.0", state="ACTIVATING")) == frozenset()


@pytest.mark.parametrize(
    "registry",
    ["", "docker.io/", HOST.replace("us-east-1", "eu-west-1") + "/", HOST.replace("1234", "9876") + "/"],
)
def test_an_image_of_the_same_name_in_another_registry_is_not_what_runs(registry):
    images = [image("sha256:a", "1.0", 5)]
    assert digests_that_run(images, "team/app", service(f"{registry}team/app:1.0")) == frozenset()
