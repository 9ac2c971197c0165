"""The sentences of every problem, in one table: what happened, and what to do next.

A test fails for a code that is raised and missing here, and for one without a Japanese translation.
"""

from __future__ import annotations

from app.errors import Problem
from app.messages.problems_aws import AWS_WORDS
from app.messages.problems_commands import COMMAND_WORDS
from app.messages.problems_deployments import DEPLOYMENT_WORDS
from app.messages.problems_findings import FINDING_WORDS
from app.messages.problems_policies import POLICY_WORDS
from app.wording import N_, Words, fill

WORDS: dict[str, Words] = {
    **AWS_WORDS,
    **COMMAND_WORDS,
    **DEPLOYMENT_WORDS,
    **FINDING_WORDS,
    **POLICY_WORDS,
    # Operations.
    "operation.not_found": Words(
        N_("Operation not found."),
        N_("Find it in History."),
    ),
    "operation.not_ended": Words(
        N_("This operation is still running."),
        N_("Wait until it has ended, or cancel it first."),
    ),
    "operation.ended": Words(
        N_("This operation has ended."),
        N_("There is nothing to cancel. Look at its result."),
    ),
    "operation.preview_needed": Words(
        N_("This change to %(repository)s must be previewed first."),
        N_("Open the preview, check what it changes, then confirm."),
    ),
    "operation.nothing_to_retry": Words(
        N_("This operation did what was requested, so there is nothing to retry."),
        N_("To do it again, start a new operation."),
    ),
    "operation.superseded": Words(
        N_("A later request for the same service and repository was carried out first."),
        N_("Nothing was changed by this operation. Start it again if you still want it."),
    ),
    "role.deactivating": Words(
        N_("The image puller role of %(service)s is being deactivated, so no repository can be added."),
        N_("Wait until operation %(operation)s ends, or cancel it. Then try again."),
    ),
    "role.switched_on": Words(
        N_("The image puller role of %(service)s was activated again while it was being deactivated."),
        N_("If it should be off, choose Retry."),
    ),
    "operation.is_batch": Words(
        N_("This operation belongs to a batch and can't be retried by itself."),
        N_("Open the batch and choose Retry failed."),
    ),
    "batch.not_found": Words(
        N_("Batch not found."),
        N_("Find it in History."),
    ),
    "batch.not_ended": Words(
        N_("This batch is still running."),
        N_("Wait until it has ended, or cancel the rest of it first."),
    ),
    "batch.ended": Words(
        N_("This batch has ended."),
        N_("There is nothing to cancel. Look at its result, or choose Undo all."),
    ),
    "batch.empty": Words(
        N_("The batch names no repository."),
        N_("Choose at least one repository, or a pattern that matches one."),
    ),
    "batch.no_match": Words(
        N_("No repository matches %(match)s, or there is nothing to do in those that match."),
        N_("Check the pattern. Names are matched whole, and * stands for any characters."),
    ),
    "batch.too_many": Words(
        N_("A batch can have %(most)s items; this one would have %(count)s."),
        N_("Choose fewer repositories or services, and start several batches."),
    ),
    "batch.items_failed": Words(
        N_("%(failed)s of %(count)s repositories could not be changed."),
        N_("Open the batch to see why, fix it, then choose Retry failed."),
    ),
    "images.too_many": Words(
        N_("The repository has more than %(count)s images with tags, so its newest one isn't known."),
        N_("Delete images that aren't needed, for example with a lifecycle policy."),
    ),
    "batch.nothing_to_repair": Words(
        N_("There is no access to repair."),
        N_("See the list of findings for what a person has to do."),
    ),
    "batch.changed": Words(
        N_("Something has changed since the preview. Nothing was started."),
        N_("Preview again, and start what is shown then."),
    ),
    "batch.nothing_to_retry": Words(
        N_("Nothing in this batch failed."),
        N_("There is nothing to retry."),
    ),
    "batch.nothing_to_undo": Words(
        N_("This batch changed no repository policy."),
        N_("Nothing to undo."),
    ),
    "batch.undone": Words(
        N_("The changes of this batch are already undone, or are being undone."),
        N_("Nothing to undo."),
    ),
    "operation.nothing_to_undo": Words(
        N_("This operation wrote no repository policy."),
        N_("Nothing to undo."),
    ),
    "repository.bad_name": Words(
        N_("“%(repository)s” isn't a valid Amazon ECR repository name."),
        N_("Use 2 to 256 lowercase letters, digits, and . _ - / between them."),
    ),
    "permissions.too_many_names": Words(
        N_("%(count)s repositories are named; a policy takes at most %(most)s."),
        N_("Name fewer, or a pattern such as team/*."),
    ),
    "access.denied": Words(
        N_(
            "An explicit deny in statement %(statement)s of the policy of %(repository)s overrides the allow for %(service)s."
        ),
        N_("Change or remove that statement, then try again."),
    ),
    "access.denied_by_registry": Words(
        N_(
            "An explicit deny in statement %(statement)s of the registry policy of %(region)s overrides the allow for %(service)s on %(repository)s."
        ),
        N_("Change that statement in the ECR console under Private registry, Permissions. Then try again."),
    ),
    "preview.other_repository": Words(
        N_("The preview shows %(previewed)s, but the form names %(repository)s. Nothing was changed."),
        N_("Preview %(repository)s, or enter %(previewed)s again."),
    ),
    "preview.outdated": Words(
        N_("The preview of %(repository)s is out of date. Nothing was changed."),
        N_("Compare what you previewed with what would be done now, then confirm again."),
    ),
    "role.still_named": Words(
        N_("%(service)s could not be taken out of every policy; it is left in: %(repositories)s."),
        N_("Check those removals in History. The role was not deactivated."),
    ),
    "role.off_but_named": Words(
        N_("The role of %(service)s is off, but these repositories have named it since: %(repositories)s."),
        N_("Check those removals in History, then remove the service from these repositories."),
    ),
    "role.preview_outdated": Words(
        N_("Something has changed since the preview. Nothing was started."),
        N_("Open the preview again, check what it changes, then confirm."),
    ),
    "role.not_put_back": Words(
        N_("The role of %(service)s is active, but its statement could not be put back everywhere: %(repositories)s."),
        N_("See in History why those changes failed. To give access again, add the repository."),
    ),
    "role.was_off": Words(
        N_("The role of %(service)s was off before this deactivation. What it removed named deleted roles only."),
        N_("ECR refuses principals that no longer exist. To give access, add the repositories again."),
    ),
    "role.unrecorded": Words(
        N_("This deactivation was made by an earlier release, which did not record the role of %(service)s."),
        N_("Activate the role, and add the repositories again."),
    ),
    "role.unchanged": Words(
        N_("This deactivation changed nothing."),
        N_("Nothing to undo."),
    ),
    "repository.other_region": Words(
        N_("The repository %(repository)s doesn't exist in %(region)s, but in %(others)s."),
        N_(
            "A container service pulls only from repositories of its own region: copy the image, or use a service there."
        ),
    ),
    "repository.missing": Words(
        N_("No repository was named."),
        N_("Choose one from the list, or type its name."),
    ),
    "repository.odd_characters": Words(
        N_("The name contains characters that no repository name can have: %(characters)s."),
        N_("Retype the name; pasted text may contain hidden characters."),
    ),
    "repository.of_other_region": Words(
        N_("%(repository)s is in %(other)s, but this service is in %(region)s."),
        N_(
            "A container service pulls only from repositories of its own region: copy the image, or use a service there."
        ),
    ),
    "repository.of_other_account": Words(
        N_("%(repository)s is in account %(other)s, but Sailpass is signed in to account %(account)s."),
        N_(
            "Start Sailpass with credentials of account %(other)s, or push the image to a repository of account %(account)s."
        ),
    ),
    "repository.of_other_partition": Words(
        N_("%(repository)s is in AWS partition %(other)s, where an account with the same ID is another account."),
        N_("Lightsail is only in partition aws. Push the image to a repository of this account."),
    ),
    "repository.account_unknown": Words(
        N_("Sailpass can't tell yet whether %(repository)s of account %(other)s is in its own account."),
        N_("Enter only the repository's name, or try again in a moment."),
    ),
    "repository.public_ecr": Words(
        N_("%(image)s is in Amazon ECR Public, where every service can pull without a policy."),
        N_("Use that image in the deployment as it is, or enter the name of a private repository."),
    ),
    "repository.other_registry": Words(
        N_("%(registry)s is not Amazon ECR, so there is no repository policy to change."),
        N_("Use a public image in the deployment as it is; push a private one to Amazon ECR first."),
    ),
    "aws.page_slow": Words(
        N_("AWS has not answered within %(seconds)s seconds."),
        N_("Known data is shown. The rest appears when AWS answers."),
    ),
    "storage.unavailable": Words(
        N_("Sailpass can't use its database right now."),
        N_("Try again in a moment. Operations already accepted continue once the database is back."),
    ),
    "storage.failed": Words(
        N_("Sailpass cannot use its own database: %(reason)s."),
        N_("Check the database, its disk and its permissions, then try again. Nothing was started."),
    ),
    "internal": Words(
        N_("Sailpass failed unexpectedly."),
        N_("Try again; if it happens again, look at the server's log for the reference %(reference)s."),
    ),
    "server.busy": Words(
        N_("Sailpass is busy with other requests."),
        N_("Try again in a moment."),
    ),
    "server.exhausted": Words(
        N_("The server has no open files or memory left: %(reason)s."),
        N_("Try again in a moment. If it happens often, raise the server's limits, for example with “ulimit -n 4096”."),
    ),
    # From programs.
    "request.not_found": Words(
        N_("Not found: %(path)s."),
        N_("See /api/docs for what exists."),
    ),
    "request.wrong_method": Words(
        N_("%(path)s doesn't support %(method)s."),
        N_("See /api/docs for what it accepts."),
    ),
    "request.invalid": Words(
        N_("Invalid request: %(where)s: %(why)s."),
        N_("See /api/docs for what is expected."),
    ),
    "request.no_text": Words(
        N_("The address or a field holds a character that cannot be part of any name or text."),
        N_("Retype it; pasted text may contain hidden characters."),
    ),
    "request.unknown_field": Words(
        N_("Unknown form field: %(field)s."),
        N_("Reload the page, then try again. Nothing was changed."),
    ),
    "request.repeated_field": Words(
        N_("The form has more than one field named %(field)s."),
        N_("Reload the page, then try again. Nothing was changed."),
    ),
    "request.bad_cursor": Words(
        N_("Invalid cursor."),
        N_("Take it from `next` of the page before, or leave it out for the first page."),
    ),
    "request.unknown_host": Words(
        N_("Sailpass isn't set up to be reached under this host name."),
        N_("Add the name to SAILPASS_ALLOWED_HOSTS, without a port, and restart Sailpass."),
    ),
    "request.cross_origin": Words(
        N_("The request comes from another site's page."),
        N_("Send it from a program, or from the console itself."),
    ),
    "request.too_large": Words(
        N_("The request is too large."),
        N_("Send at most 256 KB."),
    ),
    "request.unreadable": Words(
        N_("The request can't be read."),
        N_("Send JSON in UTF-8, with numbers of at most 4,300 digits and without thousands of levels."),
    ),
    "request.refused": Words(
        N_("The request was refused (HTTP %(status)s)."),
        N_("See /api/docs for what is expected."),
    ),
    "region.not_configured": Words(
        N_("%(region)s isn't configured. Regions: %(regions)s."),
        N_("Name one of those, or add the region to SAILPASS_REGIONS."),
    ),
    # Sign-in.
    "auth.sign_in_needed": Words(
        N_("Sign-in required: the request has no valid session or token."),
        N_("Send “Authorization: Bearer …” with a token that “sailpass token” printed."),
    ),
    "auth.out_of_scope": Words(
        N_("%(name)s has the scope “%(scope)s”, which doesn't include this request."),
        N_("Use a token with a wider scope; “sailpass token NAME --scope change” prints one where the server runs."),
    ),
    "auth.too_many_tries": Words(
        N_("This sign-in link isn't valid, and there were too many attempts from your address."),
        N_("Wait %(seconds)s seconds, then use a new link."),
    ),
    "auth.link_not_found": Words(
        N_("Sign-in link not found: %(id)s."),
        N_(
            "It may have been used, replaced, or revoked, or it has expired. To list valid links, run “sailpass sign-in-link --list”."
        ),
    ),
    "auth.session_not_found": Words(
        N_("Session not found: %(id)s."),
        N_("It may have ended. To list sessions, run “sailpass session --list”."),
    ),
    "auth.token_bad_name": Words(
        N_("“%(name)s” isn't a valid token name."),
        N_("Use 1 to 64 letters, digits, and . _ - between them."),
    ),
    "auth.token_bad_expiry": Words(
        N_("“%(expires)s” isn't an expiry for a token."),
        N_("Use 1 to 3650 days, such as 30d, or never for a token that doesn't expire."),
    ),
    "auth.token_name_taken": Words(
        N_("A token named %(name)s already exists."),
        N_("Choose another name, or revoke that one first."),
    ),
    "auth.token_not_found": Words(
        N_("Token not found: %(name)s."),
        N_("See the names with “sailpass token --list”; one that has been revoked is gone."),
    ),
    # From Lightsail.
    "service.not_found": Words(
        N_("The container service %(service)s doesn't exist in %(region)s."),
        N_("Check the name and the region; it may have been deleted."),
    ),
    "service.busy": Words(
        N_("The container service %(service)s is %(state)s and can't be changed now."),
        N_("Wait until it is READY or RUNNING, then try again."),
    ),
    "service.refused": Words(
        N_("Lightsail refused the change to the container service %(service)s."),
        N_("Read AWS's message below; nothing was changed."),
    ),
    "service.never_settled": Words(
        N_("The container service %(service)s was still %(state)s after %(minutes)s minutes."),
        N_("See its state in the Lightsail console; once it is READY or RUNNING, choose Retry."),
    ),
    "role.never_appeared": Words(
        N_("AWS did not finish activating the image puller role of %(service)s within %(minutes)s minutes."),
        N_("See the service in the Lightsail console (it is %(state)s), then choose Retry; it continues from here."),
    ),
    "role.never_off": Words(
        N_("AWS did not finish switching off the image puller role of %(service)s within %(minutes)s minutes."),
        N_("See the service in the Lightsail console (it is %(state)s), then choose Retry; it continues from here."),
    ),
    "role.switched_off": Words(
        N_("The image puller role of %(service)s was deactivated outside Sailpass."),
        N_("If it should be on, choose Retry: it is activated again."),
    ),
    # From ECR.
    "repository.not_found": Words(
        N_("The repository %(repository)s doesn't exist in %(region)s."),
        N_(
            "Check the name; the repository must be in the same Region and account as the container service. If it was "
            "deleted, create it again, then try again."
        ),
    ),
    "image.not_found": Words(
        N_("The image is no longer in the repository %(repository)s."),
        N_("Reload the list of images."),
    ),
    "image.kms_error": Words(
        N_("ECR can't decrypt the image in the repository %(repository)s."),
        N_(
            "Enable the repository's KMS key. If ECR's grant on it was revoked, create the repository again and push the image."
        ),
    ),
    "lifecycle.not_found": Words(
        N_("The repository %(repository)s has no lifecycle policy."),
        N_("Reload the page; the policy may have been deleted."),
    ),
    "registry.no_policy": Words(
        N_("The registry has no registry policy."),
        N_("Nothing to do: without a registry policy, the repository policy alone decides."),
    ),
}


def words_of(problem: Problem) -> Words | None:
    """Return the sentences of a problem, those for its `reason` if it has some; None for a code without sentences."""
    return WORDS.get(f"{problem.code}/{problem.params.get('reason', '')}") or WORDS.get(problem.code)


def what_happened(problem: Problem) -> str:
    """Return the English sentence of what happened, for terminals, logs and programs."""
    return fill((words_of(problem) or WORDS[problem.code]).what, problem.params)


def what_to_do(problem: Problem) -> str:
    """Return the English sentence of what to do next."""
    return fill((words_of(problem) or WORDS[problem.code]).todo, problem.params)
