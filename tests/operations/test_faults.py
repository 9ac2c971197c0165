from concurrent.futures import Future
from datetime import timedelta

import pytest

from app.errors import Problem
from app.history import queries
from app.operations.messages import NOTES
from app.operations.state import Kind, StepName
from app.operations.step import AGAIN, PASSES_BY_ITSELF
from tests.build import REGION, SERVICE, a_policy, a_service, a_statement, puller_arn
from tests.console import SECONDS, until
from tests.operations.workshop import actions, active, inactive, repository, step

WEB = "storefront/web"
GET, SET, DELETE = "ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy", "ecr:DeleteRepositoryPolicy"
UPDATE = "lightsail:UpdateContainerService"


@pytest.fixture
def ready(aws):
    """A service whose role is on, and a repository with another team's policy."""
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    return aws


def throttled(action: str) -> Problem:
    return Problem("aws.throttled", retryable=True, aws_code="ThrottlingException", action=action, region=REGION)


def foreign(aws, *statements):
    """Another writer, who puts a policy of his own in place of what is there."""
    return lambda: repository(aws, WEB, a_policy(list(statements)))


def sids(aws) -> list[str]:
    return [statement["Sid"] for statement in aws.policy_of(WEB)["Statement"]]


@pytest.mark.parametrize("action", ["lightsail:GetContainerServices", GET, SET])
def test_throttling_is_waited_out(shop, ready, action):
    ready.fail(action, throttled(action), times=3)
    assert shop.ended(shop.grant(SERVICE, WEB)).outcome == "succeeded"


def test_whatever_passes_by_itself_is_waited_out(shop, ready):
    """AWS out of reach, damaged answers, and a machine that is short of something: before reading and before writing."""
    passing = [Problem(code, retryable=True, action=GET, region=REGION) for code in sorted(PASSES_BY_ITSELF)]
    for problem in passing[: len(AGAIN)]:
        ready.fail(GET, problem)
    for problem in passing:
        ready.fail(SET, problem)
    for problem in passing[len(AGAIN) :]:
        ready.fail("lightsail:GetContainerServices", problem)
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).outcome == "succeeded"
    assert len(shop.changes(started)) == 1


@pytest.mark.parametrize(
    "code, note", [("aws.throttled", "aws.again"), ("aws.slow", "aws.silent"), ("aws.not_aws", "aws.damaged")]
)
def test_what_is_waited_out_is_said_meanwhile(shop, ready, code, note):
    started, told = Future(), []
    ready.fail(GET, Problem(code, retryable=True, aws_code="ThisCode", action=GET, region=REGION))
    at_the_second(ready, GET, lambda: told.extend(shop.progress(started.result(SECONDS)).steps))
    started.set_result(shop.grant(SERVICE, WEB))
    assert shop.ended(started.result()).outcome == "succeeded"
    [noted] = [each.note for each in told if each.name == StepName.UPDATE_POLICY]
    assert (noted.code, noted.params) == (note, {"answer": "ThisCode", "seconds": round(AGAIN[0])})
    assert noted.code in NOTES


def test_throttling_that_does_not_end_is_told_in_the_end(shop, ready):
    ready.fail(GET, throttled(GET), times=len(AGAIN) + 1)
    assert shop.ended(shop.grant(SERVICE, WEB)).problem.code == "aws.throttled"


def test_a_write_that_aws_fails_on_and_on_ends_with_nothing_written(shop, ready):
    failed = Problem("aws.failed", retryable=True, effect_unknown=True, action=SET, answer="500", region=REGION)
    ready.fail(SET, failed, times=100)
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).problem.code == "aws.failed"
    assert sids(ready) == ["BuildTeamPull"]
    assert [one.written_at for one in shop.changes(started)] == [None, None]  # the last, and one for all before it


@pytest.mark.parametrize("region_is_slow", [False, True])
def test_a_lost_answer_to_a_write_that_took_effect_is_recorded_once(shop, ready, region_is_slow):
    ready.lose_answer(SET)
    if region_is_slow:
        ready.fail(GET, throttled(GET), times=1)
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).outcome == "succeeded"
    [change] = shop.changes(started)
    assert (change.before, change.written_at is not None, actions(ready).count("SetRepositoryPolicy")) == (
        a_policy(),
        True,
        1,
    )


def test_a_write_whose_answer_was_lost_and_that_took_no_effect_is_sent_again(shop, ready):
    ready.fail(SET, Problem("aws.slow", retryable=True, effect_unknown=True, action=SET, region=REGION))
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).outcome == "succeeded"
    unanswered, taken = shop.changes(started)
    assert (unanswered.written_at, unanswered.unanswered_at is not None, unanswered.after) == (None, True, taken.after)


