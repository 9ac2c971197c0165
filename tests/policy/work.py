"""Everything that is done with a policy's text, and how long it takes."""

from __future__ import annotations

import time
from contextlib import suppress

from app.errors import Problem
from app.policy.canonical import canonical
from app.policy.diff import diff_texts
from app.policy.document import parse
from app.policy.evaluate import evaluate
from app.policy.findings import findings
from app.policy.grant import plan_grant
from app.policy.layers import RegistryPolicy, RegistryScope
from app.policy.mend import mend
from app.policy.missing_principals import unfound
from app.policy.principals import dead_principals, principals_of
from app.policy.refusal import refusal_reasons
from app.policy.revoke import plan_prune, plan_revoke
from app.policy.room import make_room
from app.policy.undo import plan_restore, plan_undo
from app.policy.who_can_pull import readers
from tests.policy.build import NOW
from tests.policy.hostile import HOSTILE, REPOSITORY, reshuffled
from tests.policy.names import PULLER

ECR_LIMIT = 10_240
SECONDS = 0.050  # as docs/security.md promises for each


def named(text):
    return [one.value for one in principals_of(text)]


def both_layers(text):
    return evaluate(text, PULLER, RegistryPolicy(text, RegistryScope.V2), repository_arn=REPOSITORY, now=NOW)


WORK = {
    "parse": lambda text, _: parse(text),
    "mend": lambda text, _: mend(text),
    "compare": lambda text, _: canonical(text),
    "evaluate": lambda text, _: evaluate(text, PULLER, repository_arn=REPOSITORY, now=NOW),
    "findings": lambda text, _: findings(text, service="shop", role=PULLER, now=NOW),
    "readers": lambda text, _: readers(text, repository_arn=REPOSITORY, now=NOW),
    "grant": lambda text, _: plan_grant(text, principal_arn=PULLER, service="shop", now=NOW),
    "repair": lambda text, _: plan_grant(text, principal_arn=PULLER, service="shop", replaces=named(text)),
    "revoke": lambda text, _: plan_revoke(text, principals=named(text)),
    "prune": lambda text, _: plan_prune(text, named(text), refused=named(text)),
    "restore": lambda text, other: plan_restore(other, text),
    "undo a grant": lambda text, other: plan_undo(text, granted(text), other),
    "undo a restore": lambda text, other: plan_undo(text, other, reshuffled(other)),
    "undo where all was changed since": lambda text, other: plan_undo(text, other, other.replace("Allow", "Deny")),
    "diff": diff_texts,
    "dead": lambda text, _: dead_principals(text),
    "unfound": lambda text, other: unfound(other, text, fresh=False),
    "refusal": lambda text, _: refusal_reasons(text),
    "room": lambda text, _: make_room(parse(text)),
}


def granted(text):
    return plan_grant(text, principal_arn=PULLER, service="shop").after


def seconds(work, text, other, *, times=3):
    """The least processor time that it took; what other threads of the process do is not counted."""
    took = []
    for _ in range(times):
        start = time.thread_time()
        with suppress(Problem):  # said, and no work left: what came before it counts
            work(text, other)
        took.append(time.thread_time() - start)
    return min(took)


def pair(name, size):
    text = HOSTILE[name](size)
    return text, reshuffled(text)
