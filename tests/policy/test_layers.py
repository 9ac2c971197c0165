import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policy.evaluate import Layer, evaluate
from app.policy.grant import plan_grant
from app.policy.layers import NOT_READ, RegistryPolicy, RegistryScope
from app.policy.revoke import plan_revoke
from app.policy.verdict import Access
from tests.policy.build import ANY_OR_OURS, a_policy, a_statement, any_policy, statements_of
from tests.policy.names import FROM_OFFICE, LIGHTSAIL, MIKA, PULL, PULLER
from tests.policy.oracle import may_pull

REPOSITORY = "arn:aws:ecr:eu-west-1:220022002200:repository/shop/api"
OURS = a_policy(a_statement(PULLER, sid="Ours"))
DENYING = a_policy(a_statement("*", "ecr:*", effect="Deny", sid="Perimeter", Resource="*"))
OPENING = a_policy(a_statement(PULLER, sid="Open", Resource="arn:aws:ecr:*:*:repository/shop/*"))


def under(text, scope=RegistryScope.V2):
    return RegistryPolicy(text, scope)


def judged(repository, registry, **more):
    return evaluate(repository, PULLER, registry, repository_arn=REPOSITORY, **more)


def test_a_deny_of_the_registry_wins_and_is_named_with_its_layer():
    verdict = judged(OURS, under(DENYING))
    assert (verdict.access, verdict.layers, verdict.statements) == (Access.DENIED, (Layer.REGISTRY,), ())
    assert verdict.sentence.startswith("Statement #1 (Perimeter) of the registry policy explicitly denies")


def test_where_both_deny_both_are_named():
    verdict = judged(a_policy(a_statement(PULLER, effect="Deny", sid="No")), under(DENYING))
    assert verdict.layers == (Layer.REPOSITORY, Layer.REGISTRY)
    assert "#1 (No) of the repository policy and statement #1 (Perimeter) of the registry policy" in verdict.sentence


def test_an_allow_of_the_registry_counts_and_is_shown_as_the_registrys():
    verdict = judged(None, under(OPENING))
    assert (verdict.access, verdict.code, verdict.layers) == (
        "allowed",
        "verdict.allowed_in_registry",
        (Layer.REGISTRY,),
    )


def test_half_from_each_is_allowed_by_both():
    half = a_policy(a_statement(PULLER, PULL[0]))
    verdict = judged(half, under(a_policy(a_statement(PULLER, PULL[1]))))
    assert (verdict.access, verdict.code) == ("allowed", "verdict.allowed_in_both")


def test_what_the_repositorys_policy_allows_is_said_to_be_its_own_though_the_registrys_does_too():
    assert judged(OURS, under(OPENING)).layers == (Layer.REPOSITORY,)


def test_under_v1_nothing_of_it_counts_for_pulls():
    assert judged(OURS, under(DENYING, RegistryScope.V1)).access is Access.ALLOWED
    assert judged(None, under(OPENING, RegistryScope.V1)).code == "verdict.no_policy"


@pytest.mark.parametrize(
    "registry, unseen",
    [
        (NOT_READ, ["unseen.registry_not_read"]),
        (RegistryPolicy(read=False, problem="aws.access_denied"), ["unseen.registry_refused"]),
        (under("{"), ["unseen.registry_unreadable"]),
        (under(OPENING, None), ["unseen.registry_scope"]),
        (under(OPENING), []),
        (under(DENYING, RegistryScope.V1), []),
        (under(None, None), []),
    ],
)
def test_what_was_not_looked_at_is_said_and_an_organization_never_is(registry, unseen):
    found = judged(OURS, registry).unseen
    assert [one.code for one in found] == [*unseen, "unseen.organization"]
    assert dict(found[-1].params) == {"tag": "dp:exclude:identity"}


def test_what_was_not_read_is_not_guessed():
    assert judged(OURS, RegistryPolicy(read=False, problem="aws.access_denied")).access is Access.ALLOWED


def test_a_condition_of_the_registry_is_named():
    verdict = judged(OURS, under(a_policy(a_statement("*", effect="Deny", Resource="*", Condition=FROM_OFFICE))))
    assert (verdict.code, verdict.keys) == ("verdict.maybe_in_registry", ("aws:SourceIp",))


def test_a_grant_tells_of_the_registrys_deny():
    change = plan_grant(None, principal_arn=PULLER, service="shop", registry=under(DENYING))
    assert [(one.code, one.statement) for one in change.leftovers] == [("grant.registry_denied", None)]


def test_a_grant_is_written_though_the_registry_allows():
    assert plan_grant(None, principal_arn=PULLER, service="shop", registry=under(OPENING)).needed


def test_a_revoke_tells_that_the_registry_still_allows():
    change = plan_revoke(OURS, principals=[PULLER], registry=under(OPENING), repository_arn=REPOSITORY)
    assert [one.code for one in change.leftovers] == ["revoke.still_registry"]


@given(any_policy(ANY_OR_OURS), any_policy(ANY_OR_OURS), st.sampled_from(RegistryScope))
def test_two_policies_are_judged_as_one_with_the_statements_of_both(repository, registry, scope):
    verdict = judged(repository, under(registry, scope))
    counted = [*statements_of(repository), *(statements_of(registry) if scope is RegistryScope.V2 else [])]
    expected = {True: {"allowed"}, None: {"conditional"}, False: {"denied", "not_allowed"}}
    assert verdict.access in expected[may_pull(json.dumps({"Statement": counted}), PULLER)]
    assert "%(" not in verdict.sentence


def test_an_account_that_the_registry_opens_for_covers_the_role():
    text = a_policy(a_statement([LIGHTSAIL, MIKA], Resource="*"))
    assert judged(None, under(text)).access is Access.ALLOWED
