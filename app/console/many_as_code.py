"""A service's access to many repositories as code: those that were chosen, or all that it has access to now.

Asks AWS nothing about repositories: each policy is as it was last read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.as_code.grant import Form, cloudformation, notes_of, terraform
from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.as_code import CodeText, file_name_of, grant_code, has_access, policy_code
from app.console.batch_plans import CHUNK, BatchRequest, ItemState, PlannedItem, plan_batch
from app.console.managed import managed_warning
from app.console.previews import shell_commands
from app.console.services import get_service
from app.console.shell_commands import Commands
from app.errors import Problem
from app.inventory import queries
from app.keys import RegionAndName
from app.operations.naming import repositories_naming
from app.operations.state import Kind
from app.policy.principals import dead_principals
from app.threads import run_in_threadpool
from app.wording import N_, Message

AS_READ = N_("The policies are as Sailpass last read them. Compare the file with what AWS has before you use it.")
UNNEEDED = N_(
    "%(service)s already has access to these repositories, so there is nothing to do. The commands only read."
)
NONE = N_("No repository policy names %(service)s, so there is no access to write down.")
LEFT_OUT = N_("Repositories left out, because access to them can't be planned: %(count)s.")


@dataclass(frozen=True)
class LeftOut:
    """A repository that isn't in the text; `problem` None: its policy hasn't been read yet."""

    repository: str
    problem: Problem | None = None


@dataclass(frozen=True)
class ManyAsCode:
    """The text, the repositories in it, and those that are not."""

    region: str
    service: str
    code: CodeText
    repositories: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()


async def service_as_code(
    services: Services, region_and_name: RegionAndName, forms: Sequence[Form]
) -> tuple[ManyAsCode, ...]:
    """Return a service with the policy of every repository that names it, in each form. Raises as `get_service`."""
    service = (await get_service(services, *region_and_name)).service
    names = await run_in_threadpool(_naming, services, region_and_name)
    items: Sequence[PlannedItem] = ()
    if names:
        items = (await plan_batch(services, BatchRequest(Kind.REPAIR, (region_and_name,), names))).items
    return await run_in_threadpool(_in_each, services, service, items, forms)


async def selection_as_code(services: Services, request: BatchRequest, forms: Sequence[Form]) -> tuple[ManyAsCode, ...]:
    """Return a service's access to the chosen repositories, in each form. Raises Problem as `plan_batch`."""
    (region_and_name,) = request.services
    service = (await get_service(services, *region_and_name)).service
    plan = await plan_batch(services, replace(request, action=Kind.GRANT))
    return await run_in_threadpool(_in_each, services, service, plan.items, forms)


def _in_each(
    services: Services, service: ContainerService, items: Sequence[PlannedItem], forms: Sequence[Form]
) -> tuple[ManyAsCode, ...]:
    return tuple(_many(services, service, items, form) for form in forms)


def _naming(services: Services, region_and_name: RegionAndName) -> tuple[str, ...]:
    return tuple(sorted(repositories_naming(services.db, services.service_key(*region_and_name))))


def _many(services: Services, service: ContainerService, items: Sequence[PlannedItem], form: Form) -> ManyAsCode:
    left_out = tuple(each for item in items if (each := _left_out(item)) is not None)
    lacking = {each.repository for each in left_out}
    fit = [item for item in items if item.repository not in lacking]
    names = tuple(item.repository for item in fit)
    held = {each.name: each for each in _held(services, service.region, names)}
    policies = [
        policy_code(item.repository, item.planned, has_policy=held[item.repository].policy_text is not None)
        for item in fit
        if item.planned
    ]
    grant = grant_code(service, policies, activates=not service.role.ready)
    notes = [Message(AS_READ), *([Message(LEFT_OUT, {"count": len(left_out)})] if left_out else [])]
    code = CodeText(
        form,
        file_name_of(form, service.name),
        notes=(*notes, *map(Message, notes_of(form, grant))),
        managed=managed_warning(service.tags, (each.policy_text for each in held.values())),
    )
    if form is Form.AWS:
        code = replace(code, commands=_commands(services, service, fit), notes=(*code.notes, *_idle(service, items)))
    else:
        code = replace(code, text=terraform(grant) if form is Form.TERRAFORM else cloudformation(grant))
    return ManyAsCode(service.region, service.name, code, names, left_out)


def _idle(service: ContainerService, items: Sequence[PlannedItem]) -> Iterator[Message]:
    """Yield why the commands change nothing, where they don't."""
    if not items:
        yield Message(NONE, {"service": service.name})
    elif all(item.planned is not None and has_access(item.planned) for item in items):
        yield Message(UNNEEDED, {"service": service.name})


def _left_out(item: PlannedItem) -> LeftOut | None:
    """Return why an item isn't in the text, None for one that is. ECR refuses a text that names dead principals."""
    if item.planned is None or item.state not in (ItemState.CHANGES, ItemState.UNCHANGED):
        return LeftOut(item.repository, item.problem)
    dead = ", ".join(principal.value for principal in dead_principals(item.planned.change.after))
    if not dead:
        return None
    return LeftOut(item.repository, Problem("policy.dead_principals", repository=item.repository, principals=dead))


def _held(services: Services, region: str, names: Sequence[str]) -> Iterator[queries.KnownRepository]:
    for start in range(0, len(names), CHUNK):
        chunk = names[start : start + CHUNK]
        yield from queries.find_repositories(services.db, services.connection, region, chunk)


def _commands(services: Services, service: ContainerService, items: Sequence[PlannedItem]) -> Commands:
    """The commands for every repository, one after the other; the role is activated once."""
    return Commands("", tuple(step for commands in _each(services, service, items) for step in commands.steps))


def _each(services: Services, service: ContainerService, items: Sequence[PlannedItem]) -> Iterator[Commands]:
    for number, item in enumerate(items):
        if item.planned is not None:
            planned = item.planned if number == 0 else replace(item.planned, activates=False)
            yield shell_commands(services, planned, service, item.repository)[0]
