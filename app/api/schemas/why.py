"""The question about an image, and the diagnosis."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from app.api.strict import RequestBody
from app.diagnosis.check_result import Certainty, Check, Status
from app.diagnosis.image_uri import LONGEST


class WhyRequest(RequestBody):
    """Which image to diagnose: empty for those of the newest deployment."""

    image: Annotated[
        str, Field(max_length=LONGEST, examples=["123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1"])
    ] = ""
    container: Annotated[str, Field(max_length=64, description="Only this container of the deployment.")] = ""
    platform: Annotated[
        bool, Field(description="Also read the image's manifest, which ECR records as a pull of the image.")
    ] = False


class Fix(BaseModel):
    """What fixes a cause; texts are ready to copy, empty if that form can't express the fix."""

    kind: str
    title: str
    operation: str = Field(description="What Sailpass does itself: `grant`, `activate`, or empty.")
    aws: str
    terraform: str
    cloudformation: str


class Cause(BaseModel):
    """One cause. Key on `code`, which is from the published list (docs/why.md)."""

    code: str = Field(examples=["policy.missing"])
    check: Check
    certainty: Certainty
    is_access: bool = Field(description="Whether the pull was, or would be, refused for want of access.")
    title: str
    explanation: str
    evidence: list[str]
    fixes: list[Fix]


class CheckLine(BaseModel):
    """One check, in the order in which AWS would fail."""

    check: Check
    title: str
    status: Status
    message: str
    missing_permission: str = Field(description="The IAM action that kept it from being checked; else empty.")


class OtherContainer(BaseModel):
    """Another container of the deployment, and its cause if it has one."""

    container: str
    image: str
    cause: str | None


class Why(BaseModel):
    """Why the service can't pull the image, or why the image doesn't run. The root cause comes first."""

    service: str
    region: str
    image: str
    container: str
    deployment: int | None = Field(description="The newest deployment that runs this image.")
    summary: str
    undetermined: bool = Field(description="No cause was found, but not everything could be checked.")
    causes: list[Cause]
    checks: list[CheckLine]
    note: str = Field(description="Says so where the image's manifest was read; else empty.")
    other_containers: list[OtherContainer]
