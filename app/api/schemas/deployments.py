"""Images, deployments and what asks for one. Of environment variables there are names, and never a value."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from app.api.schemas.answer import Answer
from app.api.schemas.previews import AwsCall
from app.api.schemas.texts import FINGERPRINT, TEXT
from app.api.strict import RequestBody
from app.aws.ports import Deployment
from app.console import deployments
from app.console.deployments import DeploymentPreview
from app.console.image_platform import ImagePlatform
from app.console.services import Deployments
from app.deployments import change
from app.deployments.request import DeployRequest
from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import Certainty
from app.diagnosis.platforms import Fit
from app.errors import Problem
from app.wording import fill

LONGEST_IMAGE = 1_000


class DeploymentPreviewRequest(RequestBody):
    """The deployment to look at before it is asked for: an image, or a version to deploy again."""

    image: Annotated[
        str,
        Field(
            max_length=LONGEST_IMAGE,
            pattern=TEXT,
            examples=["storefront/web:5.3.0"],
            description="The repository by name, URI or ARN, with a tag or digest; without either, `latest`.",
        ),
    ] = ""
    version: Annotated[
        int, Field(ge=0, le=10**9, description="Deploy this version again, as it was; without an image.")
    ] = 0
    container: Annotated[
        str, Field(max_length=100, description="Empty: the one of the same repository, or the only one.")
    ] = ""
    port: Annotated[int, Field(ge=0, le=65_535, description="That a new container listens on.")] = 0
    protocol: Literal["HTTP", "HTTPS", "TCP", "UDP"] = "HTTP"
    public: Annotated[bool, Field(description="The container becomes the public endpoint.")] = False
    health_check_path: Annotated[str, Field(max_length=1_000)] = ""
    pin: Annotated[bool, Field(description="Deploy the digest that the tag names now.")] = False
    grant: Annotated[bool, Field(description="Give access to the repository first, where there is none.")] = False
    rollback: Annotated[bool, Field(description="When it fails, deploy the version that was active again.")] = False

    def request(self, tag: str, digest: str) -> DeployRequest:
        """Return what the product takes. Raises Problem `deployment.image_or_version`."""
        if bool(self.image) == bool(self.version):
            raise Problem("deployment.image_or_version")
        given = self.model_dump(exclude={"image", "previewed"})
        return DeployRequest(tag=tag, digest=digest, **given)


class DeploymentRequest(DeploymentPreviewRequest):
    """The deployment that is asked for."""

    previewed: Annotated[
        str,
        Field(
            max_length=64,
            pattern=f"{FINGERPRINT}|^$",
            description="That of a preview: what is deployed is what was shown, or the operation ends with "
            "`deployment.changed_meanwhile`.",
        ),
    ] = ""


class Image(Answer):
    """One image that can be deployed."""

    digest: str
    tags: list[str]
    pushed_at: datetime | None
    size: int = Field(description="Bytes, compressed; of an index, those of its largest image.")
    is_index: bool = Field(description="It holds images of several platforms.")
    is_archived: bool = Field(description="It must be restored before it can be pulled.")


class Images(Answer):
    """A repository's tagged images, newest first, without signatures, SBOMs and attestations."""

    repository: str
    images: list[Image]
    is_whole: bool = Field(description="False: there are more than were read.")


class PlatformRequest(RequestBody):
    """The image whose platform is to be read."""

    image: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_IMAGE,
            pattern=TEXT,
            examples=["storefront/web:5.3.0"],
            description="The repository by name, URI or ARN, with a tag or digest; without either, `latest`.",
        ),
    ]


class Platform(Answer):
    """The platforms of an image. Lightsail runs linux/amd64 only."""

    repository: str
    digest: str
    fit: Fit = Field(description="`runs`, or why Lightsail can't run it; `unknown`: the manifest doesn't tell.")
    platforms: list[str]

    @classmethod
    def of(cls, read: ImagePlatform, /, **others: Any) -> Self:
        return super().of(read, fit=read.fit.fit, platforms=read.fit.platforms, **others)


class ContainerChange(Answer):
    """One container, before and after."""

    name: str
    state: change.ContainerState
    image_before: str
    image_after: str
    ports_before: list[str]
    ports_after: list[str]
    command_changed: bool
    variables: list[str] = Field(description="Names of environment variables; values are never read out.")
    variables_added: list[str]
    variables_removed: list[str]
    variables_changed: list[str]


class Endpoint(Answer):
    """A public endpoint."""

    container: str
    port: int
    health_check_path: str = Field(validation_alias="path")


class Change(Answer):
    """What a deployment changes in the version before."""

    base: int = Field(description="The version that it is compared with; 0: none.")
    needed: bool = Field(validation_alias="is_needed", description="False: it runs the same again.")
    containers: list[ContainerChange]
    endpoint_before: Endpoint | None
    endpoint_after: Endpoint | None


class Obstacle(Answer):
    """Why a deployment would fail. Key on `code`, which is from the published list (docs/why.md)."""

    code: str
    title: str
    certainty: Certainty
    image: str = Field(description="The image that wouldn't run: the one that is deployed, or one that is kept.")
    granted: bool = Field(description="Giving access first puts it right.")

    @classmethod
    def of(cls, obstacle: deployments.Obstacle, /, **others: Any) -> Self:
        cause = obstacle.cause
        title = fill(CAUSES[cause.code].title, cause.params)
        return super().of(obstacle, code=cause.code, title=title, certainty=cause.certainty, **others)


class DeploymentPreviewAnswer(Answer):
    """What a deployment would do now, and whether it would run."""

    region: str
    service: str
    repository: str
    image: str = Field(description="The URI that is deployed.")
    container: str = Field(description="The container that gets it; empty where a version is deployed again.")
    containers: list[str] = Field(description="The containers that there are.")
    change: Change
    calls: list[AwsCall]
    obstacles: list[Obstacle]
    needs_access: bool = Field(description="All obstacles are put right by giving access first (`grant`).")
    is_checked: bool = Field(description="False: not everything could be checked beforehand.")
    previewed: str = Field(description="Send it with the request, and it is done as shown here or not at all.")

    @classmethod
    def of(cls, preview: DeploymentPreview, /, **others: Any) -> Self:
        return super().of(preview, obstacles=[Obstacle.of(each) for each in preview.obstacles], **others)


class DeploymentVersion(Answer):
    """One version of a service's deployment."""

    version: int
    state: str = Field(description="AWS's word: ACTIVATING, ACTIVE, INACTIVE, FAILED.")
    created_at: datetime | None
    change: Change | None = Field(description="What it changed in the version before; null for the oldest known.")
    images: dict[str, str] = Field(description="The image of each container.")

    @classmethod
    def of(cls, deployment: Deployment, /, **others: Any) -> Self:
        return super().of(deployment, images={each.name: each.image for each in deployment.containers}, **others)


class DeploymentList(Answer):
    """A service's deployments, newest first; AWS keeps 50."""

    deployments: list[DeploymentVersion]

    @classmethod
    def of(cls, answer: Deployments, /, **others: Any) -> Self:
        deployments = [
            DeploymentVersion.of(each, change=answer.changes.get(each.version)) for each in answer.deployments
        ]
        return super().of(answer, deployments=deployments, **others)
