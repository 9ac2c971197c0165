"""The Deploy dialog: which image, which container, what changes, and whether it would run."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from json import dumps
from typing import Any, ClassVar, Final

from app.aws.ports import Container
from app.bootstrap import Services
from app.console.access import AccessStatus
from app.console.deployments import DeploymentPreview, ImageList, Obstacle
from app.console.service_repositories import service_repositories
from app.deployments.change import DeploymentChange
from app.deployments.images import DeployableImage, digests_that_run
from app.deployments.plan import default_name
from app.deployments.request import PROTOCOLS, DeployRequest
from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import Certainty
from app.errors import Problem
from app.inventory import queries
from app.keys import RegionAndName
from app.web import links
from app.web.views.base import DialogView, View
from app.web.views.image_platform import PlatformView
from app.wording import N_, Message

MOST_IMAGES: Final = 50
MOST_REPOSITORIES: Final = 50


@dataclass(frozen=True)
class DeployForm:
    """What the dialog's form holds: the repository as it was typed, and the request."""

    repository: str = ""
    request: DeployRequest = field(default_factory=DeployRequest)

    @property
    def mark(self) -> str:
        """What tells this form from one that deploys something else; how it is done may be chosen after the preview."""
        what = replace(self.request, grant=False, rollback=False)
        return sha256(dumps([self.repository, what.to_json()], sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class ObstacleView:
    """Why the deployment would fail. `granted`: giving access first puts it right. `image`: the one that wouldn't run."""

    cause: Message
    is_certain: bool
    granted: bool
    image: str


@dataclass(frozen=True)
class DeployPreview(View):
    """GET …/deployments/preview?…: what the deployment would change, and why it would fail.

    `seen` goes back with the form, in its field `previewed`: the form's mark and the change's fingerprint.
    """

    page: ClassVar[str] = "partials/deploy_preview.html"
    partial: ClassVar[str] = "partials/deploy_preview.html"

    region: str
    service: str
    image: str = ""
    change: DeploymentChange | None = None
    calls: tuple[str, ...] = ()
    obstacles: tuple[ObstacleView, ...] = ()
    needs_access: bool = False
    grants: bool = False
    is_checked: bool = True
    seen: str = ""
    problem: Problem | None = None


@dataclass(frozen=True)
class DeployDialog(DialogView):
    """GET …/deployments/new?repository=…: the dialog; the same again where a POST was refused (status 422).

    Without a repository it asks for one, `repositories` being those that the service can pull from. `containers` are
    those of the current deployment, `running` the digests that it runs. `platform` was asked for. `preview` is there at
    once on a page of its own; in a dialog it is fetched.
    """

    partial: ClassVar[str] = "partials/deploy_dialog.html"

    heading: Message
    region: str
    service: str
    back: str
    form: DeployForm
    repositories: tuple[str, ...] = ()
    images: tuple[DeployableImage, ...] = ()
    more_images: bool = False
    images_problem: Problem | None = None
    containers: tuple[Container, ...] = ()
    current: int = 0
    public_container: str = ""
    running: frozenset[str] = frozenset()
    platform: PlatformView | None = None
    preview: DeployPreview | None = None
    problem: Problem | None = None
    protocols: tuple[str, ...] = PROTOCOLS

    @property
    def chosen_tag(self) -> str:
        """The tag that is selected: what was chosen, else the newest image's."""
        request = self.form.request
        if request.tag or request.digest:
            return request.tag
        return next((image.tags[0] for image in self.images if not image.is_archived), "")

    @property
    def other(self) -> str:
        """What was typed instead of an image of the list."""
        request = self.form.request
        if request.digest:
            return request.digest
        return "" if self._is_listed(request.tag) else request.tag

    @property
    def chosen_container(self) -> str:
        """The container that is selected: what was chosen, else the one that runs an image of the repository."""
        names = [each.name for each in self.containers]
        if self.form.request.container in names:
            return self.form.request.container
        same = [each.name for each in self.containers if f"/{self.form.repository}:" in each.image]
        public = [self.public_container] if self.public_container in names else []
        return (*same, *public, *names, "")[0]

    @property
    def names_deployment(self) -> bool:
        """Whether there is something to preview."""
        request = self.filled.request
        return bool(request.version or (self.form.repository and (request.tag or request.digest)))

    @property
    def filled(self) -> DeployForm:
        """The form with what is selected where nothing was chosen."""
        request = self.form.request
        if request.version:
            return self.form
        first: dict[str, Any] = (
            {} if self.containers or request.container else {"container": self.default_container, "public": True}
        )
        chosen = {"container": request.container or self.chosen_container, **first}
        return replace(self.form, request=replace(request, tag=self.chosen_tag, **chosen))

    @property
    def new_container(self) -> str:
        """The name of a container to add."""
        names = {each.name for each in self.containers}
        return "" if self.form.request.container in names else self.form.request.container

    @property
    def default_container(self) -> str:
        """The name that a first container gets."""
        return default_name(f"host.example/{self.form.repository}:latest")

    def _is_listed(self, tag: str) -> bool:
        return not tag or any(tag in image.tags for image in self.images)


def deploy_dialog(
    services: Services,
    region_and_name: RegionAndName,
    form: DeployForm,
    images: ImageList | Problem | None,
    problem: Problem | None = None,
) -> DeployDialog:
    """Return the dialog for what was filled in so far; `images` is what AWS lists, or what kept it from that."""
    region, name = region_and_name
    service = queries.last_seen(services.db, services.service_key(region, name))
    current = service.current_deployment if service else None
    listed = images if isinstance(images, ImageList) else None
    return DeployDialog(
        heading=_heading(name, form),
        region=region,
        service=name,
        back=links.deployments(region, name),
        form=form,
        repositories=() if form.repository or form.request.version else _repositories(services, region, name),
        images=listed.images[:MOST_IMAGES] if listed else (),
        more_images=listed is not None and (len(listed.images) > MOST_IMAGES or not listed.is_whole),
        images_problem=images if isinstance(images, Problem) else None,
        containers=current.containers if current else (),
        current=current.version if current else 0,
        public_container=current.public_container if current else "",
        running=digests_that_run(listed.images, listed.repository, service) if listed and service else frozenset(),
        problem=problem,
    )


def _heading(service: str, form: DeployForm) -> Message:
    if form.request.version:
        version: dict[str, str | int] = {"version": form.request.version, "service": service}
        return Message(N_("Deploy version %(version)s of %(service)s again"), version)
    return Message(N_("Deploy an image to %(service)s"), {"service": service})


def _repositories(services: Services, region: str, name: str) -> tuple[str, ...]:
    rows = service_repositories(services, region, name).repositories
    return tuple(row.name for row in rows if row.access == AccessStatus.ALLOWED)[:MOST_REPOSITORIES]


async def deploy_preview(
    planning: Awaitable[DeploymentPreview], region_and_name: RegionAndName, form: DeployForm
) -> DeployPreview:
    """Return what `planning` comes to, as a page shows it; what keeps it from being made is its `problem`."""
    try:
        preview = await planning
    except Problem as problem:
        return DeployPreview(*region_and_name, problem=problem)
    return DeployPreview(
        *region_and_name,
        image=preview.image,
        change=preview.change,
        calls=tuple(f"{call.action}  {call.on}" for call in preview.calls),
        obstacles=tuple(map(_obstacle, preview.obstacles)),
        needs_access=preview.needs_access,
        grants=preview.request.grant,
        is_checked=preview.is_checked,
        seen=f"{form.mark} {preview.previewed}",
    )


def _obstacle(obstacle: Obstacle) -> ObstacleView:
    cause = obstacle.cause
    said = Message(CAUSES[cause.code].title, cause.params)
    return ObstacleView(said, cause.certainty is Certainty.CERTAIN, obstacle.granted, obstacle.image)
