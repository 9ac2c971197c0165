"""Undo, restore, prune: policies that are known beforehand."""

import json

import pytest

from app.errors import Problem
from app.operations.state import Kind, StepName
from app.operations.step import Overtaken
from tests.build import REGION, SERVICE, a_policy, a_statement
from tests.operations.workshop import active, inactive, repository, step

WEB = "storefront/web"
SET, GET, DELETE = "ecr:SetRepositoryPolicy", "ecr:GetRepositoryPolicy", "ecr:DeleteRepositoryPolicy"
OURS = f"AllowLightsailPull-{SERVICE}"


def sids(aws) -> list[str]:
    return [statement["Sid"] for statement in aws.policy_of(WEB)["Statement"]]


def text_of(aws) -> str:
    return aws.known_repositories[REGION, WEB].policy


@pytest.fixture
def granted(shop, aws):
    """A grant that has ended well beside another team's statement."""
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    operation_id = shop.grant(SERVICE, WEB)
    shop.ended(operation_id)
    return operation_id


@pytest.fixture
def undo(shop):
    return lambda operation_id, **more: shop.ended(shop.services.starter.undo(operation_id, "mika", **more))


def test_an_undo_takes_back_what_was_done(granted, undo, aws):
    assert undo(granted).outcome == "succeeded"
    assert sids(aws) == ["BuildTeamPull"]


def test_an_undo_takes_back_our_part_alone(granted, undo, aws):
    repository(aws, WEB, a_policy([*aws.policy_of(WEB)["Statement"], a_statement(sid="Late")]))
    assert undo(granted).outcome == "succeeded"
    assert sids(aws) == ["BuildTeamPull", "Late"]


def test_an_undo_of_what_is_gone_already_does_nothing(granted, undo, aws):
    repository(aws, WEB, a_policy([a_statement(sid="Late")]))
    ended = undo(granted)
    assert ended.outcome == "nothing_to_do"
    assert step(ended, StepName.UPDATE_POLICY).note.code == "policy.as_requested"


def test_a_statement_that_somebody_changed_since_is_a_conflict(granted, undo, aws):
    theirs, ours = aws.policy_of(WEB)["Statement"]
    repository(aws, WEB, a_policy([theirs, {**ours, "Action": ["ecr:*"]}]))
    ended = undo(granted)
    assert (ended.problem.code, ended.wrote_policy) == ("policy.undo_conflict", False)


def test_an_undo_can_be_undone(granted, undo, aws):
    first = undo(granted)
    assert undo(first.id).outcome == "succeeded"
    assert sids(aws) == ["BuildTeamPull", OURS]


def test_an_undo_follows_what_it_undoes_and_keeps_its_own_change(shop, granted, undo):
    undone = undo(granted)
    [change] = shop.changes(undone.id)
    assert OURS in change.before
    assert OURS not in change.after


def test_what_wrote_nothing_cannot_be_undone(shop, granted):
    again = shop.grant(SERVICE, WEB)
    shop.ended(again)
    with pytest.raises(Problem, match="nothing_to_undo"):
        shop.services.starter.undo(again, "mika")


def test_an_undo_that_was_previewed_on_another_policy_writes_nothing(shop, granted, undo, aws):
    [change] = shop.changes(granted)
    seen = shop.previewed(Kind.UNDO, SERVICE, WEB, before=change.before, after=change.after)
    repository(aws, WEB, a_policy([*aws.policy_of(WEB)["Statement"], a_statement(sid="Late")]))
    assert undo(granted, previewed=seen).problem.code == "policy.changed_meanwhile"
    assert sids(aws) == ["BuildTeamPull", OURS, "Late"]


def test_a_restore_puts_a_recorded_text_back(shop, granted, aws):
    recorded = a_policy([a_statement(sid="Recorded")])
    ended = shop.ended(shop.as_previewed(Kind.RESTORE, SERVICE, WEB, text=recorded))
    assert (ended.outcome, sids(aws)) == ("succeeded", ["Recorded"])


def test_a_restore_of_no_policy_deletes_it(shop, granted, aws):
    assert shop.ended(shop.as_previewed(Kind.RESTORE, SERVICE, WEB, text=None)).outcome == "succeeded"
    assert aws.policy_of(WEB) is None


