"""No policy text can block the console: all processing takes time linear in its length."""

import gc
import time
from contextlib import suppress

import pytest

from app.errors import Problem
from app.policy.canonical import canonical
from app.policy.dead import dead_principals
from app.policy.diff import diff_texts
from app.policy.document import parse
from app.policy.evaluate import evaluate
from app.policy.findings import findings
from app.policy.grant import plan_grant
from app.policy.layers import Policies, RegistryPolicy, RegistryScope
from app.policy.mend import mend
from app.policy.missing_principals import unfound
from app.policy.principals import principals_of
from app.policy.refusal import refusal_reasons
from app.policy.revoke import plan_prune, plan_revoke
from app.policy.room import make_room
from app.policy.undo import plan_restore, plan_undo
from app.policy.who_can_pull import readers
from tests.policy.build import NOW
from tests.policy.hostile import HOSTILE, REPOSITORY, reshuffled
from tests.policy.names import PULLER
from tests.slowness import slowness

ECR_LIMIT = 10_240
SECONDS = 0.050
SLACK = 4
LARGE = ECR_LIMIT
RATIO = 2.5 * 2.5  # of four times the text: 2.5 for twice, and twice that again


def named(text):
    return [one.value for one in principals_of(text)]


def both_layers(text):
    policies = Policies(text, RegistryPolicy(text, RegistryScope.V2))
    return evaluate(policies, PULLER, repository_arn=REPOSITORY, now=NOW)


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


def grows_too_fast(work, small, large):
    """Whether four times the text takes much more than four times the time, however often it is measured.

    Both in turn, so that what else the machine does slows both down.
    """
    shorter = longer = float("inf")
    for _ in range(40):
        longer = min(longer, seconds(work, *large, times=1))
        shorter = min(shorter, seconds(work, *small, times=1))
        if longer < 0.012 or longer <= RATIO * shorter:
            return False
    return True


def allowed():
    """Seconds: far more than promised, which `make bench` measures; work that isn't linear takes a hundred times as long.

    Whoever shares a slow machine also takes its caches.
    """
    return SECONDS * SLACK * min(slowness(time.thread_time) for _ in range(3))


def is_slow(work, texts):
    return all(seconds(work, *texts, times=times) > allowed() for times in (1, 3, 6, 12, 24))


@pytest.fixture(autouse=True)
def no_collection():
    """Collecting garbage visits all that other tests left in memory."""
    gc.disable()
    yield
    gc.enable()


def pair(name, size):
    text = HOSTILE[name](size)
    return text, reshuffled(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_as_long_as_ecr_allows_it_is_done_at_once(name):
    texts = pair(name, ECR_LIMIT)
    works = {**WORK, "both layers": lambda text, _: both_layers(text)}
    assert [label for label, work in works.items() if is_slow(work, texts)] == []


@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_text_takes_no_more_than_two_and_a_half_times_as_long(name):
    small, large = pair(name, LARGE // 2), pair(name, 2 * LARGE)
    assert [label for label, work in WORK.items() if grows_too_fast(work, small, large)] == []


def test_work_that_grows_with_the_square_of_the_text_is_noticed():
    def square(text, _):
        return [text.count("no such word") for _ in range(0, len(text), 4)]

    small, large = pair("many principals", LARGE // 2), pair("many principals", 2 * LARGE)
    assert grows_too_fast(square, small, large)
    assert not grows_too_fast(WORK["readers"], small, large)


def test_three_hundred_actions_that_would_backtrack_for_minutes_take_milliseconds():
    text = HOSTILE["backtracking actions"](ECR_LIMIT)
    assert text.count("*?*?") > 250
    assert not is_slow(WORK["evaluate"], (text, text))
