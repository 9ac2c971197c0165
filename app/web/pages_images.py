"""The Images tab, the Add dialog with its list of repositories, and a repository's policy. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.console.access import ServiceRepositories
from app.console.freshness import is_slow
from app.errors import Problem
from app.web.pages import DialogView, View
from app.web.pages_service import ServiceFrame
from app.wording import N_, Said

ADD_REPOSITORY = Said(N_("Add repository"))


@dataclass(frozen=True)
class NextSteps(View):
    """What to do with a repository that was added: `uri` without a tag, and the newest tags known of it.

    GET …/next-steps?added=… gives it alone, once more where AWS was slow.
    `problem` is what kept AWS from telling the tags. Not `whole`: not every image could be looked at, so that newer tags
    may be missing.
    """

    page: ClassVar[str] = "partials/next_steps.html"
    partial: ClassVar[str] = "partials/next_steps.html"

    repository: str
    uri: str
    tags: tuple[str, ...] = ()
    problem: Problem | None = None
    whole: bool = True

    @property
    def slow(self) -> bool:
        """AWS kept the page waiting."""
        return is_slow(self.problem)


@dataclass(frozen=True)
class ImagesPage(View):
    """GET /containers/{region}/{service}/images?added=…; polled (`partial`) while `frame.freshness.reading` or running."""

    page: ClassVar[str] = "pages/images.html"
    partial: ClassVar[str] = "partials/images_body.html"

    frame: ServiceFrame
    access: ServiceRepositories
    next_steps: NextSteps | None = None

    @property
    def polls(self) -> bool:
        """Something on this page is changing by itself."""
        return self.frame.freshness.reading or bool(self.access.running)


@dataclass(frozen=True)
class RepositoryOption:
    """One repository to choose.

    `images` is how many it holds, None if not known; `added`: it can be pulled from already, so it cannot be chosen.
    """

    name: str
    added: bool = False
    images: int | None = None


@dataclass(frozen=True)
class RepositoryOptions(View):
    """GET …/repositories/options?repository=q: the list under the field. `more`: others match too and are left out of it."""

    page: ClassVar[str] = "partials/repository_options.html"
    partial: ClassVar[str] = "partials/repository_options.html"

    options: tuple[RepositoryOption, ...]
    query: str = ""
    more: bool = False
    problem: Problem | None = None


@dataclass(frozen=True)
class AddRepositoryDialog(DialogView):
    """GET …/repositories/new, and POST …/repositories refused (answer it with status 422).

    `listing` False: the name has to be typed. `typed` is what the reader gave; `refused` says why it will not do,
    `nearest` the names that are close to it.
    """

    partial: ClassVar[str] = "partials/add_repository_dialog.html"

    region: str
    service: str
    choices: RepositoryOptions
    listing: bool = True
    typed: str = ""
    refused: Problem | None = None
    nearest: tuple[str, ...] = ()
    heading: Said = ADD_REPOSITORY
