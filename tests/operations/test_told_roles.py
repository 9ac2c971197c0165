"""What switches of a role tell, from the first call to the last; the accounts are in `accounts/told_roles.md`."""

from __future__ import annotations

import pytest

from app.errors import Problem
from app.history.store import step_started
from app.operations.state import Kind, StepName
from tests.build import SERVICE, a_policy, a_statement, puller_arn
from tests.operations.workshop import actions, active, inactive, repository, step

WEB = "storefront/web"
SERVICES = "lightsail:GetContainerServices"
STEPS = {Kind.ACTIVATE: StepName.ACTIVATE_ROLE, Kind.DEACTIVATE: StepName.DEACTIVATE_ROLE}
OURS = a_statement(sid="Ours", principal={"AWS": puller_arn()})


@pytest.fixture
def ready(bench):
    """A service whose role is on, and a repository with another team's policy."""
    active(bench.aws, SERVICE)
    repository(bench.aws, WEB, a_policy())
    return bench.aws


@pytest.mark.parametrize("kind", [Kind.ACTIVATE, Kind.DEACTIVATE])
@pytest.mark.parametrize("was", [active, inactive])
def test_a_role_is_switched(bench, tells, kind, was):
    was(bench.aws, SERVICE)
    tells(bench.ask(kind, SERVICE))


@pytest.mark.parametrize("remove", [True, False])
def test_a_role_is_switched_off_and_on_again(bench, ready, tells, remove):
    repository(ready, WEB, a_policy([a_statement(), OURS]))
    bench.play(bench.ask(Kind.GRANT, SERVICE, WEB))
    bench.account.take()
    off = bench.ask(Kind.DEACTIVATE, SERVICE, remove_statements=remove)
    bench.play(off)
    tells(off, bench.starter.undo(off, "ken"))


def test_a_deactivation_that_changed_nothing_cannot_be_undone(bench):
    inactive(bench.aws, SERVICE)
    operation = bench.ask(Kind.DEACTIVATE, SERVICE, remove_statements=True)
    bench.play(operation)
    with pytest.raises(Problem, match=r"role\.unchanged"):
        bench.starter.undo(operation, "ken")


@pytest.mark.parametrize("kind", [Kind.ACTIVATE, Kind.DEACTIVATE])
def test_a_switch_is_killed(bench, tells, kind):
    (inactive if kind is Kind.ACTIVATE else active)(bench.aws, SERVICE)
    bench.kill_at("role-switched")
    operation = bench.ask(kind, SERVICE)
    bench.play(operation)
    tells(operation)


@pytest.mark.parametrize("kind", [Kind.ACTIVATE, Kind.DEACTIVATE])
def test_a_run_that_another_one_has_overtaken_switches_nothing(bench, kind):
    """Else the other one, which began before, would find the role switched and tell that somebody else did it."""
    (inactive if kind is Kind.ACTIVATE else active)(bench.aws, SERVICE)
    operation = bench.ask(kind, SERVICE)
    bench.aws.meanwhile(SERVICES, lambda: step_started(bench.db, operation, STEPS[kind], bench.clock.now()))
    bench.play(operation)
    assert actions(bench.aws)[:3] == ["GetContainerServices", "GetContainerServices", "UpdateContainerService"]
    switch = step(bench.progress(operation), STEPS[kind])
    assert (switch.state, switch.attempts) == ("succeeded", 3)


def test_a_role_never_goes(bench, ready, tells):
    ready.activation_seconds = 10_000
    tells(bench.ask(Kind.DEACTIVATE, SERVICE))


def test_a_role_is_switched_on_while_it_goes(bench, ready, tells):
    for _ in range(8):
        ready.meanwhile(SERVICES, lambda: None)
    ready.meanwhile(SERVICES, lambda: active(ready, SERVICE))
    tells(bench.ask(Kind.DEACTIVATE, SERVICE))
