"""The IAM policies that a person needs, and whether the current credentials have those permissions."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from app.aws.ports import Probe
from app.bootstrap import Services
from app.console.iam_hint import lacks_permission
from app.console.identity import account, learn_caller
from app.errors import Problem
from app.operations.repository_name import check_name
from app.policy.permissions import (
    ACTIONS_USED,
    ActionUse,
    Need,
    PermissionScope,
    allowing,
    guide_policy,
    manage_policy,
    read_only_policy,
    to_text,
)
from app.threads import run_in_threadpool
from app.wording import N_, Message

ANY_ACCOUNT = "123456789012"
MOST_NAMES = 50


@dataclass(frozen=True)
class IamPolicy:
    """One policy ready to paste: `key` is a stable anchor such as "complete-any"."""

    key: str
    title: Message
    what: Message
    text: str


@dataclass(frozen=True)
class CheckedAction:
    """One AWS action that was tried. `allowed` None: unknown, for the reason in `problem`."""

    action: str
    allowed: bool | None
    needed_for: Message | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class PermissionCheck:
    """The result of Check permissions; `statement` is the IAM statement that adds what is missing, "" if nothing is.

    `problem` is why no call to AWS could be made; it is reported once, not for each action.
    """

    region: str
    actions: tuple[CheckedAction, ...]
    statement: str = ""
    problem: Problem | None = None

    @property
    def missing(self) -> int:
        """How many actions were denied."""
        return sum(action.allowed is False for action in self.actions)

    @property
    def unknown(self) -> int:
        """How many actions have an unknown result."""
        return sum(action.allowed is None and action.problem is not None for action in self.actions)


@dataclass(frozen=True)
class NeededPermissions:
    """The IAM policies for one region and the named repositories, or any (`names` empty).

    `account` is "" while unknown: the policies then have the account `ANY_ACCOUNT`, to be replaced by hand.
    """

    region: str
    names: tuple[str, ...]
    policies: tuple[IamPolicy, ...]
    account: str = ""


def needed_permissions(services: Services, region: str, names: tuple[str, ...]) -> NeededPermissions:
    """Return the policies for the account, a region (else the first configured) and the named repositories, or any."""
    region = region if region in services.regions else services.regions[0]
    own_account = account(services)
    return NeededPermissions(
        region, names, policies(PermissionScope(own_account or ANY_ACCOUNT, (region,), names)), own_account
    )


def names_in(text: str) -> tuple[str, ...]:
    """Return the repository names, or patterns with *, that a person listed with spaces or commas between.

    Raises:
        Problem: `repository.bad_name` for anything else: a policy for it would allow nothing;
            `permissions.too_many_names`.
    """
    names = tuple(dict.fromkeys(name for name in re.split(r"[\s,]+", text) if name))
    if len(names) > MOST_NAMES:
        raise Problem("permissions.too_many_names", count=len(names), most=MOST_NAMES)
    for name in names:
        try:
            check_name(name.replace("*", "any"))
        except Problem as problem:
            raise Problem("repository.bad_name", repository=name) from problem
    return names


def policies(scope: PermissionScope) -> tuple[IamPolicy, ...]:
    """Return AWS's guide's policy and ours, for the scope."""
    which = "named" if scope.repositories else "any"
    return (
        IamPolicy(
            f"complete-{which}",
            Message(N_("Everything Sailpass does")),
            Message(
                N_(
                    "See services and repositories, switch the image puller role, change and delete repository policies, deploy images."
                )
            ),
            to_text(manage_policy(scope)),
        ),
        IamPolicy(
            f"read-only-{which}",
            Message(N_("Read only")),
            Message(N_("See everything, change nothing.")),
            to_text(read_only_policy(scope)),
        ),
        IamPolicy(
            f"guide-{which}",
            Message(N_("AWS's guide")),
            Message(
                N_(
                    "The four Amazon ECR actions of AWS's guide. It leaves out the Lightsail actions that the role needs."
                )
            ),
            to_text(guide_policy(scope)),
        ),
    )


def actions_to_try() -> tuple[ActionUse, ...]:
    """Return the console's actions, each of which can be tried without effect."""
    return tuple(use for use in ACTIONS_USED if use.need in (Need.READ, Need.MANAGE))


def check_of(services: Services, region: str, names: tuple[str, ...], probes: tuple[Probe, ...]) -> PermissionCheck:
    """Return the result, with the statements that would add what is missing."""
    needed = {use.action: use.why for use in ACTIONS_USED}
    scope = PermissionScope(account(services) or ANY_ACCOUNT, (region,), names)
    missing = [
        allowing(probe.action, scope) for probe in probes if lacks_permission(probe.problem) and probe.allowed is False
    ]
    unknown = [probe.problem for probe in probes if probe.allowed is None and probe.problem is not None]
    of_all = unknown[0] if len(unknown) == len(probes) and len({problem.code for problem in unknown}) == 1 else None
    return PermissionCheck(
        region=region,
        actions=tuple(
            CheckedAction(probe.action, probe.allowed, Message(needed[probe.action]), probe.problem) for probe in probes
        ),
        statement=to_text({"Version": "2012-10-17", "Statement": missing}) if missing else "",
        problem=of_all,
    )


async def check(services: Services, region: str, names: tuple[str, ...]) -> PermissionCheck:
    """Try all actions concurrently and return the result.

    A region that is not configured means the first configured one; the first of `names` is the repository to try.
    """
    where = region if region in services.regions else services.regions[0]
    repository = names[0] if names else ""
    await learn_caller(services)
    probes = tuple(await asyncio.gather(*(_try(services, use.action, where, repository) for use in actions_to_try())))
    return await run_in_threadpool(check_of, services, where, names, probes)


async def _try(services: Services, action: str, region: str, repository: str) -> Probe:
    try:
        return await services.calls.run(region, services.aws.probe, action, region, repository)
    except Problem as problem:  # it concerns only this call
        return Probe(action, allowed=None, problem=problem)
