"""What batches tell, from the first call to the last; the accounts are in `accounts/told_batches.md`."""

from __future__ import annotations

import pytest

from app.history import batches
from app.operations.batches import NewItem
from app.operations.state import Kind
from tests.build import REGION, a_policy, a_statement, puller_arn
from tests.operations.telling import lost, throttled
from tests.operations.workshop import active, inactive, repository

NAMES = ("team/a", "team/b")
GET, SET, DELETE = "ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy", "ecr:DeleteRepositoryPolicy"
SERVICES = "lightsail:GetContainerServices"


@pytest.fixture
def two(bench):
    """A service whose role is on, and two repositories."""
    active(bench.aws, "web")
    for name in NAMES:
        repository(bench.aws, name, a_policy())
    return bench.aws


def ours(service: str = "web"):
    return a_statement(sid=f"Ours-{service}", principal={"AWS": puller_arn(service)})


def start(bench, action: Kind, *services: str, names=NAMES) -> list[str]:
    """A batch of every service on every repository: the operations that run it, the first of which is the batch."""
    items = [NewItem(REGION, service, name) for service in services for name in names]
    return runners(bench, bench.batches.start(action, items, "mika"))


def runners(bench, batch_id: str) -> list[str]:
    return [runner.id for runner in batches.runners_of(bench.db, batch_id)]


@pytest.mark.parametrize("action", [Kind.GRANT, Kind.REPAIR, Kind.REVOKE])
@pytest.mark.parametrize("had", ["nothing", "access"])
def test_a_batch_is_done(bench, two, tells, action, had):
    if had == "access":
        for name in NAMES:
            repository(two, name, a_policy([ours()]))
    tells(*start(bench, action, "web"))


def test_a_role_is_switched_on_first(bench, two, tells):
    inactive(two, "web")
    two.principal_seconds = 3
    tells(*start(bench, Kind.GRANT, "web"))


def test_a_role_never_comes(bench, two, tells):
    inactive(two, "web")
    two.activation_seconds = 10_000
    tells(*start(bench, Kind.GRANT, "web"))


@pytest.mark.parametrize("action", [Kind.GRANT, Kind.REVOKE])
def test_two_services_share_their_writes(bench, two, tells, action):
    active(two, "api")
    if action is Kind.REVOKE:
        for name in NAMES:
            repository(two, name, a_policy([ours(), ours("api")]))
    ids = start(bench, action, "web", "api")
    bench.play(*ids)
    tells(*ids)


def test_one_of_two_services_has_no_role_yet(bench, two, tells):
    inactive(two, "api")
    ids = start(bench, Kind.GRANT, "web", "api")
    bench.play(*ids)
    tells(*ids)


def test_one_of_two_services_is_gone(bench, two, tells):
    ids = start(bench, Kind.GRANT, "web", "api")
    bench.play(*ids)
    tells(*ids)


def test_one_repository_is_gone_and_what_failed_is_retried(bench, two, tells):
    del two.known_repositories[REGION, "team/b"]
    first = start(bench, Kind.GRANT, "web")
    bench.play(*first)
    repository(two, "team/b")
    tells(*first, *runners(bench, bench.batches.retry(first[0], "ken")))


def test_a_batch_is_undone(bench, two, tells):
    first = start(bench, Kind.GRANT, "web")
    bench.play(*first)
    undo = runners(bench, bench.batches.undo(first[0], "ken"))
    bench.play(*undo)
    tells(*first, *undo)


@pytest.mark.parametrize("action", [GET, SET])
def test_aws_throttles(bench, two, tells, action):
    two.fail(action, throttled(action), times=3)
    tells(*start(bench, Kind.GRANT, "web", names=NAMES[:1]))


@pytest.mark.parametrize("carried_out", [True, False])
def test_an_answer_is_lost(bench, two, tells, carried_out):
    if carried_out:
        two.lose_answer(SET)
    else:
        two.fail(SET, lost(SET))
    tells(*start(bench, Kind.GRANT, "web", names=NAMES[:1]))


@pytest.mark.parametrize("point", ["write-planned", "policy-written"])
def test_the_process_is_killed(bench, two, tells, point):
    bench.kill_at(point)
    ids = start(bench, Kind.GRANT, "web")
    bench.play(*ids)
    tells(*ids)


@pytest.mark.parametrize("point", ["waiting", "write-planned", "policy-written"])
def test_it_is_cancelled(bench, two, tells, point):
    ids = start(bench, Kind.GRANT, "web")
    if point == "waiting":
        bench.batches.cancel(ids[0], "ken")
    else:
        bench.points[point] = lambda: bench.batches.cancel(ids[0], "ken")
    tells(*ids)


def test_killed_and_cancelled(bench, two, tells):
    bench.kill_at("policy-written")
    ids = start(bench, Kind.GRANT, "web")
    bench.play(*ids)
    bench.batches.cancel(ids[0], "ken")
    tells(*ids)


def test_somebody_writes_meanwhile(bench, two, tells):
    late = a_policy([a_statement(sid="Late")])
    two.meanwhile(SET, lambda: two.meanwhile(GET, lambda: repository(two, "team/a", late)))
    tells(*start(bench, Kind.GRANT, "web", names=NAMES[:1]))


@pytest.mark.parametrize("late", [None, a_policy([ours(), ours("api"), a_statement(sid="Late")])], ids=["gone", "more"])
def test_somebody_writes_before_a_deletion(bench, two, tells, late):
    active(two, "api")
    repository(two, "team/a", a_policy([ours(), ours("api")]))
    two.meanwhile(DELETE, lambda: repository(two, "team/a", late))
    ids = start(bench, Kind.REVOKE, "web", "api", names=NAMES[:1])
    bench.play(*ids)
    tells(*ids)


def test_a_deny_and_a_dead_principal_are_in_the_way(bench, two, tells):
    repository(two, "team/a", a_policy([a_statement(sid="No", effect="Deny", principal="*")]))
    repository(two, "team/b", a_policy([a_statement(sid="Dead", principal={"AWS": "AROAEXAMPLEDEADROLE12"})]))
    tells(*start(bench, Kind.GRANT, "web"))


def test_ecr_tells_an_older_policy(bench, two, tells):
    bench.play(*start(bench, Kind.GRANT, "web", names=NAMES[:1]))
    bench.account.take()
    two.tell_older(a_policy(), a_policy())
    tells(*start(bench, Kind.REVOKE, "web", names=NAMES[:1]))
