"""The sentences of problems with a repository policy. Plain data."""

from __future__ import annotations

from app.wording import N_, Words

POLICY_WORDS: dict[str, Words] = {
    "policy.changed_meanwhile": Words(
        N_("The policy of %(repository)s has changed since it was previewed."),
        N_("Review the new preview, then confirm. Nothing was written."),
    ),
    "policy.changed_after": Words(
        N_(
            "The policy of %(repository)s was changed outside Sailpass right after it was restored. That change was kept."
        ),
        N_("Review the current policy, and restore it again if needed."),
    ),
    "policy.old_reading": Words(
        N_(
            "AWS is too slow to change %(repository)s safely: too much time passed between reading and writing its policy."
        ),
        N_("Try again when AWS answers faster; nothing has been written."),
    ),
    "policy.contended": Words(
        N_(
            "Another user or tool keeps changing the policy of %(repository)s. Our change was undone after each of %(times)s attempts."
        ),
        N_("Find out which user or tool changes this policy, then try again."),
    ),
    "policy.dead_principals": Words(
        N_(
            "ECR refuses the policy of %(repository)s because it cannot find a principal that it names: %(principals)s."
        ),
        N_("Remove the principals that no longer exist, then try again."),
    ),
    "policy.not_dead": Words(
        N_("These principals may still exist, so they can't be removed as dead: %(principals)s."),
        N_("Preview the removal again. To remove a principal that exists, edit the policy yourself."),
    ),
    "policy.own_principal_not_found": Words(
        N_("ECR still doesn't recognize the service's new role after several minutes. %(repository)s was not changed."),
        N_("Try again in a few minutes. If ECR still refuses, check in Lightsail that the role is active."),
    ),
    "policy.some_principal_not_found": Words(
        N_(
            "ECR still refuses the policy of %(repository)s because it cannot find a principal, and it doesn't say which: the service's new role, or one of these: %(principals)s."
        ),
        N_("Try again in a few minutes. If ECR still refuses, one of the others no longer exists."),
    ),
    "policy.not_found": Words(
        N_("The repository %(repository)s has no policy."),
        N_("Reload the page; the policy may have been deleted."),
    ),
    "policy.principal_not_found": Words(
        N_("ECR cannot find a principal that the policy of %(repository)s names."),
        N_("ECR needs up to two minutes to recognize a new role. If the policy names a deleted principal, remove it."),
    ),
    "policy.refused": Words(
        N_("ECR refused the policy of %(repository)s. The policy was not changed."),
        N_("Read AWS's message below; ECR also refuses a policy that would lock you out of changing it."),
    ),
    "policy.not_json": Words(
        N_("The policy text isn't valid JSON (line %(line)s, column %(column)s)."),
        N_("Correct it there, or paste the text exactly as AWS returned it."),
    ),
    "policy.repeated_key": Words(
        N_("An object in the policy text says “%(key)s” more than once."),
        N_("Keep one of them. Nothing was changed, because using either would lose the other."),
    ),
    "policy.too_deep": Words(
        N_("The policy text is nested more than %(levels)s levels deep. No policy needs that."),
        N_("Look for a bracket or brace that is repeated, or for a document that was pasted into another."),
    ),
    "policy.pasted_documents": Words(
        N_("The policy text contains more than one policy document."),
        N_(
            "The repository's policy page shows the corrected text under “Do it yourself with the AWS CLI”. Review it, then write it."
        ),
    ),
    "policy.escaped_text": Words(
        N_("The policy text contains escape characters or other marks, so it isn't valid JSON."),
        N_(
            "The repository's policy page shows the corrected text under “Do it yourself with the AWS CLI”. Review it, then write it."
        ),
    ),
    "policy.no_statement": Words(
        N_("The policy text is JSON, but not a policy: it has no Statement."),
        N_("Paste the whole policy, from its first brace to its last."),
    ),
    "policy.malformed": Words(
        N_("Statement %(statement)s of the policy has no %(element)s that ECR would accept."),
        N_("Correct that statement. Each statement needs Effect, Principal, and Action."),
    ),
    "policy.too_long": Words(
        N_("The policy would have %(characters)s characters; ECR allows %(limit)s."),
        N_("Remove statements that are no longer needed, at least %(over)s characters of them, and try again."),
    ),
    "policy.no_puller": Words(
        N_("The container service %(service)s has no image puller role to grant access to yet (“%(principal)s”)."),
        N_("Activate its image puller role, wait until its principal ARN appears, and try again."),
    ),
    "policy.undo_conflict": Words(
        N_(
            "Statement %(statement)s has been changed outside this operation, so the change can't be undone automatically."
        ),
        N_("Compare both versions and edit the policy yourself, or restore a recorded policy."),
    ),
}