def at_the_second(aws, action: str, do) -> None:
    """Let something happen just before the second call of an action."""
    aws.meanwhile(action, lambda: aws.meanwhile(action, do))


def test_a_write_that_aws_carries_out_late_is_told_with_what_it_overwrote(shop, ready):
    ready.carry_out_late(reads=3)

    def add_a_statement():
        repository(ready, WEB, a_policy([*ready.policy_of(WEB)["Statement"], a_statement(sid="Late")]))

    at_the_second(ready, SET, lambda: ready.meanwhile(GET, add_a_statement))
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).outcome == "succeeded"
    overwrote, _ = shop.changes(started)
    assert (overwrote.written_at is not None, "Late" in overwrote.before, "Late" in sids(ready)) == (True, True, False)


@pytest.fixture
def slow():
    """No answer came: AWS may have carried it out, or may yet."""
    return Problem("aws.slow", retryable=True, effect_unknown=True, action=SET, region=REGION)


def held_after_its_last_unknown_write(shop, operation_id) -> timedelta:
    """How long the operation kept its repository after the last write of which nothing is known."""
    shop.ended(operation_id)
    operation = queries.get_operation(shop.services.db, operation_id)
    return operation.ended_at - max(one.unanswered_at for one in shop.changes(operation_id) if not one.written_at)


def test_a_text_that_is_seen_proves_one_of_its_writes_and_the_other_may_yet_come(shop, ready):
    ready.carry_out_late(reads=2)
    ready.carry_out_late(reads=10)
    started = shop.grant(SERVICE, WEB)
    assert held_after_its_last_unknown_write(shop, started) >= timedelta(seconds=60)
    assert [one.written_at is not None for one in shop.changes(started)].count(True) == 1


def test_an_earlier_write_of_another_text_may_yet_come(shop, ready, slow):
    ready.fail(SET, slow)
    at_the_second(ready, GET, foreign(ready, a_statement(), a_statement(sid="Late")))
    at_the_second(ready, SET, lambda: ready.lose_answer(SET))
    started = shop.grant(SERVICE, WEB)
    assert held_after_its_last_unknown_write(shop, started) >= timedelta(seconds=60)
    assert sids(ready) == ["BuildTeamPull", "Late", f"AllowLightsailPull-{SERVICE}"]


def test_many_tries_of_one_text_are_told_in_a_line_each_for_what_is_known_and_what_is_not(shop, ready, slow):
    ready.fail(SET, slow, times=4)
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).outcome == "succeeded"
    assert [one.written_at is not None for one in shop.changes(started)] == [False, False, True]


def test_an_older_answer_is_not_taken_for_a_write_that_came_late(shop, ready, slow):
    ready.fail(SET, slow)

    def somebody_adds_a_statement():
        ours = ready.known_repositories[REGION, WEB].policy
        repository(ready, WEB, a_policy([*ready.policy_of(WEB)["Statement"], a_statement(sid="Late")]))
        ready.meanwhile(GET, lambda: ready.tell_older(ours))

    at_the_second(ready, SET, lambda: ready.meanwhile(GET, somebody_adds_a_statement))
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).outcome == "succeeded"
    assert told_as_written(shop, started) == [False, True]


def test_a_write_is_not_told_as_done_because_somebody_else_made_it_needless(shop, ready, slow):
    repository(ready, WEB, a_policy([a_statement(), a_statement(sid="Ours", principal={"AWS": puller_arn(SERVICE)})]))
    ready.fail(SET, slow)
    at_the_second(ready, GET, foreign(ready, a_statement(sid="Late")))
    removal = shop.revoke(SERVICE, WEB)
    ended = shop.ended(removal)
    assert (ended.outcome, ended.wrote_policy, ended.unconfirmed) == ("nothing_to_do", False, True)
    assert told_as_written(shop, removal) == [False]
    assert step(ended, StepName.UPDATE_POLICY).note.code == "policy.unconfirmed"


def told_as_written(shop, operation_id) -> list[bool]:
    return [change.written_at is not None for change in shop.changes(operation_id)]


def test_a_write_that_was_sent_again_is_not_told_twice_where_nothing_else_is_known_of_the_policy(shop, ready, slow):
    """A revoke asks for no list of repositories, so that no reading of its policy is kept."""
    repository(ready, WEB, a_policy([a_statement(), a_statement(sid="Ours", principal={"AWS": puller_arn(SERVICE)})]))
    ready.fail(SET, slow)
    removal = shop.revoke(SERVICE, WEB)
    assert shop.ended(removal).outcome == "succeeded"
    assert told_as_written(shop, removal) == [False, True]


