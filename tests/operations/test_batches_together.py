"""Several services of a batch on the same repositories: each is read and written once for all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from app.errors import Problem
from app.foreign_changes import SeenPolicy, foreign_changes
from app.history.drift import recorded_changes
from app.limits import POLICY_CHARACTERS
from app.operations import context, repository_run
from app.operations.item_changes import plan_together
from app.operations.state import Kind
from app.policy.grant import plan_grant
from tests.build import REGION, a_policy, a_statement, puller_arn
from tests.operations.batch_world import NAMES, all_items, ended, names_in, several, world
from tests.operations.workshop import active, repository

__all__ = ["world"]


@pytest.mark.both_databases
def test_a_repository_that_gets_several_services_is_read_and_written_once(world, aws):
    services = ("web", "api", "job")
    for service in services:
        active(aws, service)
    for action in (Kind.GRANT, Kind.REVOKE, Kind.GRANT):
        before = len(aws.calls)
        batch_id = world.services.batches.start(action, several(services), "mika")
        assert ended(world, batch_id) == {"succeeded": 3 * len(NAMES)}
        calls = [call.operation for call in aws.calls[before:] if call.operation.endswith("RepositoryPolicy")]
        writes = [call for call in calls if not call.startswith("Get")]
        assert (len(calls), len(writes)) == (3 * len(NAMES), len(NAMES))
        for service in services:
            assert names_in(aws, service) == (NAMES if action is Kind.GRANT else [])


def test_what_takes_longer_to_plan_than_a_read_is_fresh_is_planned_once(world, aws, monkeypatch):
    services = ("web", "api", "job")
    for service in services:
        active(aws, service)

    def slowly(*args):
        world.services.clock._began -= 1.1 * context.current().fresh_seconds / world.speed
        return plan_together(*args)

    monkeypatch.setattr(repository_run, "plan_together", slowly)
    before = len(aws.calls)
    batch_id = world.services.batches.start(Kind.GRANT, several(services, NAMES[:1]), "mika")
    assert ended(world, batch_id) == {"succeeded": 3}
    calls = [call.operation for call in aws.calls[before:] if call.operation.endswith("RepositoryPolicy")]
    assert calls == ["GetRepositoryPolicy", "GetRepositoryPolicy", "SetRepositoryPolicy", "GetRepositoryPolicy"]


def test_near_the_limit_the_services_get_access_in_the_order_in_which_a_preview_plans_them(world, aws):
    services = ("web", "api", "job")
    for service in services:
        active(aws, service)
    repository(aws, NAMES[0], with_room_for(2, services))
    batch_id = world.services.batches.start(Kind.GRANT, several(services, NAMES[:1]), "mika")
    assert ended(world, batch_id) == {"succeeded": 2, "failed": 1}
    outcomes = {item.service: item.problem and item.problem["code"] for item in all_items(world, batch_id)}
    assert outcomes == {"web": None, "api": None, "job": "policy.too_long"}


def with_room_for(count: int, services: Sequence[str]) -> str:
    """A policy of somebody else's that only so many of these services can be added to."""
    for length in range(POLICY_CHARACTERS, 0, -50):
        text = a_policy([a_statement(condition={"StringLike": {"aws:PrincipalTag/team": "x" * length}})])
        if granted(text, services) == count:
            return text
    raise AssertionError("no length leaves so much room")


def granted(text: str, services: Sequence[str]) -> int:
    """How many of these services get access, one after the other."""
    for number, service in enumerate(services):
        try:
            text = plan_grant(text, principal_arn=puller_arn(service), service=service).after
        except Problem:
            return number
    return len(services)


def test_the_history_tells_what_each_service_got_by_a_write_that_they_share(world, aws):
    for service in ("web", "api"):
        active(aws, service)
    batch_id = world.services.batches.start(Kind.GRANT, several(("web", "api"), NAMES[:1]), "mika")
    ended(world, batch_id)
    by_service = {item.service: world.changes(item.id) for item in all_items(world, batch_id)}
    (web,), (api,) = by_service["web"], by_service["api"]
    assert (web.before, json.loads(api.after)) == (None, aws.policy_of(NAMES[0]))
    assert web.after == api.before
    assert ("/web/" in web.after, "/api/" in web.after) == (True, False)
    assert web.planned_at == api.planned_at


