"""Images, deployments and what asks for one. Of environment variables there are names, and never a value."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.api.schemas.previews import AwsCall
from app.api.schemas.texts import FINGERPRINT, TEXT
from app.api.strict import RequestBody
from app.aws.ports import Deployment
from app.console import deployments
from app.console.deployments import DeploymentPreview, ImageList
from app.console.image_platform import ImagePlatform
from app.console.services import Deployments
from app.deployments import change
from app.deployments.change import DeploymentChange
from app.deployments.images import DeployableImage
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


class Image(BaseModel):
    """One image that can be deployed."""

    digest: str
    tags: list[str]
    pushed_at: datetime | None
    size: int = Field(description="Bytes, compressed; of an index, those of its largest image.")
    is_index: bool = Field(description="It holds images of several platforms.")
    is_archived: bool = Field(description="It must be restored before it can be pulled.")

    @classmethod
    def of(cls, image: DeployableImage) -> Image:
        return cls(**{**vars(image), "tags": list(image.tags)})


class Images(BaseModel):
    """A repository's tagged images, newest first, without signatures, SBOMs and attestations."""

    repository: str
    images: list[Image]
    is_whole: bool = Field(description="False: there are more than were read.")

    @classmethod
    def of(cls, cause: ImageList) -> Images:
        return cls(
            repository=cause.repository, images=[Image.of(each) for each in cause.images], is_whole=cause.is_whole
        )


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


class Platform(BaseModel):
    """The platforms of an image. Lightsail runs linux/amd64 only."""

    repository: str
    digest: str
    fit: Fit = Field(description="`runs`, or why Lightsail can't run it; `unknown`: the manifest doesn't tell.")
    platforms: list[str]

    @classmethod
    def of(cls, read: ImagePlatform) -> Platform:
        return cls(repository=read.repository, digest=read.digest, fit=read.fit.fit, platforms=list(read.fit.platforms))


class ContainerChange(BaseModel):
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

    @classmethod
    def of(cls, container: change.ContainerChange) -> ContainerChange:
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(container).items()}
        return cls(**values)


class Endpoint(BaseModel):
    """A public endpoint."""

    container: str
    port: int
    health_check_path: str

    @classmethod
    def maybe(cls, endpoint: change.Endpoint | None) -> Endpoint | None:
        if endpoint is None:
            return None
        return cls(container=endpoint.container, port=endpoint.port, health_check_path=endpoint.path)


class Change(BaseModel):
    """What a deployment changes in the version before."""

    base: int = Field(description="The version that it is compared with; 0: none.")
    needed: bool = Field(description="False: it runs the same again.")
    containers: list[ContainerChange]
    endpoint_before: Endpoint | None
    endpoint_after: Endpoint | None

    @classmethod
    def of(cls, changed: change.DeploymentChange) -> Change:
        return cls(
            base=changed.base,
            needed=changed.is_needed,
            containers=[ContainerChange.of(each) for each in changed.containers],
            endpoint_before=Endpoint.maybe(changed.endpoint_before),
            endpoint_after=Endpoint.maybe(changed.endpoint_after),
        )


class Obstacle(BaseModel):
    """Why a deployment would fail. Key on `code`, which is from the published list (docs/why.md)."""

    code: str
    title: str
    certainty: Certainty
    image: str = Field(description="The image that wouldn't run: the one that is deployed, or one that is kept.")
    granted: bool = Field(description="Giving access first puts it right.")

    @classmethod
    def of(cls, obstacle: deployments.Obstacle) -> Obstacle:
        cause = obstacle.cause
        return cls(
            code=cause.code,
            title=fill(CAUSES[cause.code].title, cause.params),
            certainty=cause.certainty,
            image=obstacle.image,
            granted=obstacle.granted,
        )


class DeploymentPreviewAnswer(BaseModel):
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
    def of(cls, preview: DeploymentPreview) -> DeploymentPreviewAnswer:
        names = ("region", "service", "repository", "image", "container", "needs_access", "is_checked", "previewed")
        return cls(
            **{name: getattr(preview, name) for name in names},
            containers=list(preview.containers),
            change=Change.of(preview.change),
            calls=[AwsCall(action=call.action, on=call.on) for call in preview.calls],
            obstacles=list(map(Obstacle.of, preview.obstacles)),
        )


class DeploymentVersion(BaseModel):
    """One version of a service's deployment."""

    version: int
    state: str = Field(description="AWS's word: ACTIVATING, ACTIVE, INACTIVE, FAILED.")
    created_at: datetime | None
    change: Change | None = Field(description="What it changed in the version before; null for the oldest known.")
    images: dict[str, str] = Field(description="The image of each container.")

    @classmethod
    def of(cls, deployment: Deployment, changed: DeploymentChange | None) -> DeploymentVersion:
        return cls(
            version=deployment.version,
            state=deployment.state,
            created_at=deployment.created_at,
            change=Change.of(changed) if changed else None,
            images={each.name: each.image for each in deployment.containers},
        )


class DeploymentList(BaseModel):
    """A service's deployments, newest first; AWS keeps 50."""

    deployments: list[DeploymentVersion]

    @classmethod
    def of(cls, answer: Deployments) -> DeploymentList:
        return cls(
            deployments=[DeploymentVersion.of(each, answer.changes.get(each.version)) for each in answer.deployments]
        )
