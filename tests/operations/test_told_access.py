"""What changes of access tell, from the first call to the last; the accounts are in `accounts/told_access.md`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.errors import Problem
from app.history.queries import last_refusal
from app.inventory.store import remember_service
from app.keys import RepositoryKey
from app.operations.planned import plan_operation
from app.operations.state import Kind
from tests.build import REGION, SERVICE, a_policy, a_service, a_statement, general_arn, puller_arn
from tests.operations.telling import late, lost, throttled
from tests.operations.workshop import active, inactive, repository

WEB = "storefront/web"
GET, SET, DELETE = "ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy", "ecr:DeleteRepositoryPolicy"
UPDATE, SERVICES = "lightsail:UpdateContainerService", "lightsail:GetContainerServices"
OURS = a_statement(sid="Ours", principal={"AWS": puller_arn()})
DEAD = "AROAEXAMPLEDEADROLE12"


@pytest.fixture
def ready(bench):
    """A service whose role is on, and a repository with another team's policy."""
    active(bench.aws, SERVICE)
    repository(bench.aws, WEB, a_policy())
    return bench.aws


@pytest.fixture
def off(bench):
    """A service whose role is off, and a repository with another team's policy."""
    inactive(bench.aws, SERVICE)
    repository(bench.aws, WEB, a_policy())
    return bench.aws


def grant(bench, **asked) -> str:
    return bench.ask(Kind.GRANT, SERVICE, WEB, **asked)


def revoke(bench) -> str:
    return bench.ask(Kind.REVOKE, SERVICE, WEB)


def previewed(bench, kind: Kind, **given) -> str:
    """The fingerprint of what a preview shows now."""
    refusal = last_refusal(bench.db, RepositoryKey("default", REGION, WEB))
    service = bench.aws.known_services[REGION, SERVICE].shown
    text = bench.aws.known_repositories[REGION, WEB].policy
    return plan_operation(kind, service, WEB, text, given, refusal=refusal).seen


def foreign(aws, *statements):
    """What somebody else does: the policy has these statements."""
    return lambda: repository(aws, WEB, a_policy(statements))


@pytest.mark.parametrize("policy", [None, a_policy(), a_policy([a_statement(), OURS])], ids=["none", "other", "ours"])
@pytest.mark.parametrize("kind", [Kind.GRANT, Kind.REPAIR])
def test_access_is_given(bench, tells, kind, policy):
    active(bench.aws, SERVICE)
    repository(bench.aws, WEB, policy)
    tells(bench.ask(kind, SERVICE, WEB))


@pytest.mark.parametrize("arn", [general_arn(), puller_arn(birth=7)], ids=["general", "earlier"])
def test_access_of_the_wrong_role_is_repaired(bench, tells, arn):
    active(bench.aws, SERVICE)
    repository(bench.aws, WEB, a_policy([a_statement(sid="Wrong", principal={"AWS": arn})]))
    tells(bench.ask(Kind.REPAIR, SERVICE, WEB))


def test_a_role_is_switched_on_and_ecr_learns_of_it_late(bench, off, tells):
    off.principal_seconds = 5
    tells(grant(bench))


def test_ecr_never_learns_of_a_role(bench, off, tells):
    off.principal_seconds = 10_000
    tells(grant(bench), folded=True)


def test_a_role_never_comes(bench, off, tells):
    off.activation_seconds = 10_000
    tells(grant(bench))


def test_somebody_else_has_just_switched_the_role_on(bench, off, tells):
    off.services(REGION).set_role_active(SERVICE, active=True)
    tells(grant(bench))


def test_the_service_is_busy(bench, off, tells):
    off.add_service(a_service(SERVICE, state="DEPLOYING"))
    off.meanwhile(UPDATE, lambda: None)
    for _ in range(9):
        off.meanwhile(SERVICES, lambda: None)
    off.meanwhile(SERVICES, lambda: inactive(off, SERVICE))
    tells(grant(bench))


def test_aws_calls_the_service_busy_for_ten_minutes(bench, off, tells):
    busy = Problem("service.busy", retryable=True, service=SERVICE, region=REGION, state="READY")
    off.fail(UPDATE, busy, times=10_000)
    tells(grant(bench), folded=True)


@pytest.mark.parametrize("times", [1, 2])
def test_aws_refuses_to_switch_the_role(bench, off, tells, times):
    off.fail(UPDATE, Problem("service.refused", service=SERVICE, region=REGION, state="READY"), times=times)
    tells(grant(bench))


