"""The confirmation dialogs: one shape, and one builder for each action."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from app.bootstrap import Services
from app.console.access import said
from app.console.service_repositories import find_row
from app.errors import Problem
from app.inventory import queries
from app.inventory.circumstances import circumstances_of
from app.keys import AccessTarget
from app.operations.planned import plan_operation
from app.operations.progress import Progress
from app.operations.read import find_progress
from app.operations.state import Kind
from app.web import links
from app.web.views.base import DialogView
from app.web.views.preview import PreviewView
from app.wording import N_, Message

ROLE_STAYS = N_(
    "This operation also activated the image puller role of %(service)s. The role stays active: you can deactivate it afterwards."
)


@dataclass(frozen=True)
class DialogChoices:
    """Values of the form that the reader may select; its button for a preview requests `url` with the whole form."""

    url: str
    name: str
    title: Message
    values: tuple[tuple[str, bool], ...]
    warning: Message


@dataclass(frozen=True)
class ConfirmDialog(DialogView):
    """Asks for confirmation before `action` is posted, with `fields` as hidden form fields.

    `changes` says what will change, one sentence each; `names` lists what it affects under `names_title`; `warning`
    what it may cost, `notice` why it is shown again. Without a `button` there is nothing to confirm yet. `preview` is
    shown at once, or fetched from `preview_url` when the reader opens it.
    """

    partial: ClassVar[str] = "partials/confirm_dialog.html"

    heading: Message
    lead: Message
    action: str
    button: Message | None
    back: str
    fields: tuple[tuple[str, str], ...] = ()
    changes: tuple[Message, ...] = ()
    names_title: Message | None = None
    names: tuple[str, ...] = ()
    warning: Message | None = None
    notice: Message | None = None
    choices: DialogChoices | None = None
    preview: PreviewView | None = None
    preview_url: str = ""
    danger: bool = False


@dataclass(frozen=True)
class BlockedDialog(DialogView):
    """Says why the action is not possible now; `mend_url` is the page where that can be fixed."""

    partial: ClassVar[str] = "partials/blocked_dialog.html"

    heading: Message
    lead: Message
    problem: Problem
    mend_url: str
    back: str


def remove_dialog(
    region: str, service: str, repository: str, *, changes: tuple[Message, ...] = (), stays: Message | None = None
) -> ConfirmDialog:
    """GET …/repositories/remove. `changes` says which statements are removed; `stays` what access remains."""
    return ConfirmDialog(
        heading=Message(N_("Remove repository?")),
        lead=Message(
            N_(
                "%(service)s will no longer be able to pull images from %(repository)s. Running containers aren't affected."
            ),
            {"service": service, "repository": repository},
        ),
        action=links.repositories(region, service, "remove"),
        button=Message(N_("Remove")),
        back=links.images(region, service),
        fields=(("repository", repository),),
        changes=changes,
        warning=stays or Message(N_("New deployments that use an image from this repository will fail.")),
        preview_url=links.repositories(region, service, "preview", repository=repository, kind="revoke"),
        danger=True,
    )


def cannot_remove_dialog(region: str, service: str, repository: str, problem: Problem) -> BlockedDialog:
    """GET …/repositories/remove for a policy that no statement can be removed from."""
    return BlockedDialog(
        heading=Message(N_("This repository cannot be removed yet")),
        lead=Message(
            N_(
                "The policy of %(repository)s is broken, so %(service)s cannot be taken out of it. Nothing was changed."
            ),
            {"service": service, "repository": repository},
        ),
        problem=problem,
        mend_url=links.policy(region, service, repository),
        back=links.images(region, service),
    )


def repair_dialog(region: str, service: str, repository: str, *, changes: tuple[Message, ...] = ()) -> ConfirmDialog:
    """GET …/repositories/repair: adds the role, and removes the service's principals that no longer work."""
    return ConfirmDialog(
        heading=Message(N_("Repair access?")),
        lead=Message(
            N_("The policy of %(repository)s will name the image puller role that %(service)s has now."),
            {"service": service, "repository": repository},
        ),
        action=links.repositories(region, service, "repair"),
        button=Message(N_("Repair access")),
        back=links.images(region, service),
        fields=(("repository", repository),),
        changes=changes,
        preview_url=links.repositories(region, service, "preview", repository=repository, kind="repair"),
    )


def prune_dialog(
    region: str,
    service: str,
    repository: str,
    *,
    preview: PreviewView,
    follows: str = "",
    notice: Message | None = None,
) -> ConfirmDialog:
    """GET …/repositories/prune: removes principals that no longer exist from a policy, which ECR refuses for them.

    `service` "": the operation is the repository's own. `follows` is the operation that failed because of them, so that
    it can be retried afterwards.
    """
    fields = [("repository", repository), *([("follows", follows)] if follows else [])]
    address, back = links.repositories(region, service, "prune"), links.policy(region, service, repository)
    if not service:
        fields = [("region", region), *fields]
        address, back = links.prune(), links.repository(region, repository)
    return ConfirmDialog(
        heading=Message(N_("Remove dead principals?")),
        lead=Message(
            N_("ECR refuses every change to the policy of %(repository)s while it names principals that do not exist."),
            {"repository": repository},
        ),
        action=address,
        button=Message(N_("Remove dead principals")) if preview.principals else None,
        back=back,
        fields=(*fields, *_selected(preview)),
        names_title=Message(N_("Principals to remove")) if preview.principals else None,
        names=preview.principals,
        notice=notice,
        choices=_choices(address, preview),
        preview=preview,
        danger=True,
    )


