"""What is told of a policy that ECR refused, and of one that was read after a change: pure decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import Certainty, Found
from app.errors import Problem
from app.history.models import Operation, PolicyChange
from app.inventory.circumstances import Circumstances
from app.inventory.registries import KnownRegistry
from app.operations import refused_writes
from app.operations.deployment_causes import detail_of
from app.operations.explained import explained
from app.operations.fingerprint import change_fingerprint, fingerprint, is_of, matches
from app.operations.judgements import GONE, judging_access, judging_removal, judging_text
from app.operations.messages import note_of_no_change
from app.operations.parts import preview_of_part
from app.operations.plans import Grantee, granting, restoring
from app.operations.policy_write import remark_of
from app.operations.reactivate import undo_of_removal
from app.operations.state import Kind, StepName, steps_of
from app.policy.change import PlannedChange
from app.policy.layers import RegistryPolicy, RegistryScope
from tests.build import REGION, SERVICE, a_policy, a_statement, general_arn, puller_arn

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS = a_statement(sid="Ours", principal={"AWS": puller_arn()})
OPERATION = Operation(id="1", kind="grant", region=REGION, service=SERVICE, repository="storefront/web")


def judge(text: str | None, *, after: str | None = None, registry: KnownRegistry | None = None):
    known = registry or KnownRegistry(REGION)
    decide = judging_access(OPERATION, puller_arn(), Circumstances(known.policy), known, NOW)
    return decide(text, text if after is None else after)


def test_access_that_stands_as_it_was_written_is_told_by_what_is_known_of_the_registry():
    text = a_policy([OURS])
    assert (judge(text).holds, judge(text).note) == (True, "access.allowed_unread")
    read = KnownRegistry(REGION, RegistryPolicy(), NOW - timedelta(seconds=90), NOW)
    assert (judge(text, registry=read).note, judge(text, registry=read).params) == ("access.allowed", {})
    harmless = RegistryPolicy(a_policy([a_statement(Resource="*")]), RegistryScope.V2)
    seen = judge(text, registry=KnownRegistry(REGION, harmless, NOW - timedelta(seconds=90), NOW))
    assert (seen.holds, seen.note, seen.params) == (True, "access.not_denied_by_registry", {"seconds": 90})
    ahead = judge(text, registry=KnownRegistry(REGION, harmless, NOW + timedelta(seconds=9), NOW))
    assert ahead.params == {"seconds": 0}  # another machine's clock


def test_access_that_is_gone_or_that_others_wrote_beside_is_told():
    assert judge(a_policy()) is GONE
    assert judge(None) is GONE
    beside = judge(a_policy([OURS, a_statement()]), after=a_policy([OURS]))
    assert (beside.holds, beside.note) == (True, "policy.foreign_write")
    given = a_statement(principal={"AWS": puller_arn()}, Condition={"IpAddress": {"aws:SourceIp": "1.2.3.4"}})
    assert (judge(a_policy([given])).holds, judge(a_policy([given])).note) == (True, "access.conditional")


@pytest.mark.parametrize("where", ["repository", "registry"])
def test_a_deny_is_a_problem_that_names_its_statement(where):
    deny = a_statement(sid="No", effect="Deny", principal="*", **({"Resource": "*"} if where == "registry" else {}))
    registry = (
        KnownRegistry(REGION, RegistryPolicy(a_policy([deny]), RegistryScope.V2), NOW, NOW)
        if where == "registry"
        else None
    )
    text = a_policy([OURS] if where == "registry" else [OURS, deny])
    with pytest.raises(Problem) as raised:
        judge(text, registry=registry)
    about = {"service": SERVICE, "region": REGION, "repository": "storefront/web"}
    code, statement = ("access.denied_by_registry", "#1 (No)") if registry else ("access.denied", "#2 (No)")
    assert (raised.value.code, raised.value.params) == (code, {**about, "statement": statement})


@pytest.mark.parametrize(
    "text, arn, holds, note",
    [
        (a_policy([OURS]), puller_arn(), False, "policy.foreign_write"),
        (a_policy(), puller_arn(), True, "access.gone"),
        (None, puller_arn(), True, "access.gone"),
        (a_policy([a_statement(principal="*")]), puller_arn(), True, "access.left"),
        (a_policy([a_statement(principal="*")]), "", True, "access.gone"),
        (
            a_policy([a_statement(principal="*", Condition={"IpAddress": {"aws:SourceIp": "1.2.3.4"}})]),
            puller_arn(),
            True,
            "access.left",
        ),
    ],
)
def test_a_removal_is_judged_by_what_names_the_role_and_by_what_is_left(text, arn, holds, note):
    subject = Grantee(REGION, SERVICE, arn, general_arn())
    judged = judging_removal(subject)(text, None)
    assert (judged.holds, judged.note) == (holds, note)


def test_a_text_is_judged_by_what_is_still_to_be_changed():
    decide = judging_text(restoring(a_policy()))
    assert decide(None, None) is GONE
    assert (decide(a_policy(), None).holds, decide(a_policy(), None).note) == (True, "policy.as_written")


@pytest.mark.parametrize(
    "code, principals, becomes",
    [
        ("policy.principal_spreading", "a, b", "policy.some_principal_not_found"),
        ("policy.dead_principals", "a, b", "policy.dead_principals"),
        ("policy.principal_spreading", "", "policy.own_principal_not_found"),
        ("policy.refused", "a", "policy.refused"),
    ],
)
def test_a_role_that_ecr_still_refuses_is_told_with_whom_else_it_may_mean(code, principals, becomes):
    problem = Problem(code, retryable=True, request_id="r", principals=principals, region=REGION)
    told = refused_writes.given_up(problem)
    assert told.to_json() == {**problem.to_json(), "code": becomes}
    assert refused_writes.suspects_in(told) == (["a", "b"] if becomes == "policy.dead_principals" else [])


def test_a_refused_text_is_told_with_its_first_reasons():
    statements = [a_statement(sid=f"S{number}", Resource="*") for number in range(9)]
    told = explained(Problem("policy.refused", repository="r"), None, a_policy(statements))
    assert [code for code, _ in told.details] == ["refusal.resource_element"] * 5
    assert told.params == {"repository": "r"}
    assert explained(Problem("policy.refused"), a_policy(), a_policy()).details == ()


def test_a_cause_is_kept_with_what_its_title_says_and_nothing_else():
    cause = Found(
        "policy.not_named", certainty=Certainty.CERTAIN, params={"log": "secret", "repository": "r", "service": "s"}
    )
    code, params = detail_of(cause)
    assert code == "cause.policy.not_named"
    assert params == {"repository": "r", "service": "s"}
    assert all(f"%({name})s" in CAUSES["policy.not_named"].title for name in params)
    assert detail_of(Found("policy.not_named", certainty=Certainty.CERTAIN, params={}))[1] == {}


@pytest.mark.parametrize(
    "kind, code",
    [
        (Kind.GRANT, "policy.unchanged"),
        (Kind.REPAIR, "policy.unchanged"),
        (Kind.DEPLOY, "policy.unchanged"),
        (Kind.REVOKE, "policy.nothing_named"),
        (Kind.UNDO, "policy.as_requested"),
        (Kind.RESTORE, "policy.as_requested"),
        (Kind.PRUNE, "policy.as_requested"),
    ],
)
def test_each_kind_says_in_its_own_words_that_there_was_nothing_to_write(kind, code):
    assert note_of_no_change(kind) == code


@pytest.mark.parametrize(
    "before, after, note",
    [
        (None, "x", "policy.created"),
        ("x", None, "policy.deleted"),
        ("x", "y", "policy.merged"),
        (None, None, "policy.deleted"),
    ],
)
def test_a_write_is_told_by_whether_a_policy_was_there_and_is(before, after, note):
    assert remark_of(PlannedChange(before, after, needed=True), Kind.GRANT) == note


@pytest.mark.parametrize(
    "given, part",
    [
        ({}, {}),
        ({"shown": {"a": "x"}}, {}),  # there was no preview
        ({"previewed": "p", "shown": {"a": "x"}}, {"previewed": "x"}),
        ({"previewed": "p", "shown": {"a": None}}, {}),
        ({"previewed": "p", "shown": {}}, {"previewed": ""}),
        ({"previewed": "", "shown": {}}, {"previewed": ""}),
    ],
)
def test_a_part_is_bound_to_what_was_shown_of_its_repository(given, part):
    assert preview_of_part(given, "a") == part


@pytest.mark.parametrize(
    "recorded, code",
    [({}, "role.unrecorded"), ({"role": {"arn": "", "general_arn": general_arn()}}, "role.was_off")],
)
def test_statements_of_a_role_that_is_not_known_are_not_put_back(recorded, code):
    deactivation = Operation(id="1", kind="deactivate", region=REGION, service=SERVICE, input=recorded)
    removal = PolicyChange(before=a_policy([OURS]), after=None)
    with pytest.raises(Problem) as raised:
        undo_of_removal(deactivation, removal, puller_arn(birth=2))
    assert (raised.value.code, raised.value.params) == (code, {"service": SERVICE})


def test_statements_are_put_back_for_the_role_as_it_is_now():
    recorded = {"role": {"arn": puller_arn(), "general_arn": general_arn()}}
    deactivation = Operation(id="1", kind="deactivate", region=REGION, service=SERVICE, input=recorded)
    undone = undo_of_removal(deactivation, PolicyChange(before=a_policy([OURS]), after=None), puller_arn(birth=2))
    assert (undone["after"], undone["principal"]) == (None, puller_arn(birth=2))
    assert puller_arn(birth=2) in undone["before"]
    assert puller_arn() not in undone["before"]
    assert undo_of_removal(deactivation, PolicyChange(before=None, after=None), "arn")["before"] is None


@pytest.mark.parametrize(
    "given, left_out",
    [
        ({}, {StepName.GRANT_ACCESS, StepName.ROLL_BACK}),
        ({"grant": True}, {StepName.ROLL_BACK}),
        ({"grant": False, "rollback": True}, {StepName.GRANT_ACCESS}),
        ({"grant": True, "rollback": True}, set()),
    ],
)
def test_a_deployment_has_the_steps_that_it_was_asked_for(given, left_out):
    whole = (
        StepName.CHECK_DEPLOYMENT,
        StepName.GRANT_ACCESS,
        StepName.DEPLOY,
        StepName.WATCH_DEPLOYMENT,
        StepName.ROLL_BACK,
    )
    assert steps_of(Kind.DEPLOY, given) == tuple(name for name in whole if name not in left_out)


def test_a_fingerprint_is_of_the_policy_and_not_of_its_layout():
    text = a_policy()
    assert fingerprint(text) == fingerprint(text.replace(",", ",\n "))
    assert len({fingerprint(text), fingerprint(a_policy([OURS])), fingerprint(None), fingerprint("{}")}) == 4
    assert (fingerprint(None), len(fingerprint(text))) == ("", 32)


def test_a_preview_is_recognized_by_its_change_also_where_the_role_was_not_there_yet():
    placeholder = puller_arn(birth=9)
    change = granting(Grantee(REGION, SERVICE, puller_arn(), general_arn()))(a_policy())
    shown = granting(Grantee(REGION, SERVICE, placeholder, general_arn()))(a_policy())
    names = {"principal": puller_arn(), "placeholder": placeholder}
    assert matches(change_fingerprint(change), change, **names)
    assert matches(change_fingerprint(shown), change, **names)
    assert not matches(change_fingerprint(shown), change, principal="", placeholder=placeholder)
    assert not matches("of something else", change, **names)
    assert not matches("x", PlannedChange(a_policy(), None, needed=True), **names)
    assert is_of(change_fingerprint(change), change.before, change.after)
    assert not is_of(change_fingerprint(change), change.after, change.before)