def test_the_role_is_seen_to_be_off_while_the_policy_is_written(bench, ready, tells):
    def switch_off():
        inactive(ready, SERVICE)
        remember_service(bench.db, "default", a_service(SERVICE), bench.clock.now())

    bench.points["policy-written"] = switch_off
    tells(grant(bench))


def test_the_role_is_another_one_by_the_time_ecr_does_not_know_it(bench, ready, tells):
    def born_again():
        arn = puller_arn(birth=2)
        known = ready.known_services[REGION, SERVICE]
        known.shown = replace(known.shown, role=replace(known.shown.role, principal_arn=arn))
        ready.living[arn] = bench.clock.now()

    ready.living.clear()
    late(ready, SERVICES, born_again)
    tells(grant(bench))


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("action", [UPDATE, SET, DELETE])
def test_an_answer_is_lost(bench, tells, action, carried_out):
    (inactive if action == UPDATE else active)(bench.aws, SERVICE)
    repository(bench.aws, WEB, a_policy([OURS] if action == DELETE else None))
    if carried_out:
        bench.aws.lose_answer(action)
    else:
        bench.aws.fail(action, lost(action))
    tells((revoke if action == DELETE else grant)(bench))


def test_a_write_comes_late(bench, ready, tells):
    ready.carry_out_late(reads=2)
    late(ready, SET, lambda: ready.denied.add(SET))
    tells(grant(bench))


def test_a_write_never_comes_and_no_other_may_be_made(bench, ready, tells):
    ready.fail(SET, lost(SET))
    late(ready, SET, lambda: ready.denied.add(SET))
    tells(grant(bench))


def test_the_policy_may_not_be_read_to_look_for_a_late_write(bench, ready, tells):
    ready.fail(SET, lost(SET))
    late(ready, SET, lambda: ready.denied.update({SET, GET}))
    tells(grant(bench))


def test_aws_throttles_while_a_late_write_is_looked_for(bench, ready, tells):
    ready.fail(SET, lost(SET))

    def refuse():
        ready.denied.add(SET)
        ready.fail(GET, throttled(GET), times=2)

    late(ready, SET, refuse)
    tells(grant(bench))


def test_aws_throttles_for_longer_than_a_late_write_is_looked_for(bench, ready, tells):
    ready.fail(SET, lost(SET))

    def refuse():
        ready.denied.add(SET)
        ready.fail(GET, throttled(GET), times=100)

    late(ready, SET, refuse)
    tells(grant(bench))


@pytest.mark.parametrize("point", ["role-switched", "write-planned", "policy-written"])
def test_a_grant_is_killed(bench, off, tells, point):
    bench.kill_at(point)
    operation = grant(bench)
    bench.play(operation)
    tells(operation)


@pytest.mark.parametrize("point", ["write-planned", "policy-written"])
def test_a_removal_is_killed(bench, ready, tells, point):
    repository(ready, WEB, a_policy([OURS]))
    bench.kill_at(point)
    operation = revoke(bench)
    bench.play(operation)
    tells(operation)


def test_aws_throttles_every_kind_of_call(bench, off, tells):
    for action in (SERVICES, UPDATE, GET, SET):
        off.fail(action, throttled(action), times=3)
    tells(grant(bench))


@pytest.mark.parametrize("action", [SERVICES, GET, SET])
def test_aws_throttles_for_too_long(bench, ready, tells, action):
    ready.fail(action, throttled(action), times=1_000)
    tells(grant(bench))


def test_aws_gives_no_usable_answer(bench, ready, tells):
    codes = ["aws.unreachable", "aws.bad_answer", "aws.credentials_slow", "host.out_of_files", "aws.region_setup"]
    for code in codes:
        ready.fail(GET, Problem(code, retryable=True, action=GET, region=REGION))
    tells(grant(bench))


def test_somebody_else_writes_before_us(bench, ready, tells):
    ready.meanwhile(SET, lambda: ready.meanwhile(GET, foreign(ready, a_statement(sid="Late"))))
    tells(grant(bench))


@pytest.mark.parametrize("asked", [grant, revoke])
def test_somebody_else_never_stops_writing(bench, ready, tells, asked):
    kept = a_statement() if asked is grant else OURS
    repository(ready, WEB, a_policy([a_statement(sid="Build"), kept]))

    def again_and_again():
        ready.meanwhile(SET, again_and_again)
        ready.meanwhile(GET, foreign(ready, a_statement(sid="Build"), kept))

    ready.meanwhile(SET, again_and_again)
    tells(asked(bench))


