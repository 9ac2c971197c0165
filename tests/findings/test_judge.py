"""What is said about one repository's access, from its policy, its services and what was seen to be removed."""

from datetime import timedelta

import pytest

from app.findings.finding import Repair
from app.findings.judge import JudgedRepository, NamedService, Pullers, Removal, judge
from app.findings.messages import sentence_of, todo_of
from app.policy.finding import Severity
from app.policy.layers import NOT_READ, RegistryPolicy, RegistryScope
from app.wording import fill
from tests.build import ACCOUNT, REGION, SERVICE, a_policy, a_repository, a_statement, general_arn, puller_arn
from tests.inventory.at import NOON, allow

ROLE = puller_arn()
SHOP = NamedService(SERVICE, ROLE, general_arn())
INACTIVE = NamedService(SERVICE, "", general_arn())
OTHER_ACCOUNT = "arn:aws:iam::210987654321:root"


def judged(*statements, services=(SHOP,), registry=NOT_READ, removals=(), text=None):
    policy = text or (a_policy(statements) if statements else None)
    repository = a_repository()
    subject = JudgedRepository(REGION, repository.name, repository.arn, ACCOUNT, policy, services, removals)
    return judge(subject, registry, NOON)


def said(outcome):
    return [(each.code, each.severity, each.service, each.repair) for each in outcome.findings]


def test_a_service_that_is_allowed_is_counted_and_nothing_is_found():
    outcome = judged(allow(ROLE), a_statement())
    assert outcome.findings == ()
    assert outcome.pullers == Pullers((SERVICE,), 1, others=1)


def test_no_policy_is_no_finding():
    assert judged().findings == ()
    assert judged().pullers == Pullers()


@pytest.mark.parametrize(
    "statement, service, expected",
    [
        (allow(general_arn()), SHOP, ("finding.general_role", Severity.ERROR, SERVICE, Repair.REPAIR)),
        (allow(puller_arn(birth=7)), SHOP, ("finding.stale_role", Severity.ERROR, SERVICE, Repair.REPAIR)),
        (allow(ROLE), INACTIVE, ("finding.inactive_role", Severity.WARNING, SERVICE, Repair.REPAIR)),
        (allow("AROA5NLVX2WQ7YEXAMPLE"), SHOP, ("finding.deleted_principal", Severity.ERROR, "", Repair.PRUNE)),
        (allow("*"), SHOP, ("finding.everyone_pulls", Severity.WARNING, "", Repair.NONE)),
        (allow(OTHER_ACCOUNT), SHOP, ("finding.account_pulls", Severity.INFO, "", Repair.NONE)),
        (allow(ROLE, action="ecr:BatchGetImage"), SHOP, ("verdict.action_missing", Severity.ERROR, SERVICE, "repair")),
    ],
)
def test_what_is_wrong_is_named_with_its_repair(statement, service, expected):
    assert said(judged(statement, services=(service,))) == [expected]


def test_access_that_is_removed_again_is_another_matter():
    first, again, second = (
        judged(removals=(Removal(SERVICE, operation_id, NOON),)).findings[0].id
        for operation_id in ("op-1", "op-1", "op-2")
    )
    assert first == again
    assert first != second  # who dismissed the first removal has not seen the second


def deny(principal="*", **more):
    return a_statement(sid=None, effect="Deny", principal=principal, action="ecr:BatchGetImage", **more)


def registry_with(*statements):
    return RegistryPolicy(text=a_policy(statements), scope=RegistryScope.V2)


def ids(*statements, **known):
    return {finding.id for finding in judged(*statements, **known).findings}


@pytest.mark.parametrize(
    "seen, later",
    [
        ([allow(ROLE), deny()], [allow(ROLE), deny({"AWS": ROLE})]),
        ([allow(ROLE), deny()], [allow(ROLE), deny(), deny({"AWS": ROLE})]),
        ([allow(ROLE), deny()], [allow(ROLE), {**deny(), "Action": "ecr:*"}]),
        ([allow(ROLE), deny()], [allow(ROLE), deny(Condition={"ArnLike": {"aws:PrincipalArn": "*"}})]),
        ([allow(ROLE, action="ecr:BatchGetImage")], [allow(ROLE, action=["ecr:BatchGetImage", "ecr:ListImages"])]),
        ([allow("*")], [allow("*", action="ecr:Batch*")]),
        ([allow(OTHER_ACCOUNT)], [allow(OTHER_ACCOUNT, action=["ecr:BatchGetImage", "ecr:GetDownloadUrl*"])]),
        ([allow("*", action=["ecr:*", "odd"])], [allow("*", action=["ecr:*", "odder"])]),
        ([allow(ROLE), allow(general_arn())], [allow(general_arn())]),  # a leftover keeps the service from pulling
    ],
)
def test_another_statement_or_severity_is_another_matter(seen, later):
    assert ids(*later) - ids(*seen)


@pytest.mark.parametrize(
    "seen, later",
    [
        ([allow(ROLE), deny()], [a_statement(), {**deny(), "Sid": "Freeze"}, allow(ROLE)]),
        ([allow(ROLE), deny({"AWS": ROLE})], [allow(ROLE), deny({"AWS": [OTHER_ACCOUNT, ROLE]})]),
        ([allow([ROLE, puller_arn("api")], action="ecr:BatchGetImage")], [allow([ROLE], action=["ecr:BatchGetImage"])]),
        ([allow("AROA5NLVX2WQ7YEXAMPLE")], [allow(["AROA5NLVX2WQ7YEXAMPLE", ROLE], action="ecr:ListImages")]),
    ],
)
def test_a_statement_that_moves_or_names_others_too_is_the_same_matter(seen, later):
    assert ids(*seen) <= ids(*later)


