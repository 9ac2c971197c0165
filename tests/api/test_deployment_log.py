"""The log of a deployment over the API: its own lines, masked, in pages that miss and repeat nothing."""

from __future__ import annotations

import pytest

from tests.api.conftest import HERE

CANARY = "canary-5fe1"
LINES = [f"line {number} of many key={CANARY}" for number in range(450)]


@pytest.fixture(scope="module")
def version(ready):
    """A deployment whose container writes many lines, one value of its variables in each."""
    sandbox = ready.sandbox
    sandbox.control("POST", "behaviors", {"service": "storefront-web", "container": "web", "lines": LINES})
    sandbox.options(deployment_seconds=0, patience_seconds=0)
    shown = sandbox.service("storefront-web")["currentDeployment"]
    shown["containers"]["web"]["environment"] = {"API_KEY": CANARY}
    answer = sandbox.client("lightsail").create_container_service_deployment(
        serviceName="storefront-web", containers=shown["containers"], publicEndpoint=shown["publicEndpoint"]
    )
    service = answer["containerService"]
    return (service.get("currentDeployment") or service["nextDeployment"])["version"]


def pages(ready, version, query=""):
    """Every page of the log."""
    after, found = "", []
    while True:
        answer = ready.get(f"{HERE}/deployments/{version}/log?container=web{query}&after={after}")
        assert answer.status == 200, answer.text
        found.append(answer)
        after = answer.json["next"].replace("+", "%2B").replace("=", "%3D")
        if not after:
            return found


def test_every_line_once_and_no_value_of_a_variable(ready, version):
    answers = pages(ready, version)
    texts = [line["text"] for answer in answers for line in answer.json["lines"]]
    assert [text for text in texts if not text.startswith("[deployment")] == [x.replace(CANARY, "…") for x in LINES]
    assert texts[0] == f"[deployment:{version}] Creating your deployment"
    assert len(answers) == 3
    assert not any(CANARY in answer.text for answer in answers)


def test_a_text_is_looked_for_by_aws_and_finds_no_value(ready, version):
    found = [line["text"] for answer in pages(ready, version, "&text=line+44") for line in answer.json["lines"]]
    assert len(found) == 11
    answers = pages(ready, version, "&text=canary-")
    assert all((answer.json["lines"], answer.json["gap"]) == ([], "no_match") for answer in answers[:1])


def test_the_newest_and_the_public_container_by_default(ready, version):
    log = ready.get(f"{HERE}/deployments/0/log").json
    assert (log["version"], log["container"], log["containers"]) == (version, "nginx", ["nginx", "web"])
    older = ready.get(f"{HERE}/deployments/1/log").json
    assert (older["gap"], older["lines"]) == ("expired", [])


@pytest.mark.parametrize(
    "path, status, code",
    [
        ("77/log", 422, "deployment.no_version"),
        ("0/log?container=wbe", 422, "deployment.no_container"),
        ("0/log?after=zzz", 400, "request.bad_cursor"),
        ("0/log?after=0.0.0.zzz", 400, "request.bad_cursor"),
        ("0/log?minutes=x", 422, "request.invalid"),
        ("0/log?lines=9", 422, "request.invalid"),
    ],
)
def test_what_cannot_be_read(ready, version, path, status, code):
    answer = ready.get(f"{HERE}/deployments/{path}")
    assert (answer.status, answer.json["code"]) == (status, code), answer.text


def test_a_missing_permission_is_named(ready, version):
    ready.sandbox.fault(action="lightsail:GetContainerLog", kind="access_denied", times=1)
    answer = ready.get(f"{HERE}/deployments/0/log").json
    assert (answer["code"], answer["params"]["action"]) == ("aws.access_denied", "lightsail:GetContainerLog")
    assert answer["iam_statement"]["Action"] == ["lightsail:GetContainerLog"]
