"""The control route: what it shows, what it changes, and which requests it answers."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest


def test_health_counts_what_there_is(sandbox):
    assert sandbox.control("GET", "health") == {"status": "ok", "repositories": 19, "services": 8}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "sandbox.example"},
        {"Host": "127.0.0.1.example:80"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_browsers_and_other_hosts_are_refused(sandbox, headers):
    status, answer = sandbox.try_control("POST", "reset", {}, **headers)
    assert (status, "error" in answer) == (403, True)


@pytest.mark.parametrize("host", ["localhost", "localhost:4570", "[::1]:4570", "[::1]", "127.0.0.1:1"])
def test_loopback_names_are_answered(sandbox, host):
    assert sandbox.try_control("GET", "health", Host=host)[0] == 200


def test_an_unknown_path_is_not_found(sandbox):
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc)
    connection.request("GET", "/_sandbox/nothing")
    assert connection.getresponse().status == 404
    connection.close()


def test_a_body_must_be_an_object(sandbox):
    assert sandbox.try_control("POST", "reset", [1])[0] == 400


def test_options_are_shown_and_changed(sandbox):
    sandbox.options(activation_seconds=1.5, setup_regions=["eu-west-1"])
    shown = sandbox.control("GET", "options")
    assert (shown["activation_seconds"], shown["setup_regions"]) == (1.5, ["eu-west-1"])


@pytest.mark.parametrize(
    "changes",
    [{"port": 1}, {"activation_seconds": -1}, {"latency_ms": "slow"}, {"rate_limit": 0}, {"rate_limit": True}],
)
def test_options_that_cannot_be_are_refused(sandbox, changes):
    assert sandbox.try_control("PATCH", "options", changes)[0] == 400


@pytest.mark.parametrize("body", [{"seed": "huge"}, {"seed": "large", "repositories": "many"}, {"services": -1}])
def test_a_reset_to_nonsense_is_refused(sandbox, body):
    assert sandbox.try_control("POST", "reset", body)[0] == 400


def test_a_reset_takes_faults_and_log_away(sandbox, ecr):
    sandbox.fault(kind="throttle", action="lightsail:*")
    ecr.describe_repositories()
    sandbox.reset("empty")
    assert (sandbox.calls(), sandbox.control("GET", "faults")) == ([], {"faults": []})
    assert ecr.describe_repositories()["repositories"] == []


def test_the_clock_moves_forward_only(sandbox):
    before = sandbox.control("GET", "clock")["ahead"]
    sandbox.advance(5)
    assert sandbox.control("GET", "clock")["ahead"] == before + 5
    assert sandbox.try_control("POST", "clock", {"advance": -1})[0] == 400


def test_calls_are_logged_with_what_they_were_about(sandbox, ecr, refusal):
    refusal(ecr.get_repository_policy, repositoryName="payments/api")
    call = sandbox.calls()[-1]
    assert (call["action"], call["params"]) == ("ecr:GetRepositoryPolicy", {"repositoryName": "payments/api"})
    assert (call["outcome"], call["region"]) == ("RepositoryPolicyNotFoundException", "us-east-1")


def test_the_request_id_of_a_call_is_the_one_that_was_answered(sandbox, ecr):
    answer = ecr.describe_repositories()
    assert sandbox.calls()[-1]["request_id"] == answer["ResponseMetadata"]["RequestId"]


def test_calls_are_numbered_on_through_the_log(sandbox, ecr):
    ecr.describe_repositories()
    last = sandbox.calls()[-1]["sequence"]
    ecr.describe_repositories()
    assert [call["sequence"] for call in sandbox.calls(since=last)] == [last + 1]
    sandbox.clear_calls()
    assert sandbox.calls() == []


def test_long_parameters_are_logged_by_their_length(sandbox, ecr, refusal):
    refusal(ecr.set_repository_policy, repositoryName="tools/cli", policyText="x" * 500)
    assert sandbox.calls()[-1]["params"]["policyText"] == "… (500 characters)"


def test_policies_are_shown_with_their_writes(sandbox, ecr):
    ecr.delete_repository_policy(repositoryName="tools/cli")
    shown = sandbox.policy("tools/cli")
    assert (shown["policy"], shown["writes"]) == (None, 1)
    assert [each["by"] for each in shown["revisions"]] == ["arn:aws:iam::123456789012:user/mika"]


def test_policies_can_be_asked_for_by_region_and_limited(sandbox):
    found = sandbox.control("GET", "policies?region=ap-northeast-1")["policies"]
    assert [each["repository"] for each in found] == ["tokyo/api", "tokyo/inbox", "tokyo/legacy", "tokyo/partners"]
    assert sandbox.control("GET", "policies?limit=2")["truncated"]


def test_a_foreign_writer_is_not_checked(sandbox, policy_of):
    orphan = {"Effect": "Allow", "Principal": {"AWS": ["AROAEXAMPLEID12345678"]}, "Action": "ecr:*"}
    sandbox.put_policy("payments/api", {"Version": "2012-10-17", "Statement": [orphan]})
    assert policy_of("payments/api")["Statement"][0]["Principal"] == {"AWS": "AROAEXAMPLEID12345678"}


def test_a_foreign_writer_may_leave_what_is_no_json(sandbox, ecr):
    sandbox.put_policy("payments/api", "{}, {")
    assert ecr.get_repository_policy(repositoryName="payments/api")["policyText"] == "{}, {"


def test_a_foreign_writer_may_delete(sandbox, ecr, refusal):
    sandbox.put_policy("tools/cli", None)
    assert refusal(ecr.get_repository_policy, repositoryName="tools/cli")[0] == "RepositoryPolicyNotFoundException"


def test_a_foreign_write_needs_a_policy_and_a_repository(sandbox):
    assert sandbox.try_control("PUT", "policies/us-east-1/tools/cli", {})[0] == 400
    assert sandbox.try_control("PUT", "policies/us-east-1/no/such", {"policy": {}})[0] == 404


def test_a_service_can_be_held_in_a_state(sandbox, lightsail, refusal):
    sandbox.change_service("payments-api", state="UPDATING", seconds=30)
    update = {"serviceName": "payments-api", "scale": 1}
    assert refusal(lightsail.update_container_service, **update)[0] == "InvalidInputException"
    sandbox.advance(30)
    assert lightsail.update_container_service(**update)["containerService"]["scale"] == 1


def test_a_held_service_can_be_let_go(sandbox):
    sandbox.change_service("payments-api", state="PENDING")
    assert sandbox.service("payments-api")["state"] == "PENDING"
    sandbox.change_service("payments-api", state=None)
    assert sandbox.service("payments-api")["state"] == "RUNNING"


def test_a_service_can_be_made_older_than_puller_roles_and_back(sandbox):
    sandbox.change_service("payments-api", privateRegistryAccess=False)
    assert "privateRegistryAccess" not in sandbox.service("payments-api")
    sandbox.change_service("payments-api", privateRegistryAccess=True)
    assert not sandbox.service("payments-api")["privateRegistryAccess"]["ecrImagePullerRole"]["isActive"]


def test_a_service_that_is_not_there_cannot_be_changed(sandbox):
    assert sandbox.try_control("PATCH", "services/us-east-1/nope", {"state": None})[0] == 404
    assert sandbox.try_control("PATCH", "services/us-east-1/reporting", {"state": "HAPPY"})[0] == 400


def test_a_principal_can_be_declared_dead_and_alive(sandbox, policy_of):
    arn = "arn:aws:iam::123456789012:role/ledger-deploy"
    sandbox.kill_principal(arn)
    assert policy_of("payments/ledger")["Statement"][1]["Principal"]["AWS"].startswith("AROA")
    sandbox.control("POST", "principals", {"arn": arn, "exists": True})
    assert policy_of("payments/ledger")["Statement"][1]["Principal"]["AWS"] == arn


def test_principals_are_listed_and_changed_only_properly(sandbox):
    listed = sandbox.control("GET", "principals")["principals"]
    assert all(each["exists"] for each in listed)
    assert sandbox.try_control("POST", "principals", {"arn": 1})[0] == 400
