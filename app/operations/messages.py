"""The labels and sentences of operations, by their stored names; English here, other languages in the catalogues."""

from __future__ import annotations

from app.operations.state import Kind, Outcome, ReadSince, StepName, StepState
from app.wording import N_

KINDS: dict[Kind, str] = {
    Kind.GRANT: N_("Add repository"),
    Kind.REPAIR: N_("Repair access"),
    Kind.REVOKE: N_("Remove repository"),
    Kind.ACTIVATE: N_("Activate the image puller role"),
    Kind.DEACTIVATE: N_("Deactivate the image puller role"),
    Kind.REACTIVATE: N_("Undo a deactivation"),
    Kind.RESTORE: N_("Restore a repository policy"),
    Kind.UNDO: N_("Undo"),
    Kind.PRUNE: N_("Remove dead principals"),
    Kind.DEPLOY: N_("Deploy"),
    Kind.BATCH: N_("Change many repositories"),
    Kind.DRIFT: N_("Access removed outside Sailpass"),
    Kind.POLICY_DRIFT: N_("Repository policy changed outside Sailpass"),
    Kind.REPOSITORY_DELETED: N_("Repository deleted outside Sailpass"),
    Kind.REPOSITORY_RECREATED: N_("Repository deleted and created again outside Sailpass"),
    Kind.ROLE_ACTIVATED: N_("Image puller role activated outside Sailpass"),
    Kind.ROLE_DEACTIVATED: N_("Image puller role deactivated outside Sailpass"),
    Kind.ROLE_RECREATED: N_("Image puller role deactivated and activated again outside Sailpass"),
    Kind.SERVICE_DELETED: N_("Container service deleted outside Sailpass"),
    Kind.SERVICE_RECREATED: N_("Container service deleted and created again outside Sailpass"),
}

# The title of an operation's progress.
TITLES: dict[Kind, str] = {
    Kind.GRANT: N_("Adding %(repository)s"),
    Kind.REPAIR: N_("Repairing access to %(repository)s"),
    Kind.REVOKE: N_("Removing %(repository)s"),
    Kind.ACTIVATE: N_("Activating the image puller role of %(service)s"),
    Kind.DEACTIVATE: N_("Deactivating the image puller role of %(service)s"),
    Kind.REACTIVATE: N_("Undoing the deactivation of the image puller role of %(service)s"),
    Kind.RESTORE: N_("Restoring the policy of %(repository)s"),
    Kind.UNDO: N_("Undoing a change to %(repository)s"),
    Kind.PRUNE: N_("Removing dead principals from %(repository)s"),
    Kind.DEPLOY: N_("Deploying to %(service)s"),
    Kind.BATCH: N_("Changing many repositories for %(service)s"),
    Kind.DRIFT: N_("Access to %(repository)s removed outside Sailpass"),
    Kind.POLICY_DRIFT: N_("Policy of %(repository)s changed outside Sailpass"),
    Kind.REPOSITORY_DELETED: N_("%(repository)s deleted outside Sailpass"),
    Kind.REPOSITORY_RECREATED: N_("%(repository)s deleted and created again outside Sailpass"),
    Kind.ROLE_ACTIVATED: N_("Image puller role of %(service)s activated outside Sailpass"),
    Kind.ROLE_DEACTIVATED: N_("Image puller role of %(service)s deactivated outside Sailpass"),
    Kind.ROLE_RECREATED: N_("Image puller role of %(service)s deactivated and activated again outside Sailpass"),
    Kind.SERVICE_DELETED: N_("%(service)s deleted outside Sailpass"),
    Kind.SERVICE_RECREATED: N_("%(service)s deleted and created again outside Sailpass"),
}

DONE_TITLES: dict[Kind, str] = {
    Kind.GRANT: N_("Added %(repository)s"),
    Kind.REPAIR: N_("Repaired access to %(repository)s"),
    Kind.REVOKE: N_("Removed %(repository)s"),
    Kind.ACTIVATE: N_("Activated the image puller role of %(service)s"),
    Kind.DEACTIVATE: N_("Deactivated the image puller role of %(service)s"),
    Kind.REACTIVATE: N_("Undid the deactivation of the image puller role of %(service)s"),
    Kind.RESTORE: N_("Restored the policy of %(repository)s"),
    Kind.UNDO: N_("Undid a change to %(repository)s"),
    Kind.PRUNE: N_("Removed dead principals from %(repository)s"),
    Kind.DEPLOY: N_("Deployed to %(service)s"),
    Kind.BATCH: N_("Changed many repositories for %(service)s"),
}