def test_a_write_that_was_sent_again_is_not_told_twice_where_its_proof_was_cancelled(shop, ready, slow):
    shop.ended(shop.grant(SERVICE, WEB))
    shop.ended(shop.revoke(SERVICE, WEB))
    ready.fail(SET, slow)
    started: list[str] = []
    shop.points.do["policy-written"] = lambda: shop.services.starter.cancel(started[0], "ken")
    with ready.lock:
        started.append(shop.grant(SERVICE, WEB))
    assert shop.ended(started[0]).outcome == "cancelled"
    assert told_as_written(shop, started[0]) == [False, True]


def test_a_write_that_was_sent_again_is_not_told_twice_after_an_older_answer(shop, ready, slow):
    before = ready.known_repositories[REGION, WEB].policy
    ready.fail(SET, slow)
    started = shop.grant(SERVICE, WEB)
    until(lambda: step(shop.progress(started), StepName.VERIFY_ACCESS).state == "succeeded")
    ready.tell_older(before)
    shop.run(shop.services.scanner.refresh_repository(REGION, WEB))
    assert shop.ended(started).outcome == "succeeded"
    assert told_as_written(shop, started) == [False, True]


def test_a_write_that_was_sent_again_is_not_told_twice_where_its_verification_reads_an_older_text(shop, ready, slow):
    before = ready.known_repositories[REGION, WEB].policy
    ready.fail(SET, slow)
    at_the_second(ready, SET, lambda: ready.meanwhile(GET, lambda: ready.tell_older(*[before] * 6)))
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).outcome == "succeeded"
    assert told_as_written(shop, started) == [False, True]


def test_an_operation_that_fails_looks_for_late_writes_too(shop, ready):
    ready.carry_out_late(reads=2)
    at_the_second(ready, SET, lambda: ready.denied.add(SET))
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.problem.code, ended.wrote_policy) == ("aws.access_denied", True)


def test_a_late_write_that_a_reading_of_others_shows_first_is_recorded_too(shop, ready):
    shop.run(shop.services.scanner.refresh_repository(REGION, WEB))
    ready.carry_out_late(reads=2)
    at_the_second(ready, SET, lambda: ready.denied.add(SET))
    started = shop.grant(SERVICE, WEB)
    until(lambda: step(shop.progress(started), StepName.UPDATE_POLICY).state == "failed")
    shop.run(shop.services.scanner.refresh_repository(REGION, WEB))
    assert shop.ended(started).wrote_policy


def test_a_lost_answer_to_a_deletion_is_no_failure(shop, aws):
    active(aws, SERVICE)
    repository(aws, WEB)
    shop.ended(shop.grant(SERVICE, WEB))
    aws.lose_answer(DELETE)
    removal = shop.revoke(SERVICE, WEB)
    assert shop.ended(removal).outcome == "succeeded"
    assert (aws.policy_of(WEB), len(shop.changes(removal))) == (None, 1)


def test_a_lost_answer_to_the_activation_switches_the_role_once(shop, aws):
    inactive(aws, SERVICE)
    repository(aws, WEB)
    aws.lose_answer(UPDATE)
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).outcome == "succeeded"
    assert aws.services(REGION).get_service(SERVICE).value.role.principal_arn == puller_arn(SERVICE, birth=1)


def test_a_foreign_write_before_ours_is_merged_with(shop, ready):
    late = a_statement(sid="Late")
    ready.meanwhile(SET, lambda: ready.meanwhile(GET, foreign(ready, late)))
    assert shop.ended(shop.grant(SERVICE, WEB)).outcome == "succeeded"
    assert sids(ready) == ["Late", f"AllowLightsailPull-{SERVICE}"]


def test_a_foreign_write_that_dropped_ours_is_told(shop, ready):
    late = a_statement(sid="Late")
    ready.meanwhile(SET, lambda: ready.meanwhile(GET, foreign(ready, late)))
    started = shop.grant(SERVICE, WEB)
    ended = shop.ended(started)
    assert step(ended, StepName.UPDATE_POLICY).note.code == "policy.foreign_write"
    assert len(shop.changes(started)) == 2


def test_somebody_who_never_stops_overwriting_is_told(shop, ready):
    def again_and_again():
        ready.meanwhile(SET, again_and_again)
        ready.meanwhile(GET, foreign(ready, a_statement()))

    ready.meanwhile(SET, again_and_again)
    assert shop.ended(shop.grant(SERVICE, WEB)).problem.code == "policy.contended"


