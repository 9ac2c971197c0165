"""The Images tab, the Add dialog with its list of repositories, and a repository's policy. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from app.console.freshness import PartFailure, is_slow
from app.console.services import RoleView
from app.errors import Problem
from app.operations.progress import Progress
from app.web.pages import DialogView, View
from app.web.pages_service import ServiceFrame
from app.wording import N_, Said

ADD_REPOSITORY = Said(N_("Add repository"))


class Access(StrEnum):
    """Our verdict on a service's access to a repository."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"  # a condition of the policy decides at the time of the pull
    PARTLY = "partly"  # one of the two actions only
    DENIED = "denied"  # named, and yet explicitly denied
    WRONG_ROLE = "wrong_role"  # the service's general principal is named instead of its image puller role
    STALE = "stale"  # names an earlier role of this service, which is dead
    INACTIVE = "role_inactive"  # the policy is right, the role is off
    NOT_ALLOWED = "not_allowed"  # nothing in the policy is about this service
    UNREAD = "unread"  # the policy has not been read yet
    UNREADABLE = "unreadable"  # AWS refused to show it, or it is not a policy


@dataclass(frozen=True)
class RepositoryRow:
    """One repository that the service can pull from, or whose policy is about it.

    `by_name`: the policy names the role, so Remove can take something away. `repairable`: Repair access would mend it.
    `running`: the live operation on it. `read_at`: when its policy was read.
    """

    name: str
    uri: str
    access: Access
    reason: Said | None = None
    by_name: bool = True
    repairable: bool = False
    added_at: datetime | None = None
    added_by: str = ""
    read_at: datetime | None = None
    problem: Problem | None = None
    running: Progress | None = None


@dataclass(frozen=True)
class PoliciesRead:
    """How much of the region's policies is known: `read` of `total`, the oldest reading at `oldest_at`.

    `listing` False: IAM does not let us list repositories, so `total` counts only those we know by name. `listed`
    False: they have not been listed yet, so that there may be more.
    """

    read: int = 0
    total: int = 0
    oldest_at: datetime | None = None
    listing: bool = True
    listed: bool = True

    @property
    def whole(self) -> bool:
        """Every policy has been read at least once."""
        return self.listed and self.read >= self.total


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
    """GET /containers/{region}/{service}/images?added=…; polled (`partial`) while `frame.freshness.reading` or running.

    `running`: the service's live operations, those on the role too.
    """

    page: ClassVar[str] = "pages/images.html"
    partial: ClassVar[str] = "partials/images_body.html"

    frame: ServiceFrame
    repositories: tuple[RepositoryRow, ...]
    role: RoleView
    policies: PoliciesRead
    next_steps: NextSteps | None = None
    running: tuple[Progress, ...] = ()
    failures: tuple[PartFailure, ...] = ()

    @property
    def repairable(self) -> int:
        """How many rows Repair access would mend."""
        return sum(row.repairable for row in self.repositories)

    @property
    def polls(self) -> bool:
        """Something on this page is changing by itself."""
        return self.frame.freshness.reading or bool(self.running)


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