FAILED_TITLES: dict[Kind, str] = {
    Kind.GRANT: N_("Couldn't add %(repository)s"),
    Kind.REPAIR: N_("Couldn't repair access to %(repository)s"),
    Kind.REVOKE: N_("Couldn't remove %(repository)s"),
    Kind.ACTIVATE: N_("Couldn't activate the image puller role of %(service)s"),
    Kind.DEACTIVATE: N_("Couldn't deactivate the image puller role of %(service)s"),
    Kind.REACTIVATE: N_("Couldn't undo the deactivation of the image puller role of %(service)s"),
    Kind.RESTORE: N_("Couldn't restore the policy of %(repository)s"),
    Kind.UNDO: N_("Couldn't undo a change to %(repository)s"),
    Kind.PRUNE: N_("Couldn't remove dead principals from %(repository)s"),
    Kind.DEPLOY: N_("Couldn't deploy to %(service)s"),
    Kind.BATCH: N_("Couldn't change every repository for %(service)s"),
}

NOTHING_TITLES: dict[Kind, str] = {
    Kind.GRANT: N_("Nothing to add: %(repository)s"),
    Kind.REPAIR: N_("Nothing to repair: access to %(repository)s"),
    Kind.REVOKE: N_("Nothing to remove: %(repository)s"),
    Kind.ACTIVATE: N_("The image puller role of %(service)s was active already"),
    Kind.DEACTIVATE: N_("The image puller role of %(service)s was off already"),
    Kind.REACTIVATE: N_("Nothing to undo: the deactivation of the image puller role of %(service)s"),
    Kind.RESTORE: N_("Nothing to restore: the policy of %(repository)s"),
    Kind.UNDO: N_("Nothing to undo: a change to %(repository)s"),
    Kind.PRUNE: N_("No dead principals to remove from %(repository)s"),
    Kind.DEPLOY: N_("Nothing to deploy to %(service)s"),
    Kind.BATCH: N_("Nothing to change for %(service)s"),
}

ENDED_TITLES: dict[Outcome, dict[Kind, str]] = {
    Outcome.SUCCEEDED: DONE_TITLES,
    Outcome.FAILED: FAILED_TITLES,
    Outcome.NOTHING_TO_DO: NOTHING_TITLES,
}

# Of what ended otherwise, around the title that says what was being done.
AROUND_TITLES: dict[Outcome, str] = {
    Outcome.CANCELLED: N_("Cancelled: %(title)s"),
    Outcome.INTERRUPTED: N_("Interrupted: %(title)s"),
}

STEPS: dict[StepName, str] = {
    StepName.ACTIVATE_ROLE: N_("Activate the image puller role"),
    StepName.WAIT_FOR_ROLE: N_("Wait for the role"),
    StepName.UPDATE_POLICY: N_("Update the repository policy"),
    StepName.VERIFY_ACCESS: N_("Verify access"),
    StepName.VERIFY_REMOVAL: N_("Verify that access is gone"),
    StepName.VERIFY_POLICY: N_("Verify the repository policy"),
    StepName.REMOVE_STATEMENTS: N_("Remove the role from repository policies"),
    StepName.DEACTIVATE_ROLE: N_("Deactivate the image puller role"),
    StepName.WAIT_FOR_ROLE_OFF: N_("Wait until the role is off"),
    StepName.PUT_BACK_STATEMENTS: N_("Put back the removed statements"),
    StepName.CHECK_DEPLOYMENT: N_("Check image and access"),
    StepName.GRANT_ACCESS: N_("Grant access"),
    StepName.DEPLOY: N_("Deploy"),
    StepName.WATCH_DEPLOYMENT: N_("Watch"),
    StepName.ROLL_BACK: N_("Roll back"),
    StepName.CHANGE_POLICIES: N_("Change the repository policies"),
}

STEP_STATES: dict[StepState, str] = {
    StepState.PENDING: N_("Not started"),
    StepState.RUNNING: N_("In progress"),
    StepState.SUCCEEDED: N_("Done"),
    StepState.SKIPPED: N_("Not needed"),
    StepState.FAILED: N_("Failed"),
    StepState.CANCELLED: N_("Cancelled"),
    StepState.INTERRUPTED: N_("Interrupted"),
}