def test_a_restore_of_what_is_there_writes_nothing(shop, granted, aws):
    ended = shop.ended(shop.as_previewed(Kind.RESTORE, SERVICE, WEB, text=text_of(aws)))
    assert (ended.outcome, ended.wrote_policy) == ("nothing_to_do", False)


def test_pruning_lets_a_policy_be_written_again(shop, aws):
    dead = "AROAEXAMPLEDEADROLE12"
    active(aws, SERVICE)
    repository(aws, WEB, a_policy([a_statement(), a_statement(sid="Dead", principal={"AWS": dead})]))
    assert shop.ended(shop.as_previewed(Kind.PRUNE, SERVICE, WEB, principals=[dead])).outcome == "succeeded"
    assert shop.ended(shop.grant(SERVICE, WEB)).outcome == "succeeded"
    assert sids(aws) == ["BuildTeamPull", OURS]


def test_what_somebody_writes_right_after_a_restore_is_left_and_told(shop, granted, aws):
    late = a_policy([a_statement(sid="Late")])
    aws.meanwhile(SET, lambda: aws.meanwhile(GET, lambda: repository(aws, WEB, late)))
    ended = shop.ended(shop.as_previewed(Kind.RESTORE, SERVICE, WEB, text=a_policy()))
    assert (ended.problem.code, ended.wrote_policy, sids(aws)) == ("policy.changed_after", True, ["Late"])


def test_a_restore_that_is_retried_holds_to_its_preview(shop, granted, aws):
    seen = shop.previewed(Kind.RESTORE, SERVICE, WEB, text=a_policy())
    add(aws, a_statement(sid="Late"))()
    restore = shop.start(Kind.RESTORE, SERVICE, WEB, text=a_policy(), previewed=seen)
    assert shop.ended(restore).problem.code == "policy.changed_meanwhile"
    again = shop.ended(shop.services.starter.retry(restore, "mika"))
    assert (again.problem.code, sids(aws)) == ("policy.changed_meanwhile", ["BuildTeamPull", OURS, "Late"])


def test_a_revoke_keeps_others_in_a_shared_statement(shop, aws, granted):
    team = f"arn:aws:iam::{'1' * 12}:role/team"
    [_, ours] = aws.policy_of(WEB)["Statement"]
    shared = {**ours, "Principal": {"AWS": [ours["Principal"]["AWS"], team]}}
    repository(aws, WEB, a_policy([shared]))
    assert shop.ended(shop.revoke(SERVICE, WEB)).outcome == "succeeded"
    assert aws.policy_of(WEB)["Statement"][0]["Principal"] == {"AWS": [team]}


def test_a_revoke_of_a_service_that_is_gone_finds_it_by_its_role(shop, aws, granted):
    aws.remove_service(REGION, SERVICE)
    aws.dead.clear()
    assert shop.ended(shop.revoke(SERVICE, WEB)).outcome == "succeeded"
    assert sids(aws) == ["BuildTeamPull"]


def test_a_revoke_of_the_last_statement_deletes_the_policy(shop, aws, granted):
    repository(aws, WEB, a_policy([aws.policy_of(WEB)["Statement"][1]]))
    assert shop.ended(shop.revoke(SERVICE, WEB)).outcome == "succeeded"
    assert aws.policy_of(WEB) is None


@pytest.fixture
def alone(shop, aws, granted):
    """A policy of our statement alone: taking it out deletes the policy."""
    repository(aws, WEB, a_policy([aws.policy_of(WEB)["Statement"][1]]))


def add(aws, *statements):
    """Another writer, who adds statements to what is there."""
    return lambda: repository(aws, WEB, a_policy([*aws.policy_of(WEB)["Statement"], *statements]))


def test_what_somebody_wrote_just_before_we_deleted_the_policy_is_put_back(shop, aws, alone):
    aws.meanwhile(DELETE, add(aws, a_statement(sid="Late")))
    removal = shop.revoke(SERVICE, WEB)
    assert shop.ended(removal).outcome == "succeeded"
    assert sids(aws) == ["Late"]
    deletion, back = shop.changes(removal)
    assert ("Late" in deletion.before, deletion.after) == (True, None)
    assert ("Late" in back.before, OURS in back.before, "Late" in back.after, OURS in back.after) == (
        *(True, True),
        *(True, False),
    )