def test_somebody_else_deletes_the_policy_first(bench, ready, tells):
    repository(ready, WEB, a_policy([OURS]))
    ready.meanwhile(DELETE, lambda: repository(ready, WEB, None))
    tells(revoke(bench))


def test_somebody_else_adds_a_statement_to_what_is_deleted(bench, ready, tells):
    repository(ready, WEB, a_policy([OURS]))
    ready.meanwhile(DELETE, foreign(ready, OURS, a_statement(sid="Late")))
    tells(revoke(bench))


def test_ecr_tells_an_older_policy_for_a_while(bench, ready, tells):
    first = grant(bench)
    bench.play(first)
    bench.account.take()
    ready.tell_older(*[a_policy()] * 3)
    tells(revoke(bench))


def test_dead_principals_are_in_the_way_and_are_pruned(bench, ready, tells):
    repository(
        ready,
        WEB,
        a_policy([a_statement(), a_statement(sid="Dead", principal={"AWS": [DEAD, "AIDAEXAMPLEDEADUSER34"]})]),
    )
    first = grant(bench)
    bench.play(first)
    prune = bench.ask(Kind.PRUNE, SERVICE, WEB, previewed=previewed(bench, Kind.PRUNE))
    bench.play(prune)
    tells(first, prune, bench.starter.retry(first, "mika"))


@pytest.mark.parametrize("text", [a_policy([a_statement(sid="Old")]), a_policy()], ids=["another", "the same"])
def test_an_earlier_policy_is_restored(bench, ready, tells, text):
    asked = {"text": text, "previewed": previewed(bench, Kind.RESTORE, text=text)}
    tells(bench.ask(Kind.RESTORE, SERVICE, WEB, **asked))


def test_a_deny_makes_it_useless(bench, ready, tells):
    repository(ready, WEB, a_policy([a_statement(sid="No", effect="Deny", principal="*")]))
    tells(grant(bench))


def test_a_condition_decides(bench, ready, tells):
    given = a_statement(
        sid="Office", principal={"AWS": puller_arn()}, Condition={"IpAddress": {"aws:SourceIp": "1.2.3.4"}}
    )
    late(ready, GET, foreign(ready, a_statement(), given))
    tells(grant(bench))


@pytest.mark.parametrize("policy", ["none", "allows", "denies"])
def test_the_registry_has_a_say(bench, ready, tells, policy):
    bench.play(grant(bench))
    repository(ready, WEB, a_policy())
    bench.do(lambda: bench.clock.sleep(3_600))
    bench.account.take()
    effect = "Deny" if policy == "denies" else "Allow"
    if policy != "none":
        everybody = a_statement(sid="Everybody", effect=effect, principal="*", action="ecr:*", Resource="*")
        ready.registry_policies[REGION] = a_policy([everybody])
        ready.registry_scopes[REGION] = "V2"
    tells(grant(bench))


def test_access_by_a_wildcard_is_left(bench, ready, tells):
    repository(ready, WEB, a_policy([OURS, a_statement(sid="All", principal="*")]))
    tells(revoke(bench))


@pytest.mark.parametrize("policy", [None, a_policy(), a_policy([OURS])], ids=["none", "other", "ours"])
def test_access_is_taken(bench, ready, tells, policy):
    repository(ready, WEB, policy)
    tells(revoke(bench))


def test_the_service_is_gone(bench, ready, tells):
    repository(ready, WEB, a_policy([a_statement(), OURS]))
    ready.remove_service(REGION, SERVICE)
    tells(grant(bench), revoke(bench))


def test_the_repository_is_gone(bench, ready, tells):
    del ready.known_repositories[REGION, WEB]
    tells(grant(bench), revoke(bench))


def test_a_preview_no_longer_holds(bench, ready, tells):
    tells(grant(bench, previewed="of another policy"))


def test_a_grant_is_undone_and_that_is_undone_too(bench, ready, tells):
    first = grant(bench)
    bench.play(first)
    undo = bench.starter.undo(first, "ken")
    bench.play(undo)
    tells(first, undo, bench.starter.undo(undo, "ken"))


def test_what_is_undone_is_not_there_any_more(bench, ready, tells):
    first = grant(bench)
    bench.play(first)
    repository(ready, WEB, a_policy())
    tells(bench.starter.undo(first, "ken"))


@pytest.mark.parametrize("point", ["waiting", "role-switched", "write-planned", "policy-written"])
def test_a_grant_is_cancelled(bench, off, tells, point):
    operation = grant(bench)
    if point == "waiting":
        bench.starter.cancel(operation, "ken")
    else:
        bench.points[point] = lambda: bench.starter.cancel(operation, "ken")
    tells(operation)
