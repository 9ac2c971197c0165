"""Faults switched on through the control route, as real boto3 sees them."""

from __future__ import annotations

import contextlib
import json

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, ReadTimeoutError

from app.sandbox.errors import SandboxError
from app.sandbox.options import SandboxOptions
from app.sandbox.server import create_sandbox
from tests.sandbox_server import start_sandbox

WEB = {"repositoryName": "storefront/web"}
ADDED = {"Sid": "Foreign", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "ecr:*"}
DENIED = "User: arn:aws:iam::123456789012:user/mika is not authorized to perform: "
DENIED_WEB = (
    f"{DENIED}ecr:GetRepositoryPolicy on resource: arn:aws:ecr:us-east-1:123456789012:repository/storefront/web"
)
NOTHING_ALLOWS = " because no identity-based policy allows the ecr:GetRepositoryPolicy action"
EXPLICITLY = " with an explicit deny in an identity-based policy"
INVALID_TOKEN = "The security token included in the request is invalid."
NOT_FOUND = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'"


@pytest.fixture
def get(ecr):
    return lambda name="storefront/web": ecr.get_repository_policy(repositoryName=name)


@pytest.fixture
def rewrite(ecr, get):
    """Write the policy of a repository back as it is read."""
    text = get()["policyText"]
    return lambda: ecr.set_repository_policy(**WEB, policyText=text)


def sids(sandbox, name="storefront/web"):
    return [each.get("Sid") for each in sandbox.policy(name)["policy"]["Statement"]]


@pytest.mark.parametrize(
    "rule, answer",
    [
        ({"kind": "throttle"}, ("ThrottlingException", "Rate exceeded")),
        ({"kind": "expired_token"}, ("ExpiredTokenException", "The security token included in the request is expired")),
        ({"kind": "invalid_token"}, ("UnrecognizedClientException", INVALID_TOKEN)),
        ({"kind": "unavailable"}, ("ServiceUnavailableException", "Service is unable to handle request.")),
        ({"kind": "error", "code": "KmsException", "message": "no key"}, ("KmsException", "no key")),
        ({"kind": "principal_not_found"}, ("InvalidParameterException", NOT_FOUND)),
        ({"kind": "access_denied"}, ("AccessDeniedException", DENIED_WEB + NOTHING_ALLOWS)),
        ({"kind": "access_denied", "explicit": True}, ("AccessDeniedException", DENIED_WEB + EXPLICITLY)),
    ],
)
def test_a_fault_answers_as_aws_does(sandbox, get, refusal, rule, answer):
    sandbox.fault(action="ecr:GetRepositoryPolicy", **rule)
    assert refusal(get) == answer


def test_a_denial_by_lightsail_is_worded_as_lightsail_does(sandbox, lightsail, refusal):
    sandbox.fault(kind="access_denied", action="lightsail:*")
    assert refusal(lightsail.get_container_services) == (
        "AccessDeniedException",
        f"{DENIED}lightsail:GetContainerServices on resource: arn:aws:lightsail:us-east-1:123456789012:*",
    )


@pytest.mark.parametrize(
    "kind, code",
    [("expired_token", "ExpiredToken"), ("invalid_token", "InvalidClientTokenId"), ("throttle", "Throttling")],
)
def test_sts_has_its_own_codes(sandbox, sts, refusal, kind, code):
    sandbox.fault(kind=kind, action="sts:*")
    assert refusal(sts.get_caller_identity)[0] == code


def test_a_busy_service_refuses_an_update(sandbox, lightsail, refusal):
    sandbox.fault(kind="busy", action="lightsail:UpdateContainerService")
    code, message = refusal(lightsail.update_container_service, serviceName="payments-api", scale=1)
    assert (code, "transition state" in message) == ("InvalidInputException", True)


def test_a_fault_hits_after_so_many_calls_and_so_many_times(sandbox, get, refusal):
    sandbox.fault(kind="throttle", action="ecr:GetRepositoryPolicy", after=1, times=2)
    get()
    assert [refusal(get)[0] for _ in range(2)] == ["ThrottlingException"] * 2
    get()


def test_a_fault_hits_only_what_it_matches(sandbox, get, refusal):
    sandbox.fault(kind="throttle", match={"repository": "storefront/*", "region": "us-east-1"})
    assert refusal(get)[0] == "ThrottlingException"
    get("edge/cache")


def test_a_fault_may_match_a_service_and_an_account(sandbox, lightsail, refusal):
    match = {"service": "payments-api", "account": "123456789012"}
    sandbox.fault(kind="error", code="ServiceException", status=500, action="lightsail:*", match=match)
    assert refusal(lightsail.get_container_services, serviceName="payments-api")[0] == "ServiceException"
    lightsail.get_container_services(serviceName="reporting")


def test_a_fault_by_lot_is_the_same_for_the_same_seed(sandbox, get):
    def hits():
        sandbox.clear_faults()
        sandbox.fault(kind="throttle", probability=0.5, seed=7)
        for _ in range(12):
            with contextlib.suppress(ClientError):
                get()
        return [call["outcome"] for call in sandbox.calls("ecr:GetRepositoryPolicy")[-12:]]

    assert hits() == hits()
    assert {"ok", "ThrottlingException"} == set(hits())


def test_a_reset_connection_has_no_effect(sandbox, rewrite):
    sandbox.fault(kind="reset", action="ecr:SetRepositoryPolicy")
    with pytest.raises(ConnectionClosedError):
        rewrite()
    assert sandbox.policy("storefront/web")["writes"] == 0


