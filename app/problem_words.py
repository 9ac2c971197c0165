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
