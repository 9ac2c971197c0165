"""Fills the dialogs that ask before something is done, from what is known without asking AWS."""

from __future__ import annotations

from app.bootstrap import Services
from app.console.access import find_row, naming_role, said
from app.console.repositories import explain_refused_name, searched_name
from app.errors import Problem
from app.inventory import queries, search, sync_state
from app.inventory.sync_state import What
from app.operations.preview import plan_operation
from app.operations.read import find_progress
from app.operations.state import Kind
from app.web import pages_dialogs
from app.web.pages_dialogs import BlockedDialog, ConfirmDialog
from app.web.pages_images import AddRepositoryDialog, RepositoryOption, RepositoryOptions
from app.web.pages_operation import PreviewView
from app.wording import N_, Said


def add_dialog(
    services: Services, region: str, service: str, typed: str = "", refused: Problem | None = None
) -> AddRepositoryDialog:
    """The Add dialog, or the same again with what was typed and why it will not do."""
    listed = sync_state.find_reading(services.db, services.connection, region, What.REPOSITORIES)
    refused, nearest = explain_refused_name(services, region, typed, refused) if refused else (None, ())
    return AddRepositoryDialog(
        region=region,
        service=service,
        choices=options(services, region, service, typed),
        listing=listed.problem is None or listed.problem.code != "aws.access_denied",
        typed=typed,
        refused=refused,
        nearest=nearest,
    )


def options(services: Services, region: str, service: str, query: str) -> RepositoryOptions:
    """The repositories that the service cannot pull from yet and whose name holds `query`."""
    known = queries.find_service(services.db, services.connection, region, service)
    if known is None:
        return RepositoryOptions((), query)
    now = services.clock.now()
    found = search.choices(services.db, services.connection, known.service, searched_name(query), now=now)
    return RepositoryOptions(tuple(RepositoryOption(one.name) for one in found.rows), query, more=found.more)


def remove(services: Services, region: str, service: str, repository: str) -> ConfirmDialog | BlockedDialog:
    """Which statements go, and what access remains all the same; or what is wrong with the policy."""
    known = queries.find_service(services.db, services.connection, region, service)
    held = queries.find_repository(services.db, services.connection, region, repository)
    if known is None or held is None or held.policy_read_at is None:
        return pages_dialogs.remove_dialog(region, service, repository)
    try:
        change = plan_operation(Kind.REVOKE, known.service, repository, held.policy_text).change
    except Problem as problem:
        return pages_dialogs.cannot_remove_dialog(region, service, repository, problem)
    count = len(change.removed) + len(change.changed)
    if change.needed and change.after is None:
        changes = (Said(N_("No statement is left then, so the repository policy is deleted.")),)
    elif change.needed and count == 1:
        changes = (Said(N_("One statement of the policy changes; everything else stays.")),)
    elif change.needed:
        changes = (Said(N_("%(count)s statements of the policy change; everything else stays."), {"count": count}),)
    else:
        changes = (Said(N_("The policy does not name this service, so nothing will change.")),)
    stays = said(change.leftovers[0]) if change.leftovers else None
    return pages_dialogs.remove_dialog(region, service, repository, changes=changes, stays=stays)


def repair(services: Services, region: str, service: str, repository: str) -> ConfirmDialog:
    """What is wrong with the access as it stands."""
    row = find_row(services, region, service, repository)
    changes = (row.reason,) if row is not None and row.reason is not None and row.repairable else ()
    return pages_dialogs.repair_dialog(region, service, repository, changes=changes)


def prune(services: Services, place: tuple[str, str, str], preview: PreviewView, follows: str) -> ConfirmDialog:
    """Return the dialog that prunes what the preview shows; `place` is region, service and repository."""
    known = find_progress(services.db, follows) if follows else None
    region, service, repository = place
    of_this = known is not None and (known.region, known.service, known.repository) == place
    return pages_dialogs.prune_dialog(region, service, repository, preview=preview, follows=follows if of_this else "")


def deactivate(services: Services, region: str, service: str) -> ConfirmDialog:
    """Every repository whose policy names the role."""
    return pages_dialogs.deactivate_dialog(region, service, repositories=naming_role(services, region, service))