def test_what_somebody_wrote_in_place_of_ours_before_we_deleted_it_is_put_back(shop, aws, alone):
    aws.meanwhile(DELETE, lambda: repository(aws, WEB, a_policy([a_statement(sid="Late")])))
    assert shop.ended(shop.revoke(SERVICE, WEB)).outcome == "succeeded"
    assert sids(aws) == ["Late"]


def test_a_policy_that_somebody_deleted_before_we_did_is_not_told_as_deleted_by_us(shop, aws, alone):
    aws.meanwhile(DELETE, lambda: repository(aws, WEB, None))
    removal = shop.revoke(SERVICE, WEB)
    ended = shop.ended(removal)
    assert (ended.outcome, ended.wrote_policy, shop.changes(removal)) == ("nothing_to_do", False, [])
    assert step(ended, StepName.UPDATE_POLICY).note.code == "policy.nothing_named"


def test_what_ecr_still_tells_of_a_policy_that_is_deleted_ends_no_removal(shop, aws, alone):
    told = json.dumps(aws.policy_of(WEB))

    def deleted():
        repository(aws, WEB, None)
        aws.tell_older(told, told)

    aws.meanwhile(DELETE, deleted)
    removal = shop.revoke(SERVICE, WEB)
    assert (shop.ended(removal).outcome, shop.changes(removal)) == ("nothing_to_do", [])


def test_a_removal_that_put_something_back_is_undone_without_it(shop, aws, alone, undo):
    aws.meanwhile(DELETE, add(aws, a_statement(sid="Late")))
    removal = shop.revoke(SERVICE, WEB)
    shop.ended(removal)
    assert undo(removal).outcome == "succeeded"
    assert set(sids(aws)) == {"Late", OURS}


def test_a_run_that_ends_after_the_deletion_leaves_the_putting_back_to_the_next(shop, aws, alone):
    def overtaken():
        raise Overtaken

    aws.meanwhile(DELETE, add(aws, a_statement(sid="Late")))
    aws.meanwhile(GET, lambda: aws.meanwhile(GET, overtaken))
    assert shop.ended(shop.revoke(SERVICE, WEB)).outcome == "succeeded"
    assert sids(aws) == ["Late"]


def test_an_undo_that_deleted_what_it_must_not_take_back_puts_all_of_it_back(shop, aws, undo):
    active(aws, SERVICE)
    repository(aws, WEB)
    granted = shop.grant(SERVICE, WEB)
    shop.ended(granted)
    [ours] = aws.policy_of(WEB)["Statement"]
    wider = {**ours, "Action": ["ecr:*"]}
    aws.meanwhile(DELETE, lambda: repository(aws, WEB, a_policy([wider])))
    assert undo(granted).problem.code == "policy.undo_conflict"
    assert aws.policy_of(WEB)["Statement"] == [wider]


def test_a_restore_of_no_policy_puts_nothing_back(shop, aws, alone):
    aws.meanwhile(DELETE, add(aws, a_statement(sid="Late")))
    assert shop.ended(shop.as_previewed(Kind.RESTORE, SERVICE, WEB, text=None)).outcome == "succeeded"
    assert aws.policy_of(WEB) is None


CONTRACTOR = "arn:aws:iam::123456789012:role/contractor"
DENIED = a_statement(sid="KeepOut", principal={"AWS": CONTRACTOR}, Effect="Deny")


def test_a_living_role_is_never_pruned_from_a_deny(shop, aws):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy([DENIED]))
    operation = shop.start(Kind.PRUNE, "long-gone", WEB, principals=[CONTRACTOR], previewed="0" * 32)
    ended = shop.ended(operation)
    assert (ended.problem.code, ended.problem.params["principals"]) == ("policy.not_dead", CONTRACTOR)
    assert sids(aws) == ["KeepOut"]


def test_an_account_that_ecr_accepts_is_never_pruned(shop, aws):
    root = "arn:aws:iam::123456789012:root"
    active(aws, SERVICE)
    repository(aws, WEB, a_policy([a_statement(principal={"AWS": root})]))
    with pytest.raises(Problem, match="not_dead"):
        shop.previewed(Kind.PRUNE, SERVICE, WEB, principals=[root])


