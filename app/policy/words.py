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
}  # fmt: skip


def say(code: str, params: Mapping[str, str | int]) -> str:
    """The English sentence, for terminals, logs and programs."""
    return fill(WORDS[code], params)