def test_the_policy_is_read_anew_before_each_try(shop, ready):
    late = a_statement(sid="Late")
    ready.fail(SET, throttled(SET))
    ready.meanwhile(SET, lambda: ready.meanwhile(GET, foreign(ready, a_statement(), late)))
    shop.ended(shop.grant(SERVICE, WEB))
    assert sids(ready) == ["BuildTeamPull", "Late", f"AllowLightsailPull-{SERVICE}"]


def test_a_fresh_principal_is_waited_for(shop, aws):
    aws.principal_seconds, usual = 10_000, aws.principal_seconds
    inactive(aws, SERVICE)
    repository(aws, WEB)
    started = shop.grant(SERVICE, WEB)
    shop.at(started, StepName.UPDATE_POLICY, "principal.unknown_yet")
    aws.principal_seconds = usual
    with aws.lock:
        aws.living[puller_arn(SERVICE)] = aws.clock.now()
    assert shop.ended(started).outcome == "succeeded"
    assert len(shop.changes(started)) == 1


def test_a_principal_that_ecr_never_learns_is_told_as_ours(shop, ready):
    ready.living.clear()
    ready.dead.add(puller_arn(SERVICE))
    repository(ready, WEB)
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).problem.code == "policy.own_principal_not_found"
    assert shop.changes(started) == []


@pytest.mark.both_databases
def test_a_dead_id_that_somebody_left_is_named_at_once(shop, ready):
    dead = "AROAEXAMPLEDEADROLE12"
    repository(ready, WEB, a_policy([a_statement(principal={"AWS": dead})]))
    problem = shop.ended(shop.grant(SERVICE, WEB)).problem
    assert (problem.code, problem.params["principals"]) == ("policy.dead_principals", dead)
    assert actions(ready).count("SetRepositoryPolicy") == 1


def test_an_earlier_text_that_names_a_role_that_died_since_is_not_blamed_on_others(shop, ready):
    gone = puller_arn(SERVICE, birth=7)
    ready.dead.add(gone)
    earlier = a_policy([a_statement(), a_statement(sid="Gone", principal={"AWS": gone})])
    problem = shop.ended(shop.as_previewed(Kind.RESTORE, SERVICE, WEB, text=earlier)).problem
    assert (problem.code, problem.params["principals"]) == ("policy.dead_principals", gone)


def test_a_busy_service_is_waited_for(shop, aws):
    aws.add_service(a_service(SERVICE, state="UPDATING"))
    repository(aws, WEB)
    started = shop.grant(SERVICE, WEB)
    shop.at(started, StepName.ACTIVATE_ROLE, "service.busy")
    aws.add_service(a_service(SERVICE))
    assert shop.ended(started).outcome == "succeeded"


def test_a_refusal_of_a_service_that_looks_settled_is_not_tried_again_and_again(shop, aws):
    inactive(aws, SERVICE)
    repository(aws, WEB)
    refusal = Problem("service.busy", retryable=True, service=SERVICE, region=REGION, state="READY")
    aws.fail(UPDATE, refusal, times=10_000)
    assert shop.ended(shop.grant(SERVICE, WEB)).problem.code == "service.busy"
    assert 1 < actions(aws).count("UpdateContainerService") < 60


@pytest.mark.parametrize("times, ended", [(1, None), (2, "service.refused")])
def test_a_refusal_whose_reason_may_be_gone_when_it_is_looked_for_is_asked_for_again(shop, aws, times, ended):
    inactive(aws, SERVICE)
    repository(aws, WEB)
    aws.fail(UPDATE, Problem("service.refused", service=SERVICE, region=REGION, state="READY"), times=times)
    problem = shop.ended(shop.grant(SERVICE, WEB)).problem
    assert (problem and problem.code, actions(aws).count("UpdateContainerService")) == (ended, 2)


def test_a_role_that_somebody_switches_off_meanwhile_is_told(shop, aws):
    aws.activation_seconds, usual = 100_000, aws.activation_seconds
    inactive(aws, SERVICE)
    repository(aws, WEB)
    started = shop.grant(SERVICE, WEB)
    shop.at(started, StepName.WAIT_FOR_ROLE)
    aws.activation_seconds = usual
    inactive(aws, SERVICE)
    assert shop.ended(started).problem.code == "role.switched_off"


def test_permission_that_is_missing_is_told_at_once(shop, ready):
    ready.denied.add(SET)
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).problem.code == "aws.access_denied"
    assert shop.changes(started) == []


def test_a_preview_that_no_longer_holds_writes_nothing(shop, ready):
    started = shop.start(Kind.GRANT, SERVICE, WEB, previewed="of another policy")
    ended = shop.ended(started)
    assert (ended.problem.code, ended.wrote_policy) == ("policy.changed_meanwhile", False)