OUTCOMES: dict[Outcome, str] = {
    Outcome.SUCCEEDED: N_("Succeeded"),
    Outcome.NOTHING_TO_DO: N_("Nothing to do"),
    Outcome.FAILED: N_("Failed"),
    Outcome.CANCELLED: N_("Cancelled"),
    Outcome.INTERRUPTED: N_("Interrupted"),
    Outcome.SEEN: N_("Detected"),
}

# The end of an operation in one sentence. The details of a failure are in its problem; this is the effect on access.
ENDINGS: dict[tuple[Kind, Outcome], str] = {
    (Kind.GRANT, Outcome.SUCCEEDED): N_("%(service)s can now pull images from %(repository)s."),
    (Kind.GRANT, Outcome.NOTHING_TO_DO): N_("%(service)s already has access to %(repository)s."),
    (Kind.REPAIR, Outcome.SUCCEEDED): N_("%(service)s can pull images from %(repository)s again."),
    (Kind.REPAIR, Outcome.NOTHING_TO_DO): N_("Access of %(service)s to %(repository)s needed no repair."),
    (Kind.REVOKE, Outcome.SUCCEEDED): N_("%(service)s can no longer pull images from %(repository)s."),
    (Kind.REVOKE, Outcome.NOTHING_TO_DO): N_("%(repository)s gave %(service)s no access by name."),
    (Kind.ACTIVATE, Outcome.SUCCEEDED): N_("The image puller role of %(service)s is active."),
    (Kind.ACTIVATE, Outcome.NOTHING_TO_DO): N_("The image puller role of %(service)s was active already."),
    (Kind.DEACTIVATE, Outcome.SUCCEEDED): N_("The image puller role of %(service)s is off."),
    (Kind.DEACTIVATE, Outcome.NOTHING_TO_DO): N_("The image puller role of %(service)s was off already."),
    (Kind.REACTIVATE, Outcome.SUCCEEDED): N_(
        "The image puller role of %(service)s is active, and what its deactivation had removed from repository policies is in them again."
    ),
    (Kind.REACTIVATE, Outcome.NOTHING_TO_DO): N_("The image puller role of %(service)s was active already."),
    (Kind.RESTORE, Outcome.SUCCEEDED): N_("The recorded policy of %(repository)s is restored."),
    (Kind.RESTORE, Outcome.NOTHING_TO_DO): N_("%(repository)s has this policy already."),
    (Kind.UNDO, Outcome.SUCCEEDED): N_("The change to %(repository)s was undone."),
    (Kind.UNDO, Outcome.NOTHING_TO_DO): N_("That change is no longer in the policy of %(repository)s."),
    (Kind.PRUNE, Outcome.SUCCEEDED): N_("The dead principals were removed from %(repository)s."),
    (Kind.PRUNE, Outcome.NOTHING_TO_DO): N_("%(repository)s names none of these principals."),
    (Kind.DEPLOY, Outcome.SUCCEEDED): N_("%(service)s now runs this deployment."),
    (Kind.DEPLOY, Outcome.NOTHING_TO_DO): N_("%(service)s already runs this deployment."),
    (Kind.BATCH, Outcome.SUCCEEDED): N_("All repositories of this batch are done."),
    (Kind.BATCH, Outcome.NOTHING_TO_DO): N_("All repositories of this batch were as requested already."),
    (Kind.DRIFT, Outcome.SEEN): N_(
        "The policy of %(repository)s no longer names the image puller role of %(service)s. It was changed outside Sailpass."
    ),
    (Kind.POLICY_DRIFT, Outcome.SEEN): N_("The policy of %(repository)s was changed outside Sailpass."),
    (Kind.REPOSITORY_DELETED, Outcome.SEEN): N_("%(repository)s was deleted outside Sailpass."),
    (Kind.REPOSITORY_RECREATED, Outcome.SEEN): N_(
        "%(repository)s was deleted and created again outside Sailpass. Access to it must be added again."
    ),
    (Kind.ROLE_ACTIVATED, Outcome.SEEN): N_("The image puller role of %(service)s was activated outside Sailpass."),
    (Kind.ROLE_DEACTIVATED, Outcome.SEEN): N_(
        "The image puller role of %(service)s was deactivated outside Sailpass. The service can pull no private image."
    ),
    (Kind.ROLE_RECREATED, Outcome.SEEN): N_(
        "The image puller role of %(service)s was deactivated and activated again outside Sailpass. It has a new principal, which repository policies don't name yet."
    ),
    (Kind.SERVICE_DELETED, Outcome.SEEN): N_(
        "%(service)s was deleted outside Sailpass. Repository policies may still name its image puller role."
    ),
    (Kind.SERVICE_RECREATED, Outcome.SEEN): N_(
        "%(service)s was deleted and created again outside Sailpass. Access must be added to the new service."
    ),
}
GIVEN_UNDER_A_CONDITION = N_(
    "%(service)s can pull images from %(repository)s only while a condition of the policy holds."
)
REACTIVATED_ALONE = N_(
    "The image puller role of %(service)s is active. Its deactivation had removed nothing from repository policies. Policies that name the role's old principal need Repair access."
)
FAILED_UNCHANGED = N_("The repository policy was not changed.")
FAILED_CHANGED = N_("The repository policy was changed before this failed. Both versions are recorded here.")
CANCELLED_UNCHANGED = N_("It was cancelled before anything in the repository policy changed.")
CANCELLED_CHANGED = N_("It was cancelled after the repository policy had changed; the change can be undone.")
UNSURE = N_("It isn't known whether the repository policy was changed. Check it before you retry.")
# What a later reading of the policy shows, where AWS's answer to a write was lost.
NOT_DONE_READ_SINCE: dict[ReadSince, str] = {
    ReadSince.WITH_CHANGE: N_("AWS's answer was lost. The repository policy had the change when it was last read."),
    ReadSince.WITHOUT_CHANGE: N_(
        "AWS's answer was lost. The repository policy didn't have the change when it was last read."
    ),
}
# What became of it after the backup was made is in no record: none of these may claim to know it.
INTERRUPTED_CHANGED = N_(
    "A backup was restored that was made while this was running. By then the repository policy had been changed; what happened afterwards isn't known. Check the repository policy, then retry."
)
INTERRUPTED_UNSURE = N_(
    "A backup was restored that was made while this was running. It isn't known whether the repository policy was changed. Check it, then retry."
)
INTERRUPTED = N_(
    "A backup was restored that was made while this was running. What happened afterwards isn't known. Check the current state, then retry."
)
NOT_DEPLOYED = {
    Outcome.FAILED: N_("Nothing was deployed."),
    Outcome.CANCELLED: N_("It was cancelled before anything was deployed."),
    Outcome.INTERRUPTED: INTERRUPTED,
}
DEPLOYED = {
    Outcome.FAILED: N_("AWS accepted the deployment. The Deployments tab shows its state."),
    Outcome.CANCELLED: N_(
        "It was cancelled after AWS had accepted the deployment, which continues. The Deployments tab shows its state."
    ),
    Outcome.INTERRUPTED: INTERRUPTED,
}
NOT_DONE_BATCH = {
    Outcome.FAILED: N_("Not all repositories of this batch are done. Each one's own operation says what became of it."),
    Outcome.CANCELLED: N_("This batch was cancelled. Each repository's own operation says what became of it."),
    Outcome.INTERRUPTED: INTERRUPTED,
}
UNSURE_WRITE = N_("It isn't known whether AWS applied this change: no answer was recorded.")
WRITE_READ_SINCE: dict[ReadSince, str] = {
    ReadSince.WITH_CHANGE: N_("AWS's answer to this change was lost. The policy had the change when it was last read."),
    ReadSince.WITHOUT_CHANGE: N_(
        "AWS's answer to this change was lost. The policy didn't have the change when it was last read."
    ),
    ReadSince.OTHERWISE: N_(
        "It isn't known whether AWS applied this change: its answer was lost. When the policy was last read, it was "
        "different from both texts."
    ),
}