def test_another_deny_of_the_registry_policy_is_another_matter():
    first, second = deny(Resource="*"), deny({"AWS": ROLE}, Resource="*")
    assert ids(allow(ROLE), registry=registry_with(first)).isdisjoint(ids(allow(ROLE), registry=registry_with(second)))


def test_another_broken_policy_is_another_matter():
    assert ids(text="not JSON").isdisjoint(ids(text="not JSON either"))


def test_every_odd_action_is_a_finding():
    odd = judged(a_statement(action=["ecr:*", "pull", "push"]))
    assert {finding.params["action"] for finding in odd.findings} == {"pull", "push"}


def test_the_id_of_a_service_s_own_deleted_role_is_repaired_while_the_service_lacks_access():
    ours = a_statement(sid=f"AllowLightsailPull-{SERVICE}", principal={"AWS": "AROA5NLVX2WQ7YEXAMPLE"})
    assert said(judged(ours)) == [("finding.deleted_principal", Severity.ERROR, SERVICE, Repair.REPAIR)]
    assert judged(ours, allow(ROLE)).findings[0].repair is Repair.PRUNE


def test_a_deny_on_a_deleted_role_does_not_hide_whose_role_it_was():
    role = {"AWS": "AROA5NLVX2WQ7YEXAMPLE"}
    ours = a_statement(sid=f"AllowLightsailPull-{SERVICE}", principal=role)
    expected = [("finding.deleted_principal", Severity.ERROR, SERVICE, Repair.REPAIR)]
    assert said(judged(ours, a_statement(effect="Deny", principal=role))) == expected


@pytest.mark.parametrize("name", ["lightsail.amazonaws.com", "lightsail.ap-southeast-3.amazonaws.com"])
def test_a_service_principal_is_never_offered_as_dead_and_a_value_that_is_none_is(name):
    """AWS has service principals of both forms; as a principal of the type AWS, ECR accepts neither."""
    (guessed,) = judged(a_statement(principal={"Service": name})).findings
    assert (guessed.code, guessed.repair) == ("finding.guessed_service", Repair.NONE)
    assert "Remove dead principals" not in todo_of(guessed.code, guessed.repair)
    assert said(judged(allow(name))) == [("finding.no_principal", Severity.ERROR, "", Repair.PRUNE)]


def test_a_leftover_of_a_service_that_can_pull_is_told_without_alarm():
    outcome = judged(allow(ROLE), allow(general_arn()))
    assert said(outcome) == [("finding.general_role", Severity.INFO, SERVICE, Repair.REPAIR)]


def test_a_deny_that_hits_a_granted_service_is_found_in_either_policy():
    deny = a_statement(sid="Lock", effect="Deny", principal="*")
    assert said(judged(allow(ROLE), deny)) == [("verdict.denied_everyone", Severity.ERROR, SERVICE, Repair.NONE)]
    in_registry = {**deny, "Resource": "*"}
    registry = RegistryPolicy(a_policy([in_registry]), RegistryScope.V2)
    found = judged(allow(ROLE), registry=registry)
    assert said(found) == [("verdict.denied_in_registry", Severity.ERROR, SERVICE, Repair.NONE)]
    assert judged(deny).findings == ()  # nobody was granted anything


def test_access_that_somebody_removed_is_found_since_it_was_seen_unless_the_service_can_pull_again():
    removal = Removal(SERVICE, "op-1", NOON - timedelta(hours=3))
    outcome = judged(a_statement(), services=(), removals=(removal,))
    assert said(outcome) == [("finding.access_removed", Severity.ERROR, SERVICE, Repair.REPAIR)]
    assert outcome.findings[0].since == removal.seen_at
    assert judged(allow(ROLE), removals=(removal,)).findings == ()


def test_a_broken_policy_leaves_open_who_can_pull():
    outcome = judged(text=a_policy() + ", " + a_policy())
    assert [each.code for each in outcome.findings] == ["mend.pasted_documents"]
    assert outcome.pullers is None


def test_the_same_matter_keeps_its_id_when_the_policy_changes_around_it():
    alone = judged(allow(general_arn())).findings[0]
    moved = judged(a_statement(), allow(general_arn())).findings[0]
    assert alone.id == moved.id
    assert alone.statement != moved.statement


def test_every_finding_has_a_sentence_and_what_to_do():
    outcome = judged(
        allow(general_arn()),
        allow(OTHER_ACCOUNT, action="ecr:*"),
        allow("*", action="ecr:*"),
        allow("AIDAEXAMPLE123456"),
    )
    for finding in outcome.findings:
        assert "%(" not in fill(sentence_of(finding.code), finding.params)
        assert todo_of(finding.code)


def test_the_same_account_id_in_another_partition_is_another_account():
    [found] = judged(allow(f"arn:aws-cn:iam::{ACCOUNT}:root"), services=()).findings
    assert (found.code, found.params["account"]) == ("finding.account_pulls", f"aws-cn:{ACCOUNT}")
    assert not judged(allow(f"arn:aws:iam::{ACCOUNT}:root"), services=()).findings
