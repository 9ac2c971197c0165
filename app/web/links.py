"""The addresses of our own pages, in one place; names are quoted here and nowhere else. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from app.operations.progress import Progress
from app.operations.state import Kind, Outcome

CONTAINERS = "/containers"
REPOSITORIES = "/repositories"
FINDINGS = "/findings"
WHO_CAN_PULL = "/who-can-pull"
CHANGES = "/changes"
REFRESH = "/refresh"
HISTORY = "/history"
PERMISSIONS = "/permissions"
CHECK_PERMISSIONS = "/permissions/check"
PREFERENCES = "/preferences"
SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
SIGN_INS = "/sign-ins"
END_SESSION = "/sign-ins/sessions/end"
SIGN_OUT_EVERYWHERE = "/sign-ins/sessions/end-all"
REVOKE_LINK = "/sign-ins/links/revoke"
REVOKE_TOKEN = "/sign-ins/tokens/revoke"  # noqa: S105  (an address, not a secret)
API_DOCS = "/api/docs"
OPENAPI = "/api/openapi.json"


def _with(path: str, **query: str | int) -> str:
    given = {name: value for name, value in query.items() if value != ""}
    return f"{path}?{urlencode(given)}" if given else path


def containers(query: str = "", **more: str | int) -> str:
    """The list of container services, filtered."""
    return _with(CONTAINERS, q=query, **more)


def all_repositories(**query: str | int) -> str:
    """The list of all repositories: filtered by `q`, `region` and `state`, from a `cursor` on."""
    return _with(REPOSITORIES, **query)


def repository(region: str, name: str, **query: str) -> str:
    """A repository's page; its name keeps its slashes."""
    return _with(f"{REPOSITORIES}/{quote(region, safe='')}/{quote(name, safe='/')}", **query)


def findings(**query: str | int) -> str:
    """The list of findings, filtered, from a `cursor` on."""
    return _with(FINDINGS, **query)


def finding(finding_id: str, verb: str) -> str:
    """Where a finding is dismissed, or shown again (restore)."""
    return f"{FINDINGS}/{quote(finding_id, safe='')}/{verb}"


def who_can_pull(principal: str = "") -> str:
    """From where a principal can pull."""
    return _with(WHO_CAN_PULL, principal=principal)


def service(region: str, service: str, tab: str = "") -> str:
    """A service's page, or the named tab of it: deployments, images, history."""
    path = f"{CONTAINERS}/{quote(region, safe='')}/{quote(service, safe='')}"
    return f"{path}/{tab}" if tab else path


def images(region: str, name: str, *, added: str = "") -> str:
    """The Images tab; `added` names the repository whose next steps it shows."""
    return _with(service(region, name, "images"), added=added)


def next_steps(region: str, name: str, *, added: str) -> str:
    """What to do with a repository that was added, alone."""
    return _with(service(region, name, "next-steps"), added=added)


def repositories(region: str, name: str, verb: str = "", **query: str) -> str:
    """Where repositories are added (no verb), and its neighbours: new, options, remove, preview, repair, prune."""
    path = service(region, name, "repositories")
    return _with(f"{path}/{verb}" if verb else path, **query)


def policy(region: str, name: str, repository: str) -> str:
    """A repository's policy as seen for a service."""
    return _with(service(region, name, "policy"), repository=repository)


def why(region: str, name: str, **query: str) -> str:
    """Why the service can't pull: an `image`, a `repository`'s, or by default those of the newest deployment."""
    return _with(service(region, name, "why"), **query)


def role(region: str, name: str, verb: str) -> str:
    """The image puller role: activate, deactivate. GET asks, POST does."""
    return f"{service(region, name, 'role')}/{verb}"


def operation(operation_id: str, verb: str = "", **query: str | int) -> str:
    """An operation's page, and its neighbours: progress, retry, cancel, undo, restore."""
    path = f"/operations/{quote(operation_id, safe='')}"
    return _with(f"{path}/{verb}" if verb else path, **query)


def onward(progress: Progress) -> str:
    """Where Continue leads once an operation has ended.

    To the Images tab, with the next steps of what was added; of what takes another operation back, to that one.
    """
    if progress.kind in (Kind.UNDO, Kind.RESTORE) and progress.follows:
        return operation(progress.follows)
    granted = progress.kind is Kind.GRANT and progress.outcome in (Outcome.SUCCEEDED, Outcome.NOTHING_TO_DO)
    return images(progress.region, progress.service, added=progress.repository if granted else "")


def history(**query: str | int) -> str:
    """The history with its filters."""
    return _with(HISTORY, **query)


def service_history(region: str, name: str, /, **query: str | int) -> str:
    """A service's history, from a place in it."""
    return _with(service(region, name, "history"), **query)


def sign_ins(**query: str | int) -> str:
    """Sessions, tokens and the record of sign-ins; `older` or `newer` is an event to go on from."""
    return _with(SIGN_INS, **query)


def sign_ins_export(kind: str) -> str:
    """The record of sign-ins as a file: csv or json."""
    return f"{SIGN_INS}/export.{kind}"


def export(kind: str, /, **query: str | int) -> str:
    """The filtered history as a file: csv or json."""
    return _with(f"{HISTORY}/export.{kind}", **query)