_CHANGED = {
    Kind.GRANT: "policy.merged",
    Kind.REPAIR: "policy.repaired",
    Kind.REVOKE: "policy.reduced",
    Kind.RESTORE: "policy.restored",
    Kind.UNDO: "policy.undone",
    Kind.PRUNE: "policy.pruned",
}
# The note of a step that had nothing to write, by kind; of the others it says no more than that.
_NO_CHANGE = {
    Kind.GRANT: "policy.unchanged",
    Kind.REPAIR: "policy.unchanged",
    Kind.DEPLOY: "policy.unchanged",
    Kind.REVOKE: "policy.nothing_named",
}


def note_of_change(kind: Kind) -> str:
    """Return the code of the note where the policy was written."""
    return _CHANGED[kind]


def note_of_no_change(kind: Kind) -> str:
    """Return the code of the note where the policy was as requested already."""
    return _NO_CHANGE.get(kind, "policy.as_requested")


CONDITIONAL = "access.conditional"
# Notes of a step: `Note.code` -> sentence.
NOTES: dict[str, str] = {
    "role.activating": N_("Requesting activation from AWS."),
    "role.was_active": N_("The role was active already."),
    "role.usually": N_("This usually takes less than a minute."),
    "role.was_off": N_("The role was off already."),
    "service.busy": N_("The service is %(state)s; waiting until AWS accepts changes."),
    "policy.unchanged": N_("The policy already allows it. Nothing was written."),
    "policy.as_requested": N_("The policy needs no change. Nothing was written."),
    "policy.nothing_named": N_("The policy does not name this service; nothing was written."),
    "policy.created": N_("The repository had no policy; one was created."),
    "policy.merged": N_("One statement was added. All other statements were kept."),
    "policy.repaired": N_("The statement was replaced. All other statements were kept."),
    "policy.reduced": N_("The service was removed. All other statements were kept."),
    "policy.deleted": N_("The policy was deleted, because no statements remained."),
    "policy.restored": N_("The policy was written as previewed."),
    "policy.undone": N_("The change was reverted. Other changes were kept."),
    "policy.pruned": N_("The principals were removed. Everything else was kept."),
    "policy.deletion_unconfirmed": N_(
        "The policy was deleted, but AWS's answer was lost. A change that someone made in the last moment may be lost too."
    ),
    "policy.unconfirmed": N_(
        "The policy is as requested, but AWS's answer to the change was lost, and someone else has changed the policy since."
    ),
    "policy.foreign_write": N_("The policy was changed outside Sailpass; merged with the current policy."),
    "principal.unknown_yet": N_("ECR doesn't recognize the new role yet; trying again in %(seconds)s s."),
    "aws.again": N_("AWS answered %(answer)s; trying again in %(seconds)s s."),
    "aws.silent": N_("AWS gave no answer; trying again in %(seconds)s s."),
    "aws.damaged": N_("The answer from AWS was incomplete or damaged. Trying again in %(seconds)s s."),
    "aws.no_keys": N_("The source of the AWS credentials did not answer. Trying again in %(seconds)s s."),
    "host.short": N_("The server is short of resources (%(answer)s). Trying again in %(seconds)s s."),
    "access.allowed": N_("The repository policy allows the role to pull. There is no registry policy."),
    "access.not_denied_by_registry": N_(
        "The repository policy allows the role to pull, and the registry policy, read %(seconds)s s before, doesn't deny it."
    ),
    "access.allowed_unread": N_(
        "The repository policy allows the role to pull. The registry policy couldn't be read, or hasn't been read yet."
    ),
    CONDITIONAL: N_("The policy allows the role to pull under a condition."),
    "access.left": N_("Access that isn't granted by name remains. See the repository's policy."),
    "access.gone": N_("The policy no longer names the role."),
    "policy.as_written": N_("Verified: the policy is as written."),
    "statements.removed": N_("Repositories changed: %(count)s."),
    "statements.kept": N_("Statements that name the role were kept, as requested."),
    "statements.none": N_("No repository policy named the service."),
    "statements.put_back": N_("Repositories changed: %(count)s."),
    "statements.in_place": N_("Repository policies have these statements already."),
    "statements.none_removed": N_("The deactivation had removed nothing from repository policies."),
    "deployment.checked": N_("%(image)s exists."),
    "deployment.unchecked": N_("The image couldn't be checked: %(permission)s isn't allowed."),
    "deployment.again": N_("Version %(version)s will be deployed again."),
    "deployment.granting": N_("Giving %(service)s access to %(repository)s."),
    "deployment.granted": N_("%(service)s was given access to %(repository)s."),
    "deployment.had_access": N_("%(service)s already had access to %(repository)s."),
    "deployment.created": N_("AWS accepted the deployment as version %(version)s."),
    "deployment.found": N_("AWS had already accepted the deployment as version %(version)s."),
    "deployment.other_meanwhile": N_(
        "AWS accepted the deployment as version %(version)s. Someone else deployed version %(other)s just before; check that nothing of it was lost."
    ),
    "deployment.unanswered": N_("AWS's answer was lost. Checking whether the deployment was accepted."),
    "deployment.usually": N_("This usually takes a few minutes."),
    "deployment.active": N_("Version %(version)s is active."),
    "rollback.deploying": N_("Deploying version %(version)s again."),
    "rollback.done": N_("Version %(version)s was deployed again as version %(as_version)s and is active."),
    "rollback.nothing": N_("There was no active version to roll back to."),
    "batch.done": N_("Repositories done: %(count)s."),
    "role.waits_for_grants": N_("Waiting for %(count)s operations that give this service access."),
}
