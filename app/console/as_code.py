"""A service's access to repositories as code: `aws` commands, Terraform and CloudFormation. Changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.as_code.grant import Form, GrantCode, PolicyCode, cloudformation, notes_of, terraform
from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.managed import managed_warning
from app.console.previews import shell_commands
from app.console.shell_commands import Commands
from app.errors import Problem
from app.inventory import queries
from app.inventory.circumstances import Circumstances, circumstances_of
from app.inventory.queries import KnownRepository
from app.operations.fingerprint import PLACEHOLDER
from app.operations.planned import Planned, plan_operation
from app.operations.state import Kind
from app.policy import strict_json
from app.policy.mend import mend
from app.policy.messages import WORDS
from app.policy.principals import dead_principals
from app.policy.verdict import Access
from app.wording import N_, Message

DEAD = N_("ECR refuses this policy, because it names a principal that no longer exists. Remove dead principals first.")
UNNEEDED = N_("%(service)s already has access to %(repository)s, so there is nothing to do. The command only reads.")
_SUFFIXES = {Form.AWS: "sh", Form.TERRAFORM: "tf", Form.CLOUDFORMATION: "json"}


@dataclass(frozen=True)
class CodeText:
    """The access in one language: `text` to copy (or, for `Form.AWS`, the `commands`), and `notes` to read before.

    `managed` warns that a tool manages the service.
    """

    form: Form
    file_name: str
    text: str = ""
    commands: Commands | None = None
    notes: tuple[Message, ...] = ()
    managed: Message | None = None


def as_code(
    services: Services, region: str, service: str, repository: str, form: Form, *, problem: Problem | None = None
) -> CodeText:
    """Return the access of a service to a repository, on the policy as it was last read.

    `problem` is why it could not be read just now.

    Raises:
        Problem: the `problem`; `service.not_found` or `repository.not_found`; or why access can't be planned, such as
            `policy.not_json`.
    """
    known_service = queries.last_seen(services.db, services.service_key(region, service))
    held = queries.find_repository(services.db, services.repository_key(region, repository))
    if held is None or held.policy_read_at is None or problem is not None:
        raise problem or Problem("repository.not_found", repository=repository, region=region)
    if known_service is None:
        raise Problem("service.not_found", service=service, region=region)
    circumstances = circumstances_of(services.db, services.repository_key(region, repository), services.clock.now())
    return _code_text(services, known_service, held, form, circumstances)


def code_texts(
    services: Services, service: ContainerService, held: KnownRepository, circumstances: Circumstances
) -> tuple[CodeText, ...]:
    """Return the access in Terraform and CloudFormation; none where the policy isn't known or can't be planned on."""
    if held.policy_read_at is None:
        return ()
    try:
        return tuple(
            _code_text(services, service, held, form, circumstances) for form in (Form.TERRAFORM, Form.CLOUDFORMATION)
        )
    except Problem:
        return ()


def _code_text(
    services: Services, service: ContainerService, held: KnownRepository, form: Form, circumstances: Circumstances
) -> CodeText:
    repository, policy = held.name, held.policy_text
    mended = mend(policy or "")
    text = mended.text if mended.what else policy
    planned = plan_operation(Kind.REPAIR, service, repository, text, circumstances=circumstances)
    code = policy_code(repository, planned, has_policy=policy is not None)
    grant = grant_code(service, (code,), activates=planned.activates)
    file_name = file_name_of(form, service.name, repository)
    notes = (*_obstacles(planned), *(Message(note) for note in notes_of(form, grant)))
    warning = managed_warning(service.tags, (policy,))
    if form is Form.AWS:
        posix, *_ = shell_commands(services, planned, service, repository)
        if has_access(planned):
            notes = (Message(UNNEEDED, {"service": service.name, "repository": repository}), *notes)
        return CodeText(form, file_name, commands=posix, notes=notes, managed=warning)
    written = terraform(grant) if form is Form.TERRAFORM else cloudformation(grant)
    return CodeText(form, file_name, written, notes=notes, managed=warning)


def has_access(planned: Planned) -> bool:
    """Return whether the role can pull already, so that its commands change nothing."""
    allowed = planned.verdict is not None and planned.verdict.access is Access.ALLOWED
    return allowed and not planned.change.needed and not planned.activates


def _obstacles(planned: Planned) -> Iterator[Message]:
    """Yield what keeps the document from being written, and what keeps the role from pulling once it is."""
    if dead_principals(planned.change.after):
        yield Message(DEAD)
    verdict = planned.verdict
    if verdict is not None and verdict.access is not Access.ALLOWED:
        yield Message(WORDS[verdict.code], verdict.params)


def grant_code(service: ContainerService, policies: Sequence[PolicyCode], *, activates: bool) -> GrantCode:
    """Return what a text is made of. `activates`: the role has no ARN yet, so a placeholder stands for it."""
    return GrantCode(
        region=service.region,
        service=service.name,
        puller_arn=puller_of(service, activates=activates),
        policies=tuple(policies),
        role_ready=not activates,
        power=service.power,
        scale=service.scale,
        is_disabled=service.is_disabled,
        tags=service.tags,
    )


def puller_of(service: ContainerService, *, activates: bool) -> str:
    """Return the ARN that stands for the role in planned documents."""
    return PLACEHOLDER.format(region=service.region, service=service.name) if activates else service.role.principal_arn


def policy_code(repository: str, planned: Planned, *, has_policy: bool) -> PolicyCode:
    """Return the planned policy of a repository, for a text."""
    document: dict[str, Any] = strict_json.load(planned.change.after or "{}")
    return PolicyCode(repository, document, has_policy)


def file_name_of(form: Form, *names: str) -> str:
    """Return the name of a file to download: ASCII, without spaces."""
    return f"sailpass-{re.sub(r'[^A-Za-z0-9._-]', '-', '-'.join(names))}.{_SUFFIXES[form]}"
