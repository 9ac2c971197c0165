"""The sentences of findings by code: what is wrong, and what to do about it. Must never decide anything.

What a policy's own findings say stands in `policy.messages`; here are the others, and what to do about each.
"""

from __future__ import annotations

from app.findings.finding import Repair
from app.policy.messages import WORDS as POLICY_WORDS
from app.wording import N_

WORDS: dict[str, str] = {
    "finding.access_removed": N_("Access of %(service)s was removed outside Sailpass."),
    "finding.account_pulls": N_("Statement %(statement)s allows the whole account %(account)s to pull."),
    "finding.account_pushes": N_("Statement %(statement)s allows the whole account %(account)s to push images."),
    "finding.account_writes": N_("Statement %(statement)s allows the whole account %(account)s to change this repository."),
    "finding.image_archived": N_("Deployment %(version)s of %(service)s names image %(reference)s, which is archived and can't be pulled."),
    "finding.image_gone": N_("Deployment %(version)s of %(service)s names image %(reference)s, which no longer exists."),
    "finding.repository_gone": N_("Deployment %(version)s of %(service)s names an image in repository %(repository)s, which doesn't exist."),
    "finding.stack_deactivates": N_("CloudFormation stack %(stack)s manages %(service)s, but Sailpass activated its image puller role. If the template still has no PrivateRegistryAccess, the next stack update deactivates the role."),
    "finding.stack_may_deactivate": N_("CloudFormation stack %(stack)s manages %(service)s. If its template has no PrivateRegistryAccess, the next stack update deactivates the image puller role. Sailpass can't read the template."),
}  # fmt: skip

_REPAIR = N_("Choose Repair access. It replaces the statement with the current principal ARN of the image puller role.")
_PRUNE = N_("Choose Remove dead principals. Until then, ECR rejects every change to this policy.")
_DENY = N_("Change or remove the deny statement. Adding the repository again doesn't help.")
_CONDITION = N_("Check the condition. If the service should always pull, remove the condition from the statement.")
_OPEN = N_("If this isn't intended, name the principals that need access instead.")
_EDIT = N_("Correct the statement in the repository policy.")
_BROKEN = N_("Open the repository to see the corrected policy, and write it.")
_IMAGE = N_("Running containers aren't affected, but the image can't be pulled again. Push it again with this tag, or deploy another image.")  # fmt: skip
_STACK = N_("Check the template. Add these lines to the properties of the service if they are missing. If it has them, dismiss this finding.")  # fmt: skip
_REGISTRY = N_("Change or remove the deny statement in the registry policy: in the Amazon ECR console, choose Private registry, Permissions.")  # fmt: skip

WHAT_TO_DO: dict[str, str] = {
    "finding.access_removed": N_(
        "If this wasn't intended, choose Repair access to add it again. Otherwise, dismiss the finding."
    ),
    "finding.account_pulls": _OPEN,
    "finding.account_pushes": _OPEN,
    "finding.account_writes": _OPEN,
    "finding.everyone_pulls": _OPEN,
    "finding.everyone_pushes": _OPEN,
    "finding.everyone_writes": _OPEN,
    "finding.general_role": _REPAIR,
    "finding.stale_role": _REPAIR,
    "finding.inactive_role": _REPAIR,
    "finding.deleted_principal": _PRUNE,
    "finding.no_principal": _PRUNE,
    "finding.guessed_service": _EDIT,
    "finding.image_archived": N_("Running containers aren't affected, but the image can't be pulled again. Restore it in Amazon ECR, or deploy another image."),
    "finding.image_gone": _IMAGE,
    "finding.repository_gone": N_("Running containers aren't affected, but the image can't be pulled again. Deploy an image of an existing repository."),
    "finding.stack_deactivates": _STACK,
    "finding.stack_may_deactivate": _STACK,
    "finding.near_limit": N_("Open the repository to see how to shorten the policy."),
    "finding.unreadable": _BROKEN,
    "finding.registry_policy": N_("Move the statement to the registry policy."),
    "finding.token_action": N_("Remove the action. It is harmless."),
    "finding.shared_sid": N_("Give each statement a Sid of its own."),
    "finding.resource_element": N_("Remove the Resource element from the statement."),
    "verdict.action_missing": _REPAIR,
    "verdict.other_actions": _REPAIR,
    "verdict.not_named": _REPAIR,
}  # fmt: skip
_WHAT_TO_DO_BY_START = {
    "verdict.denied_in_registry": _REGISTRY,
    "verdict.denied": _DENY,
    "verdict.": _CONDITION,
    "mend.": _BROKEN,
}


def sentence_of(code: str) -> str:
    """Return the template of what is wrong. Raises KeyError for a code that has no words."""
    return WORDS.get(code) or POLICY_WORDS[code]


def todo_of(code: str, repair: Repair = Repair.NONE) -> str:
    """Return the template of what to do about it; `repair` is the operation that repairs it."""
    if repair is Repair.REPAIR and WHAT_TO_DO.get(code) == _PRUNE:
        return _REPAIR
    if code in WHAT_TO_DO:
        return WHAT_TO_DO[code]
    return next((todo for start, todo in _WHAT_TO_DO_BY_START.items() if code.startswith(start)), _EDIT)
