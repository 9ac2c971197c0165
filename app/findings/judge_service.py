"""What is wrong or suspicious about a container service itself, whichever repositories it pulls from. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.findings.finding import AccessFinding
from app.findings.images import of_images
from app.findings.judge import ordered
from app.inventory.deployed_images import ImageState, ImageUse
from app.policy.finding import Severity

STACK_TAG: Final = "aws:cloudformation:stack-name"


@dataclass(frozen=True)
class ServiceSubject:
    """A container service.

    `stack` is the CloudFormation stack in its tags, "" for none. `activated_at`: when Sailpass activated the image puller
    role that it has now, None where it didn't. `images`: those that it deploys.
    """

    region: str
    name: str
    role_active: bool
    stack: str = ""
    activated_at: datetime | None = None
    images: tuple[ImageUse, ...] = ()


def judge_service(subject: ServiceSubject) -> tuple[AccessFinding, ...]:
    """Return the findings, the worst first.

    Those about an image in a repository that exists belong to the repository (`judge.judge`).
    """
    missing = [image for image in subject.images if image.state is ImageState.NO_REPOSITORY]
    return ordered([*_of_stack(subject), *of_images(subject.region, missing)])


def _of_stack(subject: ServiceSubject) -> Iterator[AccessFinding]:
    """A stack's update deactivates the role unless the template has it active, which a service's tags can't tell.

    A role that was activated outside the stack makes it likely that the template lacks it (AWS's published handler of
    `AWS::Lightsail::Container`, Translator.java).
    """
    if not subject.stack or not subject.role_active:
        return
    likely = subject.activated_at is not None
    yield AccessFinding(
        subject.region,
        "",
        "finding.stack_deactivates" if likely else "finding.stack_may_deactivate",
        Severity.WARNING,
        service=subject.name,
        params={"service": subject.name, "stack": subject.stack},
        since=subject.activated_at,
    )
