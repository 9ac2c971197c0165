"""Handwritten HTTP requests: what real clients never send, and what they depend on in every answer."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from app.sandbox.wire import new_request_id

SCOPE = "AWS4-HMAC-SHA256 Credential={key}/20250101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=00"
ECR = "AmazonEC2ContainerRegistry_V20150921."
LIGHTSAIL = "Lightsail_20161128."


def signed(service, region="us-east-1", key="AKIDTEST"):
    return SCOPE.format(service=service, region=region, key=key)


BY_MIKA = signed("ecr")


@pytest.fixture
def send(sandbox):
    """Status, headers and body of the answer to a request made by hand."""

    def sent(body="{}", target="", authorization=BY_MIKA, method="POST", path="/", **headers):
        given = {"X-Amz-Target": target, "Authorization": authorization, **headers}
        connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=10)
        connection.request(method, path, body, {name: value for name, value in given.items() if value})
        response = connection.getresponse()
        content = response.read().decode()
        connection.close()
        return response.status, response.headers, content

    return sent


@pytest.fixture
def code(send):
    """The error code that a request gets."""
    return lambda *args, **given: json.loads(send(*args, **given)[2])["__type"]


def test_an_answer_has_the_type_and_the_request_id_of_aws(send):
    status, headers, body = send(target=f"{ECR}DescribeRepositories")
    assert (status, headers["content-type"]) == (200, "application/x-amz-json-1.1")
    assert len(headers["x-amzn-requestid"]) == len(new_request_id()) == 36
    assert len(json.loads(body)["repositories"]) == 12


def test_moments_are_seconds_since_1970(send):
    body = send(target=f"{ECR}DescribeRepositories")[2]
    assert isinstance(json.loads(body)["repositories"][0]["createdAt"], float)


def test_method_and_path_do_not_matter(send):
    status, _, _ = send(
        target=f"{LIGHTSAIL}GetContainerServices", authorization=signed("lightsail"), method="PATCH", path="/x"
    )
    assert status == 200


def test_an_empty_body_means_no_parameters(send):
    assert send("", target=f"{ECR}DescribeRepositories")[0] == 200


def test_an_error_names_its_type_and_message(send):
    status, headers, body = send('{"repositoryName": "no/such"}', target=f"{ECR}GetRepositoryPolicy")
    assert (status, json.loads(body)["__type"]) == (400, "RepositoryNotFoundException")
    assert "no/such" in json.loads(body)["message"]
    assert headers["x-amzn-requestid"]


def test_lightsails_errors_have_all_their_members(send):
    body = send(
        '{"serviceName": "nope"}', target=f"{LIGHTSAIL}GetContainerServices", authorization=signed("lightsail")
    )[2]
    assert set(json.loads(body)) == {"__type", "code", "docs", "message", "tip"}


def test_the_account_stands_in_the_access_key(send):
    body = send(target=f"{ECR}DescribeRepositories", authorization=signed("ecr", key="AKIA210987654321X"))[2]
    assert {each["registryId"] for each in json.loads(body)["repositories"]} == {"210987654321"}


def test_the_region_stands_in_the_scope(send):
    body = send(target=f"{ECR}DescribeRepositories", authorization=signed("ecr", region="ap-northeast-1"))[2]
    assert len(json.loads(body)["repositories"]) == 5


@pytest.mark.parametrize(
    "authorization, expected",
    [
        ("", "MissingAuthenticationTokenException"),
        ("Bearer abc", "UnrecognizedClientException"),
        ("AWS4-HMAC-SHA256 Signature=00", "IncompleteSignatureException"),
        (signed("ecr").replace("Signature=", "Sig="), "IncompleteSignatureException"),
        (signed("lightsail"), "InvalidSignatureException"),
        (signed("ecr", region="nowhere"), "InvalidSignatureException"),
    ],
)
def test_who_does_not_sign_properly_is_refused(code, authorization, expected):
    assert code(target=f"{ECR}DescribeRepositories", authorization=authorization) == expected


@pytest.mark.parametrize(
    "target, expected",
    [
        ("", "UnknownOperationException"),
        ("DynamoDB_20120810.ListTables", "UnknownOperationException"),
        (f"{ECR}NoSuchThing", "UnknownOperationException"),
        (f"{ECR}GetAuthorizationToken", "UnsupportedOperationException"),
        (f"{LIGHTSAIL}GetInstances", "UnsupportedOperationException"),
    ],
)
def test_an_operation_that_is_not_offered_is_told(code, target, expected):
    assert code(target=target) == expected


@pytest.mark.parametrize(
    "body",
    ["no json", "[]", '{"repositoryName": 1}', '{"repositoryName": "x/y", "policyText": {}}', '{"repositoryName": []}'],
)
def test_a_body_of_wrong_types_cannot_be_read(code, body):
    assert code(body, target=f"{ECR}SetRepositoryPolicy") == "SerializationException"


def test_bytes_that_are_no_text_cannot_be_read(code):
    assert code(b"\xff\xfe{", target=f"{ECR}DescribeRepositories") == "SerializationException"


@pytest.mark.parametrize(
    "params, at, rule",
    [
        ({"repositoryName": "tools/cli"}, "PolicyText", "Cannot be null"),
        ({"policyText": "{}"}, "repositoryName", "Cannot be null"),
        (
            {"repositoryName": "x", "policyText": "{}"},
            "repositoryName",
            "Member must have length greater than or equal to 2",
        ),
        (
            {"repositoryName": "a" * 257, "policyText": ""},
            "repositoryName",
            "Member must have length less than or equal to 256",
        ),
        (
            {"repositoryName": "a/b", "registryId": "1", "policyText": ""},
            "registryId",
            "must satisfy regular expression '[0-9]{12}'",
        ),
    ],
)
def test_ecr_names_the_constraint_that_is_broken(send, params, at, rule):
    answer = json.loads(send(json.dumps(params), target=f"{ECR}SetRepositoryPolicy")[2])
    assert answer["__type"] == "InvalidParameterException"
    assert answer["message"] == f"Invalid parameter at '{at}' failed to satisfy constraint: '{rule}'"


@pytest.mark.parametrize(
    "operation, params, part",
    [
        ("UpdateContainerService", {}, "Value null at 'serviceName'"),
        ("UpdateContainerService", {"serviceName": "Bad_Name"}, "regular expression pattern"),
        ("UpdateContainerService", {"serviceName": "a", "scale": 21}, "value less than or equal to 20"),
        ("UpdateContainerService", {"serviceName": "a", "power": "tiny"}, "enum value set: [nano, micro"),
        (
            "CreateContainerServiceDeployment",
            {"serviceName": "a", "containers": {"web": {"ports": {"80": "GOPHER"}}}},
            "at 'containers.web.ports.80'",
        ),
    ],
)
def test_lightsail_names_the_constraint_that_is_broken(send, operation, params, part):
    answer = json.loads(send(json.dumps(params), f"{LIGHTSAIL}{operation}", signed("lightsail"))[2])
    assert (answer["__type"], part in answer["message"]) == ("InvalidInputException", True)


@pytest.mark.parametrize(
    "operation, params",
    [
        ("UpdateContainerService", {"serviceName": "a", "isDisabled": "yes"}),
        ("UpdateContainerService", {"serviceName": "a", "scale": "2"}),
        ("UpdateContainerService", {"serviceName": "a", "publicDomainNames": []}),
        ("CreateContainerService", {"serviceName": "a", "power": "nano", "scale": 1, "tags": {}}),
        ("GetContainerLog", {"serviceName": "a", "containerName": "a", "startTime": "today"}),
    ],
)
def test_lightsail_cannot_read_wrong_types(code, operation, params):
    assert code(json.dumps(params), f"{LIGHTSAIL}{operation}", signed("lightsail")) == "SerializationException"


def test_who_calls_is_told_by_sts(sts):
    who = sts.get_caller_identity()
    assert (who["Account"], who["Arn"]) == ("123456789012", "arn:aws:iam::123456789012:user/mika")


@pytest.mark.parametrize(
    "body, authorization, status, expected",
    [
        ("Action=GetCallerIdentity", "", 403, "MissingAuthenticationToken"),
        ("Action=GetCallerIdentity", "Bearer x", 403, "InvalidClientTokenId"),
        ("Action=GetCallerIdentity", signed("ecr"), 403, "SignatureDoesNotMatch"),
        ("Action=NoSuchThing", signed("sts"), 400, "InvalidAction"),
        ("Action=AssumeRole", signed("sts"), 400, "UnsupportedOperationException"),
    ],
)
def test_sts_answers_errors_in_xml(send, body, authorization, status, expected):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    got, headers, content = send(body, authorization=authorization, **form)
    assert (got, headers["content-type"]) == (status, "text/xml")
    assert f"<Code>{expected}</Code>" in content


def test_sts_can_be_asked_by_the_query_string(send):
    content = send("", authorization=signed("sts"), path="/?Action=GetCallerIdentity&Version=2011-06-15")[2]
    assert "<Account>123456789012</Account>" in content