@pytest.mark.parametrize("kind", [Kind.PRUNE, Kind.RESTORE])
def test_what_replaces_the_rights_of_others_needs_a_preview(shop, granted, kind):
    with pytest.raises(Problem, match="preview_needed"):
        shop.start(kind, SERVICE, WEB, text=None, principals=["AROAEXAMPLEDEADROLE12"])


def test_a_pruning_removes_no_more_than_its_preview_showed(shop, aws):
    first, second = "AROAEXAMPLEDEADROLE12", "AROAEXAMPLEDEADROLE34"
    active(aws, SERVICE)
    repository(aws, WEB, a_policy([a_statement(sid="One", principal={"AWS": first})]))
    seen = shop.previewed(Kind.PRUNE, SERVICE, WEB)
    add(aws, a_statement(sid="Two", principal={"AWS": second}))()
    ended = shop.ended(shop.start(Kind.PRUNE, SERVICE, WEB, previewed=seen))
    assert (ended.problem.code, sids(aws)) == ("policy.changed_meanwhile", ["One", "Two"])


@pytest.fixture
def closed(shop, aws):
    """A policy that ECR refuses because one of two roles is gone: it does not say which."""
    roles = [f"arn:aws:iam::{account}:role/deploy" for account in ("444455556666", "777788889999")]
    active(aws, SERVICE)
    repository(aws, WEB, a_policy([a_statement(sid="Partner", principal={"AWS": roles})]))
    aws.dead.add(roles[1])
    return roles


def test_what_ecr_refused_can_be_chosen_for_pruning(shop, aws, closed):
    assert shop.ended(shop.grant(SERVICE, WEB)).problem.code == "policy.dead_principals"
    pruned = shop.ended(shop.as_previewed(Kind.PRUNE, SERVICE, WEB, principals=[closed[1]]))
    assert (pruned.outcome, aws.policy_of(WEB)["Statement"][0]["Principal"]) == ("succeeded", {"AWS": [closed[0]]})
    assert shop.ended(shop.grant(SERVICE, WEB)).outcome == "succeeded"


def test_what_ecr_refused_is_not_pruned_unless_it_is_chosen(shop, aws, closed):
    shop.ended(shop.grant(SERVICE, WEB))
    assert shop.ended(shop.as_previewed(Kind.PRUNE, SERVICE, WEB)).outcome == "nothing_to_do"


def test_a_refusal_of_another_policy_is_no_evidence(shop, aws, closed):
    shop.ended(shop.grant(SERVICE, WEB))
    add(aws, a_statement(sid="Late"))()
    with pytest.raises(Problem, match="not_dead"):
        shop.previewed(Kind.PRUNE, SERVICE, WEB, principals=[closed[1]])


def test_a_preview_from_before_the_activation_is_done_as_shown(shop, aws):
    inactive(aws, SERVICE)
    repository(aws, WEB, a_policy())
    assert shop.ended(shop.as_previewed(Kind.GRANT, SERVICE, WEB)).outcome == "succeeded"
    assert sids(aws) == ["BuildTeamPull", OURS]


def test_a_grant_previewed_for_another_principal_writes_nothing(shop, aws):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    seen = shop.previewed(Kind.GRANT, SERVICE, WEB)
    for kind in (Kind.DEACTIVATE, Kind.ACTIVATE) * 2:
        shop.ended(shop.start(kind, SERVICE))
    ended = shop.ended(shop.start(Kind.GRANT, SERVICE, WEB, previewed=seen))
    assert (ended.problem.code, sids(aws)) == ("policy.changed_meanwhile", ["BuildTeamPull"])


@pytest.mark.parametrize(
    "before, notes",
    [(None, ["policy.created", "policy.deleted"]), (a_policy(), ["policy.merged", "policy.reduced"])],
)
def test_a_write_is_told_by_what_became_of_the_policy(shop, aws, before, notes):
    active(aws, SERVICE)
    repository(aws, WEB, before)
    done = [shop.ended(start(SERVICE, WEB)) for start in (shop.grant, shop.revoke)]
    assert [step(each, StepName.UPDATE_POLICY).note.code for each in done] == notes