def test_a_shared_write_is_undone_for_one_service_or_for_all(world, aws):
    for service in ("web", "api"):
        active(aws, service)
    batch_id = world.services.batches.start(Kind.GRANT, several(("web", "api")), "mika")
    ended(world, batch_id)
    web = next(item for item in all_items(world, batch_id) if item.service == "web")
    (change,) = world.changes(web.id)
    world.ended(world.start(Kind.UNDO, "web", web.repository, before=change.before, after=change.after))
    assert web.repository not in names_in(aws, "web")
    assert names_in(aws, "api") == NAMES
    before = len(aws.calls)
    ended(world, world.services.batches.undo(batch_id, "mika"))
    assert names_in(aws, "web") == names_in(aws, "api") == []
    assert [aws.policy_of(name) for name in NAMES] == [None] * len(NAMES)
    writes = [call for call in aws.calls[before:] if call.operation == "DeleteRepositoryPolicy"]
    assert len(writes) == len(NAMES)


@pytest.mark.both_databases
@pytest.mark.parametrize("is_disturbed", [False, True])
def test_undo_all_of_what_made_a_statement_shared_leaves_what_was_there(world, aws, is_disturbed):
    """Together by one write, or one item after the other where an answer is lost."""
    services = ("web", "api", "job")
    for service in services:
        active(aws, service)
    crowd = [f"arn:aws:iam::{number:012}:role/build-of-a-team-with-a-long-name" for number in range(1, 146)]
    theirs = a_policy([a_statement(sid="Crowd", principal={"AWS": crowd})])
    repository(aws, NAMES[0], theirs)
    batch_id = world.services.batches.start(Kind.GRANT, several(services, NAMES[:1]), "mika")
    assert ended(world, batch_id) == {"succeeded": 3}
    assert [statement["Sid"] for statement in aws.policy_of(NAMES[0])["Statement"]] == ["Crowd", "AllowLightsailPull"]
    if is_disturbed:
        aws.fail(
            "ecr:SetRepositoryPolicy", Problem("aws.unreachable", retryable=True, endpoint="x", effect_unknown=True)
        )
    assert ended(world, world.services.batches.undo(batch_id, "mika")) == {"succeeded": 3}
    assert aws.policy_of(NAMES[0]) == json.loads(theirs)


def test_a_service_whose_role_is_not_there_holds_up_no_other(world, aws):
    active(aws, "web")
    batch_id = world.services.batches.start(Kind.GRANT, several(("gone", "web")), "mika")
    assert ended(world, batch_id) == {"succeeded": 30, "failed": 30}
    assert names_in(aws, "web") == NAMES


@pytest.mark.both_databases
def test_what_somebody_wrote_just_before_a_shared_deletion_is_put_back_and_told_as_theirs(world, aws):
    for service in ("web", "api"):
        active(aws, service)
    granting = world.services.batches.start(Kind.GRANT, several(("web", "api"), NAMES[:1]), "mika")
    ended(world, granting)
    ours, theirs = aws.policy_of(NAMES[0]), json.loads(a_policy())
    both = {**ours, "Statement": [*ours["Statement"], *theirs["Statement"]]}
    world.points.do["write-planned"] = lambda: repository(aws, NAMES[0], json.dumps(both))
    batch_id = world.services.batches.start(Kind.REVOKE, several(("web", "api"), NAMES[:1]), "mika")
    assert ended(world, batch_id) == {"succeeded": 2}
    assert aws.policy_of(NAMES[0])["Statement"] == theirs["Statement"]
    services = world.services
    changes = recorded_changes(services.db, services.connection, REGION, NAMES[:1])[NAMES[0]]
    (foreign,) = foreign_changes(changes, SeenPolicy(changes[-1].after, services.clock.now()))
    assert [json.loads(text) for text in (foreign.seen.before, foreign.seen.after)] == [ours, both]