def test_a_lost_response_has_had_its_effect(sandbox, rewrite):
    sandbox.fault(kind="lost_response", action="ecr:SetRepositoryPolicy")
    with pytest.raises(ConnectionClosedError):
        rewrite()
    assert sandbox.policy("storefront/web")["writes"] == 1
    assert sandbox.calls("ecr:SetRepositoryPolicy")[-1]["outcome"] == "lost_response"


@pytest.mark.parametrize("effect, writes", [(False, 0), (True, 1)])
def test_a_timeout_never_answers(sandbox, rewrite, effect, writes):
    text = json.dumps(sandbox.policy("storefront/web")["policy"])
    impatient = sandbox.client("ecr", read_timeout=0.2)
    sandbox.fault(kind="timeout", action="ecr:SetRepositoryPolicy", effect=effect)
    with pytest.raises(ReadTimeoutError):
        impatient.set_repository_policy(**WEB, policyText=text)
    assert sandbox.policy("storefront/web")["writes"] == writes


def test_a_timeout_ends_by_itself_when_it_has_an_end(sandbox, get):
    sandbox.fault(kind="timeout", seconds=0.01)
    with pytest.raises(BotoCoreError):
        get()


def test_latency_holds_the_answer_back(sandbox):
    sandbox.fault(kind="latency", seconds=1.5, times=1)
    impatient = sandbox.client("ecr", read_timeout=0.2)
    with pytest.raises(ReadTimeoutError):
        impatient.describe_repositories()


def test_a_stale_read_answers_what_was_there_before(sandbox, get, rewrite, ecr, refusal):
    ecr.delete_repository_policy(**WEB)
    sandbox.fault(kind="stale_read", times=1)
    assert "AllowLightsailPull-storefront-web" in get()["policyText"]
    assert refusal(get)[0] == "RepositoryPolicyNotFoundException"


def test_a_stale_read_of_what_was_never_written_is_fresh(sandbox, get):
    sandbox.fault(kind="stale_read")
    assert "AllowLightsailPull-storefront-web" in get()["policyText"]


def test_another_writer_may_write_just_before(sandbox, get):
    sandbox.fault(kind="foreign_write", when="before", statement=ADDED, times=1)
    assert '"Sid" : "Foreign"' in get()["policyText"]
    assert sandbox.policy("storefront/web")["revisions"][-1]["by"] == "another writer"


def test_another_writer_may_write_just_after(sandbox, rewrite):
    sandbox.fault(kind="foreign_write", when="after", statement=ADDED, action="ecr:SetRepositoryPolicy", times=1)
    assert "Foreign" not in rewrite()["policyText"]
    assert sids(sandbox) == ["AllowLightsailPull-storefront-web", "Foreign"]


def test_another_writer_may_start_a_policy(sandbox, ecr):
    sandbox.fault(kind="foreign_write", statement=ADDED, times=1)
    ecr.get_repository_policy(repositoryName="payments/api")
    assert sids(sandbox, "payments/api") == ["Foreign"]


def test_a_write_overwrites_what_another_writer_wrote_just_before(sandbox, rewrite):
    sandbox.fault(kind="foreign_write", when="before", statement=ADDED, action="ecr:SetRepositoryPolicy")
    rewrite()
    assert sids(sandbox) == ["AllowLightsailPull-storefront-web"]
    assert sandbox.policy("storefront/web")["writes"] == 2


def test_a_rate_limit_throttles_what_is_beyond_it(sandbox, get, refusal):
    sandbox.options(rate_limit=0.001)
    get()
    assert refusal(get) == ("ThrottlingException", "Rate exceeded")


def test_a_rate_limit_is_each_services_own(sandbox, get, lightsail):
    sandbox.options(rate_limit=0.001)
    get()
    lightsail.get_container_services()


def test_time_fills_the_rate_limit_again(sandbox, get):
    sandbox.options(rate_limit=0.5)
    get()
    sandbox.advance(2.1)
    get()


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "unheard"},
        {},
        {"kind": "throttle", "colour": "red"},
        {"kind": "throttle", "match": {"colour": "red"}},
        {"kind": "throttle", "times": "twice"},
        {"kind": "throttle", "after": True},
        {"kind": "foreign_write"},
        {"kind": "foreign_write", "statement": ADDED, "when": "during"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox, rule):
    status, answer = sandbox.try_control("POST", "faults", rule)
    assert (status, answer["error"][-1]) == (400, ".")


def test_faults_are_listed_with_their_hits_and_taken_away(sandbox, get, refusal):
    first, second = (sandbox.fault(kind="throttle", times=1) for _ in range(2))
    refusal(get)
    listed = sandbox.control("GET", "faults")["faults"]
    assert [each["hits"] for each in listed] == [1, 1]
    assert sandbox.control("DELETE", f"faults/{first['id']}") == {"removed": 1}
    assert [each["id"] for each in sandbox.control("GET", "faults")["faults"]] == [second["id"]]


def test_faults_may_be_in_force_from_the_start():
    with start_sandbox(faults=('{"kind": "throttle", "action": "ecr:*"}',)) as sandbox:
        assert sandbox.control("GET", "faults")["faults"][0]["action"] == "ecr:*"


@pytest.mark.parametrize("text", ["throttle", "[]", '{"kind": "unheard"}'])
def test_a_fault_from_the_start_that_makes_no_sense_is_told_in_a_sentence(text):
    with pytest.raises(SandboxError):
        create_sandbox(SandboxOptions(faults=(text,)))
