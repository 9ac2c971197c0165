"""Which policy denied is read from AWS's text in each of its forms, and not guessed from other content."""

from __future__ import annotations

import time

import pytest

from app.aws.denials import _KINDS, EXPLICIT_DENY, NOT_ALLOWED, Denial, denial_of

USER = "User: arn:aws:sts::123456789012:assumed-role/console/mika is not authorized to perform: ecr:GetRepositoryPolicy"
REPOSITORY = "arn:aws:ecr:us-east-1:123456789012:repository/web"
ON = f"{USER} on resource: {REPOSITORY} "
LACKS = "allows the ecr:GetRepositoryPolicy action"

FORMS = {
    f"because no identity-based policy {LACKS}": "not_allowed",
    "with an explicit deny in an identity-based policy": "identity_deny",
    "with an explicit deny in an identity-based policy: arn:aws:iam::123456789012:policy/NoPolicies": "identity_deny",
    f"because no service control policy {LACKS}": "service_control_policy",
    "with an explicit deny in a service control policy": "service_control_policy",
    "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1": "service_control_policy",
    "with an explicit deny in a resource control policy": "resource_control_policy",
    f"because no permissions boundary {LACKS}": "permissions_boundary",
    "with an explicit deny in a permissions boundary": "permissions_boundary",
    f"because no session policy {LACKS}": "session_policy",
    "with an explicit deny in a session policy": "session_policy",
    f"because no VPC endpoint policy {LACKS}": "vpc_endpoint_policy",
    "with an explicit deny in a VPC endpoint policy": "vpc_endpoint_policy",
    f"because no resource-based policy {LACKS}": "resource_policy",
    "with an explicit deny in a resource-based policy": "resource_policy",
    "with an explicit deny": "explicit_deny",
    "": "not_allowed",
}


@pytest.mark.parametrize("end", FORMS)
def test_each_form_tells_action_resource_and_who_refuses(end):
    assert denial_of(ON + end) == Denial("ecr:GetRepositoryPolicy", REPOSITORY, FORMS[end])


@pytest.mark.parametrize("end", FORMS)
def test_a_form_without_a_resource_tells_the_rest(end):
    assert denial_of(f"{USER} {end}") == Denial("ecr:GetRepositoryPolicy", "", FORMS[end])


def test_every_reason_is_one_that_has_sentences():
    assert set(FORMS.values()) == {NOT_ALLOWED, EXPLICIT_DENY, *_KINDS.values()}


def test_line_breaks_and_quotation_marks_do_not_matter():
    text = f'{USER}\n  on resource: "{REPOSITORY}"\nwith an\nexplicit deny in a resource control policy'
    assert denial_of(text) == Denial("ecr:GetRepositoryPolicy", REPOSITORY, "resource_control_policy")


@pytest.mark.parametrize(
    "text", ["Access Denied", "", "not authorized", "You are not authorized to perform this operation."]
)
def test_a_text_of_no_form_tells_nothing(text):
    assert denial_of(text) == Denial("", "", "not_allowed")


@pytest.mark.parametrize(
    "text, action, resource",
    [
        ("x is not authorized to perform: <script> on resource: y", "", "y"),
        (f"x is not authorized to perform: {'a' * 5_000}:B", "", ""),
        ("x is not authorized to perform: ecr:A on resource: " + "\u202e" * 9, "ecr:A", ""),
        ("x is not authorized to perform: ecr:A on resource: " + "r" * 600, "ecr:A", ""),
    ],
)
def test_what_is_no_action_or_arn_is_left_out(text, action, resource):
    found = denial_of(text)
    assert (found.action, found.resource) == (action, resource)


def test_a_name_that_speaks_of_policies_does_not_decide_who_refuses():
    named = "arn:aws:iam::1:policy/with-an-explicit-deny-in-a-session-policy"
    text = f"{USER} on resource: {REPOSITORY} with an explicit deny in a service control policy: {named}"
    assert denial_of(text).reason == "service_control_policy"


HOSTILE = [
    "with an explicit deny in a ",
    "because no ",
    "on resource: ",
    "not authorized to perform: ",
    " ",
    "policy",
    "a:",
    '"',
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_costs_no_more_than_its_length(piece):
    def seconds(count: int) -> float:
        text = ON + piece * count
        best = float("inf")
        for _ in range(5):
            began = time.perf_counter()
            denial_of(text)
            best = min(best, time.perf_counter() - began)
        return best

    assert seconds(200_000) < max(0.05, 20 * seconds(1_000))