def _selected(preview: PreviewView) -> tuple[tuple[str, str], ...]:
    """Return the fields of a prune: who certainly goes, without a choice, and whose removal the preview shows."""
    sure = (("principal", name) for name in preview.principals if name not in preview.doubtful)
    return (*sure, *(("shown", name) for name in preview.principals))


def _choices(url: str, preview: PreviewView) -> DialogChoices | None:
    if not preview.doubtful:
        return None
    return DialogChoices(
        url=url,
        name="principal",
        title=Message(N_("ECR can't find at least one of these principals. Select those that no longer exist.")),
        values=tuple((name, name in preview.principals) for name in preview.doubtful),
        warning=Message(N_("A principal that you select by mistake loses what this policy gives it.")),
    )


def activate_dialog(region: str, service: str) -> ConfirmDialog:
    """GET …/role/activate."""
    return ConfirmDialog(
        heading=Message(N_("Activate the image puller role?")),
        lead=Message(
            N_("AWS gives %(service)s a role of its own that repository policies can name."), {"service": service}
        ),
        action=links.role(region, service, "activate"),
        button=Message(N_("Activate")),
        back=links.images(region, service),
        changes=(
            Message(N_("The service is updated. Running containers aren't affected.")),
            Message(N_("This alone doesn't grant access. Next, add a repository.")),
        ),
    )


def cancel_dialog(progress: Progress) -> ConfirmDialog:
    """GET /operations/{id}/cancel."""
    return ConfirmDialog(
        heading=Message(N_("Cancel this operation?")),
        lead=Message(N_("It stops after the current step.")),
        action=links.operation(progress.id, "cancel"),
        button=Message(N_("Cancel operation")),
        back=links.operation(progress.id),
        danger=True,
    )


def undo_dialog(progress: Progress, *, preview: PreviewView | None = None, keeps_role: bool = False) -> ConfirmDialog:
    """GET /operations/{id}/undo: takes back its change, and keeps what others changed since.

    `keeps_role`: it activated the role too, which stays active.
    """
    return ConfirmDialog(
        heading=Message(N_("Undo this change?")),
        lead=Message(
            N_("This undoes what this operation changed in the policy of %(repository)s. Later changes are kept."),
            {"repository": progress.repository},
        ),
        action=links.operation(progress.id, "undo"),
        button=Message(N_("Undo")),
        back=links.operation(progress.id),
        changes=(Message(ROLE_STAYS, {"service": progress.service}),) if keeps_role else (),
        preview=preview,
        danger=True,
    )


def restore_dialog(progress: Progress, repository: str, *, preview: PreviewView | None = None) -> ConfirmDialog:
    """GET /operations/{id}/restore: restores the whole policy from before the operation."""
    return ConfirmDialog(
        heading=Message(N_("Restore this policy?")),
        lead=Message(
            N_("The policy of %(repository)s is replaced by the one from before this operation."),
            {"repository": repository},
        ),
        action=links.operation(progress.id, "restore"),
        button=Message(N_("Restore")),
        back=links.operation(progress.id),
        warning=Message(N_("All later changes to it are lost.")),
        preview=preview,
        danger=True,
    )


def remove(services: Services, region: str, service: str, repository: str) -> ConfirmDialog | BlockedDialog:
    """Return the Remove dialog: statements that are removed and access that remains, or the policy's problem."""
    known_service = queries.last_seen(services.db, services.service_key(region, service))
    held = queries.find_repository(services.db, services.repository_key(region, repository))
    if known_service is None or held is None or held.policy_read_at is None:
        return remove_dialog(region, service, repository)
    circumstances = circumstances_of(services.db, services.repository_key(region, repository), services.clock.now())
    try:
        planned = plan_operation(Kind.REVOKE, known_service, repository, held.policy_text, circumstances=circumstances)
        change = planned.change
    except Problem as problem:
        return cannot_remove_dialog(region, service, repository, problem)
    count = len(change.removed) + len(change.changed)
    if change.needed and change.after is None:
        changes = (Message(N_("This deletes the repository policy, because no statements remain.")),)
    elif change.needed and count == 1:
        changes = (Message(N_("One statement of the policy changes. All others are kept.")),)
    elif change.needed:
        changes = (Message(N_("%(count)s statements of the policy change. All others are kept."), {"count": count}),)
    else:
        changes = (Message(N_("The policy does not name this service, so nothing will change.")),)
    stays = said(change.leftovers[0]) if change.leftovers else None
    return remove_dialog(region, service, repository, changes=changes, stays=stays)


def repair(services: Services, region: str, service: str, repository: str) -> ConfirmDialog:
    """Return the Repair dialog: what is wrong with the current access."""
    row = find_row(services, region, service, repository)
    changes = (row.reason,) if row is not None and row.reason is not None and row.repairable else ()
    return repair_dialog(region, service, repository, changes=changes)


def with_preview(
    services: Services, kind: Kind, target: AccessTarget, preview: PreviewView
) -> ConfirmDialog | BlockedDialog:
    """Return the Remove, Repair or Remove dead principals dialog with its preview in it, for readers without scripts."""
    if kind is Kind.PRUNE:
        return prune(services, target, preview, "")
    dialog = remove(services, *target) if kind is Kind.REVOKE else repair(services, *target)
    return replace(dialog, preview=preview, preview_url="") if isinstance(dialog, ConfirmDialog) else dialog


def prune(
    services: Services, target: AccessTarget, preview: PreviewView, follows: str, notice: Message | None = None
) -> ConfirmDialog:
    """Return the dialog that prunes what the preview shows; `target` is region, service and repository."""
    followed = find_progress(services.db, follows) if follows else None
    region, service, repository = target
    of_this = followed is not None and (followed.region, followed.service, followed.repository) == target
    return prune_dialog(region, service, repository, preview=preview, follows=follows if of_this else "", notice=notice)
