import pytest

from app.policy.statement import (
    free_sid,
    is_ours,
    orphan_of,
    pull_statement,
    same_forms,
    without,
    without_anywhere,
)
from tests.policy.build import a_statement
from tests.policy.names import GENERAL, LIGHTSAIL, LIGHTSAIL_ROOT, MIKA, PULL, PULLER


def test_our_statement_is_the_one_of_the_guide():
    assert pull_statement(PULLER, "shop") == {
        "Sid": "AllowLightsailPull-shop",
        "Effect": "Allow",
        "Principal": {"AWS": PULLER},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }


def test_a_taken_sid_leads_to_another_that_reads_as_no_other_service():
    taken = {"AllowLightsailPull-app", "AllowLightsailPull2-app"}
    assert free_sid("app", taken) == "AllowLightsailPull3-app"


def test_ours_is_recognised_by_what_it_does_whatever_its_sid():
    assert is_ours(a_statement(PULLER, sid="renamed by hand"))
    assert is_ours(a_statement([PULLER], PULL[::-1]))


def test_what_does_more_or_less_or_for_others_is_not_ours():
    others = [
        a_statement(MIKA),
        a_statement(GENERAL),
        a_statement([PULLER, MIKA]),
        a_statement(PULLER, "ecr:*"),
        a_statement(PULLER, effect="Deny"),
        a_statement(PULLER, Condition={"Bool": {"aws:SecureTransport": "true"}}),
    ]
    assert not any(is_ours(one) for one in others)


def test_taking_one_out_keeps_lists_lists_and_the_rest_as_it_is():
    shared = a_statement([MIKA, PULLER], sid="Shared", Note=[1])
    assert without(shared, [PULLER]) == a_statement([MIKA], sid="Shared", Note=[1])


def test_a_statement_nobody_is_left_in_goes():
    assert without(a_statement([PULLER]), [PULLER]) is None
    assert without(a_statement(PULLER), [PULLER]) is None


def test_other_kinds_of_principals_keep_the_statement():
    mixed = {**a_statement(), "Principal": {"AWS": PULLER, "Service": "lambda.amazonaws.com"}}
    assert without(mixed, [PULLER])["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_an_account_is_taken_out_in_either_of_its_forms():
    assert without(a_statement([LIGHTSAIL, MIKA]), same_forms([LIGHTSAIL_ROOT])) == a_statement([MIKA])


def test_a_statement_that_does_not_name_it_is_the_very_same():
    statement = a_statement("*")
    assert without(statement, same_forms([PULLER, "*"])) is statement


def test_leaving_out_nobody_any_more_is_never_written():
    only = {"Effect": "Deny", "NotPrincipal": {"AWS": PULLER}, "Action": "*"}
    assert without_anywhere(only, [PULLER]) is only


@pytest.mark.parametrize(
    "sid, principal, service",
    [
        ("AllowLightsailPull-my-app", "AROAEXAMPLE123456789", "my-app"),
        ("AllowLightsailPull2-my-app", ["AROAEXAMPLE123456789", "AROAEXAMPLE987654321"], "my-app"),
        ("AllowLightsailPull-my-app", "arn:aws:iam::123456789012:role/other", ""),
        ("AllowLightsailPull-my-app", ["AROAEXAMPLE123456789", "arn:aws:iam::123456789012:role/other"], ""),
        ("BuildTeam-my-app", "AROAEXAMPLE123456789", ""),
    ],
)
def test_a_deleted_role_is_known_by_the_statement_that_it_stands_in(sid, principal, service):
    statement = {**pull_statement("arn:aws:iam::1:role/x", "my-app"), "Sid": sid, "Principal": {"AWS": principal}}
    assert orphan_of(statement) == service
