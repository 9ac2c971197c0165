"""Fills the Permissions page: the IAM policies a person needs, and what Check permissions found."""

from __future__ import annotations

import re

from app.aws.ports import Probe
from app.bootstrap import Services
from app.console.iam_hint import lacks_permission
from app.errors import Problem
from app.messages.labels import what
from app.operations.repository_name import check_name
from app.policy.permissions import (
    ACTIONS_USED,
    ActionUse,
    Need,
    Scope,
    allowing,
    guide_policy,
    manage_policy,
    read_only_policy,
    to_text,
)
from app.web.pages import Said
from app.web.pages_permissions import Check, CheckedAction, IamPolicy, PermissionsPage
from app.web.show.frame import account
from app.wording import N_

ANY_ACCOUNT = "123456789012"
MOST_NAMES = 50


def names_in(text: str) -> tuple[str, ...]:
    """The repository names, or parts of names with * for the rest, that a person listed with spaces or commas between.

    Raises Problem `repository.bad_name` for what can be neither: a policy for it would allow nothing.
    """
    found = tuple(dict.fromkeys(name for name in re.split(r"[\s,]+", text[:4000]) if name))[:MOST_NAMES]
    for name in found:
        try:
            check_name(name.replace("*", "any"))
        except Problem as problem:
            raise Problem("repository.bad_name", repository=name) from problem
    return found


def permissions_page(
    services: Services, region: str, names: tuple[str, ...], check: Check | None = None
) -> PermissionsPage:
    """The policies for the account, a region and the named repositories, or any."""
    region = region if region in services.regions else services.regions[0]
    known = account(services)
    scope = Scope(known or ANY_ACCOUNT, (region,), names)
    return PermissionsPage(services.regions, region, names, policies(scope), known, ANY_ACCOUNT, check)


def policies(scope: Scope) -> tuple[IamPolicy, ...]:
    """AWS's guide's policy and ours, for the scope."""
    which = "named" if scope.repositories else "any"
    return (
        IamPolicy(
            f"complete-{which}",
            Said(N_("Everything Sailpass does")),
            Said(
                N_(
                    "See services and repositories, switch the image puller role, change and delete repository policies."
                )
            ),
            to_text(manage_policy(scope)),
        ),
        IamPolicy(
            f"read-only-{which}",
            Said(N_("Read only")),
            Said(N_("See everything, change nothing.")),
            to_text(read_only_policy(scope)),
        ),
        IamPolicy(
            f"guide-{which}",
            Said(N_("AWS's guide")),
            Said(
                N_(
                    "The four Amazon ECR actions of AWS's guide. It leaves out the Lightsail actions that the role needs."
                )
            ),
            to_text(guide_policy(scope)),
        ),
    )


def actions_to_try() -> tuple[ActionUse, ...]:
    """What the console does today, each of which can be tried harmlessly."""
    return tuple(use for use in ACTIONS_USED if use.need is not Need.DEPLOY)


def check_of(services: Services, region: str, names: tuple[str, ...], probes: tuple[Probe, ...]) -> Check:
    """What was found, with the statements that would add what is missing."""
    needed = {use.action: use.why for use in ACTIONS_USED}
    scope = Scope(account(services) or ANY_ACCOUNT, (region,), names)
    missing = [
        allowing(probe.action, scope) for probe in probes if lacks_permission(probe.problem) and probe.allowed is False
    ]
    unknown = [probe.problem for probe in probes if probe.allowed is None and probe.problem is not None]
    of_all = unknown[0] if len(unknown) == len(probes) and len({problem.code for problem in unknown}) == 1 else None
    return Check(
        region=region,
        actions=tuple(
            CheckedAction(probe.action, probe.allowed, Said(needed[probe.action]), _why(probe.problem))
            for probe in probes
        ),
        statement=to_text({"Version": "2012-10-17", "Statement": missing}) if missing else "",
        problem=of_all,
    )


def _why(problem: Problem | None) -> str:
    return what(problem) if problem else ""
