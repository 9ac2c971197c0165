"""The sentences of every problem, in one table: what happened, and what to do next.

A code that is raised anywhere and missing here fails a test; so does one without a Japanese translation.
Must never decide anything.
"""

from __future__ import annotations

from typing import NamedTuple

from app.errors import Problem
from app.wording import N_, fill


class Words(NamedTuple):
    """Two templates: the cause in one sentence, and what to do in one sentence."""

    what: str
    todo: str


WORDS: dict[str, Words] = {
    # Operations.
    "operation.not_found": Words(
        N_("There is no operation of this id."),
        N_("Look for it in History."),
    ),
    "operation.not_ended": Words(
        N_("This operation is still running."),
        N_("Wait until it has ended, or cancel it first."),
    ),
    "operation.nothing_to_undo": Words(
        N_("This operation wrote no repository policy."),
        N_("There is nothing to undo."),
    ),
    "repository.bad_name": Words(
        N_("“%(repository)s” cannot be the name of an Amazon ECR repository."),
        N_("Use 2 to 256 lowercase letters, digits, and . _ - / between them."),
    ),
    "access.denied": Words(
        N_("%(statement)s in the policy of %(repository)s explicitly denies %(service)s, which no Allow can outweigh."),
        N_("Change or remove that statement, then try again; nothing has been written."),
    ),
    "policy.changed_meanwhile": Words(
        N_("The policy of %(repository)s has changed since it was previewed."),
        N_("Look at the new preview and decide again; nothing has been written."),
    ),
    "policy.contended": Words(
        N_(
            "Somebody else keeps changing the policy of %(repository)s: after %(times)s merges ours was gone each time."
        ),
        N_("Find out what else writes this policy, then try again."),
    ),
    "policy.dead_principals": Words(
        N_(
            "ECR refuses the policy of %(repository)s because it cannot find a principal that it names: %(principals)s."
        ),
        N_("Remove the principals that no longer exist, then try again."),
    ),
    "policy.own_principal_not_found": Words(
        N_("ECR still does not know the service's new role after several minutes; %(repository)s was not changed."),
        N_("Try again in a few minutes; if it stays so, deactivate and activate the role."),
    ),
    "role.still_named": Words(
        N_("%(service)s could not be taken out of every policy; it is left in: %(repositories)s."),
        N_("Look at those removals in History; the role was not deactivated."),
    ),
    "internal": Words(
        N_("Something went wrong inside Sailpass."),
        N_("Try again; if it happens again, look at the server's log for the reference %(reference)s."),
    ),
    "policy.not_json": Words(
        N_("The policy text is not valid JSON: it breaks at line %(line)s, column %(column)s."),
        N_("Correct it there, or paste the text exactly as AWS returned it."),
    ),
    "policy.repeated_key": Words(
        N_("An object in the policy text says “%(key)s” more than once."),
        N_("Keep one of them; nothing was changed, since taking either would lose the other."),
    ),
    "policy.pasted_documents": Words(
        N_("The policy text holds more than one policy document, one pasted behind or inside the other."),
        N_("Let Sailpass mend it into one document, and look at the result before it is used."),
    ),
    "policy.escaped_text": Words(
        N_("The policy text was copied with escapes or other marks around it, so it is not valid JSON."),
        N_("Let Sailpass mend it, and look at the result before it is used."),
    ),
    "policy.no_statement": Words(
        N_("The policy text is JSON but no policy: it has no Statement."),
        N_("Paste the whole policy, from its first brace to its last."),
    ),
    "policy.malformed": Words(
        N_("Statement %(statement)s of the policy has no %(element)s that ECR would accept."),
        N_("Correct that statement; a repository's policy needs Effect, Principal and Action in each."),
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
        N_("Statement %(statement)s was changed by somebody else since, so the change cannot be taken back by itself."),
        N_("Compare both sides and edit the policy by hand, or restore a recorded policy."),
    ),
}


def what_happened(problem: Problem) -> str:
    """The English sentence of cause, for terminals, logs and programs."""
    return fill(WORDS[problem.code].what, problem.params)


def what_to_do(problem: Problem) -> str:
    """The English sentence of what to do next."""
    return fill(WORDS[problem.code].todo, problem.params)
