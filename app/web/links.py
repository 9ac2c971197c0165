"""The URLs of our own pages; the only place where names are quoted for URLs. Pure."""

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
SEARCH = "/search"
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
BATCHES = "/batches"
PREVIEW_BATCH = "/batches/preview"
BATCH_AS_CODE = "/batches/as-code"


def _quoted(name: str) -> str:
    """Return a name as one part of a path."""
    return quote(name, safe="")


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
    return _with(f"{REPOSITORIES}/{_quoted(region)}/{quote(name, safe='/')}", **query)


def findings(**query: str | int) -> str:
    """The list of findings, filtered, from a `cursor` on."""
    return _with(FINDINGS, **query)


def finding(finding_id: str, verb: str) -> str:
    """Where a finding is dismissed, or shown again (restore)."""
    return f"{FINDINGS}/{_quoted(finding_id)}/{verb}"


def repair_all(**query: str) -> str:
    """Where all access is repaired that findings are about: GET previews, POST starts the batch."""
    return _with(f"{FINDINGS}/repair", **query)


def prune(region: str = "", repository: str = "") -> str:
    """Where deleted principals are removed from a policy, for no service; the form names the repository."""
    return _with(f"{REPOSITORIES}/prune", region=region, repository=repository)


def who_can_pull(principal: str = "") -> str:
    """From where a principal can pull."""
    return _with(WHO_CAN_PULL, principal=principal)


def service(region: str, service: str, tab: str = "") -> str:
    """Return the URL of a service's page, or of a tab of it: deployments, images, history."""
    path = f"{CONTAINERS}/{_quoted(region)}/{_quoted(service)}"
    return f"{path}/{tab}" if tab else path


def images(region: str, name: str, *, added: str = "", page: int = 1) -> str:
    """Return the URL of the Images tab; `added` names the repository whose next steps it shows."""
    return _with(service(region, name, "images"), added=added, page=page if page > 1 else "")


def next_steps(region: str, name: str, *, added: str) -> str:
    """Return the URL of the next steps of an added repository, as a part of its own."""
    return _with(service(region, name, "next-steps"), added=added)


def repositories(region: str, name: str, verb: str = "", **query: str) -> str:
    """Return the URL that adds repositories (no verb), or one for new, options, remove, preview, repair, prune."""
    path = service(region, name, "repositories")
    return _with(f"{path}/{verb}" if verb else path, **query)


def deployments(region: str, name: str, verb: str = "", **query: str | int) -> str:
    """Where images are deployed (no verb), and its neighbours: new, preview."""
    path = service(region, name, "deployments")
    return _with(f"{path}/{verb}" if verb else path, **query)


def deployment_log(region: str, name: str, version: int, **query: str | int) -> str:
    """Return the URL of a deployment's log, of one `container`, from a position (`after`) on."""
    given = {key: value for key, value in query.items() if value != 0}
    return deployments(region, name, f"{version}/log", **given)


def policy(region: str, name: str, repository: str) -> str:
    """Return the URL of a repository's policy as seen for a service."""
    return _with(service(region, name, "policy"), repository=repository)


def policy_as_code(region: str, name: str, repository: str, form: str) -> str:
    """Return the URL to download a service's access to a repository as code."""
    return _with(service(region, name, "policy/as-code"), repository=repository, form=form)


def as_code(region: str, name: str, **query: str) -> str:
    """Return the URL of a service as code, with all its access; with `form` that one, to download."""
    return _with(service(region, name, "as-code"), **query)


def why(region: str, name: str, **query: str) -> str:
    """Return the URL of a diagnosis: of an `image`, a `repository`'s, or by default those of the newest deployment."""
    return _with(service(region, name, "why"), **query)


def role(region: str, name: str, verb: str, **query: str) -> str:
    """Return the URL that activates or deactivates the image puller role. GET shows the dialog, POST starts it."""
    return _with(f"{service(region, name, 'role')}/{verb}", **query)


def operation(operation_id: str, verb: str = "", **query: str | int) -> str:
    """Return the URL of an operation's page, or a related one: progress, retry, cancel, undo, restore."""
    path = f"/operations/{_quoted(operation_id)}"
    return _with(f"{path}/{verb}" if verb else path, **query)


def many(region: str, name: str, **query: str) -> str:
    """Where many repositories are chosen: `action` grant, revoke or repair, `match` a part of a name or a pattern."""
    return repositories(region, name, "many", **query)


def choice(path: str, region: str, name: str, action: str, match: str) -> str:
    """Where a choice of repositories is sent: `PREVIEW_BATCH`, `BATCH_AS_CODE`.

    The query says where it was made, for a reader who opens the address without the form that was sent.
    """
    return _with(path, region=region, service=name, action=action, match=match)


def batch(batch_id: str, verb: str = "", **query: str | int) -> str:
    """A batch's page, and its neighbours: retry, cancel, undo."""
    path = f"{BATCHES}/{_quoted(batch_id)}"
    return _with(f"{path}/{verb}" if verb else path, **query)


def onward(progress: Progress) -> str:
    """Return the URL of Continue once an operation has ended.

    Of a deployment to the Deployments tab, else to the Images tab, with the next steps of what was added; of what takes
    another operation back, to that one. Of an operation for no service to the repository's page.
    """
    if progress.kind in (Kind.UNDO, Kind.RESTORE, Kind.REACTIVATE) and progress.follows:
        return operation(progress.follows)
    if progress.kind is Kind.DEPLOY:
        return deployments(progress.region, progress.service)
    granted = progress.kind is Kind.GRANT and progress.outcome in (Outcome.SUCCEEDED, Outcome.NOTHING_TO_DO)
    if not progress.service:
        return repository(progress.region, progress.repository)
    return images(progress.region, progress.service, added=progress.repository if granted else "")


def history(**query: str | int) -> str:
    """Return the URL of the history with its filters."""
    return _with(HISTORY, **query)


def search(query: str = "", **more: str) -> str:
    """Return the URL of the search over everything; `kind` names the one group to show."""
    return _with(SEARCH, q=query, **more)


def service_history(region: str, name: str, /, **query: str | int) -> str:
    """Return the URL of a service's history, from a position in it."""
    return _with(service(region, name, "history"), **query)


def sign_ins(**query: str | int) -> str:
    """Return the URL of the page of sign-ins; `older` or `newer` is an event to continue from."""
    return _with(SIGN_INS, **query)


def sign_ins_export(kind: str) -> str:
    """Return the URL of the record of sign-ins as a file: csv or json."""
    return f"{SIGN_INS}/export.{kind}"


def export(kind: str, /, **query: str | int) -> str:
    """Return the URL of the filtered history as a file: csv or json."""
    return _with(f"{HISTORY}/export.{kind}", **query)
