"""The sentences of everything said about policies, by code. Must never decide anything.

A template's `%(name)s` places are filled from the verdict's or finding's params (`wording.fill`), after a reader's
language was chosen for the template. A code that is used anywhere and missing here fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.wording import N_, fill

WORDS: dict[str, str] = {
    "verdict.no_policy": N_("The repository has no policy, so nobody outside its account can pull from it."),
    "verdict.not_named": N_("No statement of the policy allows this principal to pull."),
    "verdict.other_actions": N_("Statement %(statement)s names this principal but does not allow %(actions)s."),
    "verdict.action_missing": N_("Statement %(statement)s allows only a part: %(actions)s is not allowed."),
    "verdict.allowed_named": N_("Statement %(statement)s allows this principal to pull."),
    "verdict.allowed_account": N_("Statement %(statement)s allows this principal's whole account to pull."),
    "verdict.allowed_everyone": N_("Statement %(statement)s allows everyone to pull."),
    "verdict.allowed_others": N_("Statement %(statement)s allows everyone but a few to pull; this principal is not among them."),
    "verdict.maybe_allowed": N_("Statement %(statement)s allows it only under a condition: %(conditions)s."),
    "verdict.maybe_denied": N_("Allowed, unless statement %(statement)s denies it under a condition: %(conditions)s."),
    "verdict.denied_named": N_("Statement %(statement)s denies this principal %(actions)s, and a Deny wins over every Allow."),
    "verdict.denied_account": N_("Statement %(statement)s denies this principal's whole account %(actions)s, and a Deny wins over every Allow."),
    "verdict.denied_everyone": N_("Statement %(statement)s denies everyone %(actions)s, and a Deny wins over every Allow."),
    "verdict.denied_others": N_("Statement %(statement)s denies everyone but a few %(actions)s, and a Deny wins over every Allow; this principal is not among the few."),
    "grant.denied": N_("Statement %(statement)s denies this principal all the same; a Deny wins over every Allow."),
    "grant.maybe_denied": N_("Statement %(statement)s may still deny this principal, under a condition: %(conditions)s."),
    "grant.covered_account": N_("Statement %(statement)s allows the principal's whole account already, so nothing was added; Remove cannot take that away."),
    "grant.covered_everyone": N_("Statement %(statement)s allows everyone already, so nothing was added; Remove cannot take that away."),
    "grant.covered_others": N_("Statement %(statement)s allows everyone but a few already, so nothing was added; Remove cannot take that away."),
    "revoke.still_account": N_("%(principal)s can still pull: statement %(statement)s allows its whole account."),
    "revoke.still_account_if": N_("%(principal)s may still pull: statement %(statement)s allows its whole account under a condition: %(conditions)s."),
    "revoke.still_everyone": N_("%(principal)s can still pull: statement %(statement)s allows everyone."),
    "revoke.still_everyone_if": N_("%(principal)s may still pull: statement %(statement)s allows everyone under a condition: %(conditions)s."),
    "revoke.still_others": N_("%(principal)s can still pull: statement %(statement)s allows everyone but a few."),
    "revoke.still_others_if": N_("%(principal)s may still pull: statement %(statement)s allows everyone but a few under a condition: %(conditions)s."),
    "revoke.deny_stays": N_("Statement %(statement)s denies %(principal)s something; it gives no access and stays."),
    "revoke.exempt_stays": N_("Statement %(statement)s leaves out %(principal)s (NotPrincipal); it stays as it is."),
    "prune.only_excluded": N_("Statement %(statement)s applies to everyone but %(principal)s (NotPrincipal), so it cannot be taken out there; write the statement anew."),
    "finding.general_role": N_("Statement %(statement)s names the general role of the container service %(service)s; ECR accepts it, but the service pulls by its image puller role, so its deployments fail without a word."),
    "finding.stale_role": N_("Statement %(statement)s names an image puller role that %(service)s no longer has; it was deactivated, or the service was created anew."),
    "finding.inactive_role": N_("Statement %(statement)s names the image puller role of %(service)s, which is inactive now."),
    "finding.deleted_principal": N_("Statement %(statement)s names %(principal)s, the id left of a deleted user or role; ECR refuses every change of the policy while it stands there."),
    "finding.no_principal": N_("Statement %(statement)s names “%(principal)s”, which is no principal; ECR refuses every change of the policy while it stands there."),
    "finding.guessed_service": N_("Statement %(statement)s names %(principal)s; Lightsail container services pull by a role of their own, never by a service principal."),
    "finding.everyone_pulls": N_("Statement %(statement)s lets every AWS account pull."),
    "finding.everyone_writes": N_("Statement %(statement)s lets every AWS account change the repository."),
    "finding.token_action": N_("Statement %(statement)s has ecr:GetAuthorizationToken, which has no effect in a repository's policy."),
    "finding.odd_action": N_("Statement %(statement)s has the action “%(action)s”, which is no action's name."),
    "finding.resource_element": N_("Statement %(statement)s has a Resource, which a repository's policy does not need; ECR may refuse it."),
    "finding.shared_sid": N_("More than one statement has the Sid “%(sid)s”; tools that go by Sid may change the wrong one."),
    "finding.half_granted": N_("The policy names %(principal)s but does not let it pull: %(actions)s is missing."),
    "finding.denied": N_("The policy allows %(principal)s, but statement %(statement)s denies it %(actions)s, and a Deny wins."),
    "finding.conditional": N_("Whether %(principal)s can pull hangs on a condition in statement %(statement)s: %(conditions)s."),
    "finding.near_limit": N_("The policy has %(characters)s of the %(limit)s characters that ECR allows."),
    "finding.unreadable": N_("The policy cannot be read (%(problem)s)."),
    "mend.pasted_documents": N_("A second policy document was pasted behind the first."),
    "mend.nested_documents": N_("A whole policy document stands among the statements of another."),
    "mend.escaped_text": N_("The text was copied with its escapes, or only a part of them was taken out."),
    "mend.whole_answer": N_("This is the command's whole answer, with the policy inside."),
    "mend.bare_statement": N_("A statement stands without a policy document around it."),
    "mend.stray_comma": N_("There are stray commas or marks around the policy."),
    "mend.versions_differ": N_("The documents have different versions; the first one's is kept."),
    "command.activate": N_("Activate the image puller role"),
    "command.deactivate": N_("Deactivate the image puller role"),
    "command.find_principal": N_("Look for the role's principal ARN, again until it appears"),
    "command.read": N_("Read the repository's policy"),
    "command.save": N_("Save the new policy in a file"),
    "command.write": N_("Write the new policy"),
    "command.delete": N_("Delete the policy, since no statement is left"),
    "command.read_back": N_("Read the policy back"),
    "access.allowed": N_("Allowed"),
    "access.conditional": N_("Conditional"),
    "access.denied": N_("Denied"),
    "access.not_allowed": N_("Not allowed"),
    "kind.puller": N_("Image puller role"),
    "kind.general": N_("General role of a container service"),
    "kind.role": N_("Role"),
    "kind.user": N_("User"),
    "kind.session": N_("Session of a role"),
    "kind.account": N_("Account"),
    "kind.unique_id": N_("Deleted user or role"),
    "kind.wildcard": N_("Everyone"),
    "kind.service": N_("AWS service"),
    "kind.federated": N_("Identity provider"),
    "kind.other": N_("Not a principal"),
}  # fmt: skip


def say(code: str, params: Mapping[str, str | int]) -> str:
    """The English sentence, for terminals, logs and programs."""
    return fill(WORDS[code], params)
