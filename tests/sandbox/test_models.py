"""Every operation's response matches botocore's own model, down to each member and its type."""

from __future__ import annotations

import json

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from app.sandbox.call import Call
from app.sandbox.manifests import make_image
from app.sandbox.model import services
from app.sandbox.operations import OFFERED
from app.sandbox.options import SandboxOptions
from app.sandbox.policy_text import Policy
from app.sandbox.server import create_sandbox
from tests.sandbox.stopped_clock import StoppedClock

WEB = {"repositoryName": "storefront/web"}
POLICY = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}}
STATEMENT = {"Effect": "Deny", "Principal": "*", "Action": "ecr:ReplicateImage", "Resource": "*"}
REGISTRY_POLICY = {"Version": "2012-10-17", "Statement": [STATEMENT]}
SELECTION = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
RULE = {"rulePriority": 1, "selection": SELECTION, "action": {"type": "expire"}}
LIFECYCLE = json.dumps({"rules": [RULE]})
WEB_ARN = "arn:aws:ecr:us-east-1:123456789012:repository/storefront/web"
CONFIG = json.loads(make_image("storefront/web", 4, [], 218_924_852, 0).manifest)["config"]["digest"]
PARAMS = {
    "lightsail:GetContainerServices": {},
    "lightsail:CreateContainerService": {"serviceName": "new", "power": "nano", "scale": 1},
    "lightsail:UpdateContainerService": {"serviceName": "payments-api", "isDisabled": True},
    "lightsail:DeleteContainerService": {"serviceName": "payments-api"},
    "lightsail:CreateContainerServiceDeployment": {"serviceName": "reporting", "containers": {"a": {"image": "nginx"}}},
    "lightsail:GetContainerServiceDeployments": {"serviceName": "storefront-web"},
    "lightsail:GetContainerImages": {"serviceName": "payments-api"},
    "lightsail:GetContainerServicePowers": {},
    "lightsail:GetContainerLog": {"serviceName": "reporting", "containerName": "app"},
    "ecr:CreateRepository": {"repositoryName": "new/one"},
    "ecr:DescribeRepositories": {"maxResults": 5},
    "ecr:DeleteRepository": {**WEB, "force": True},
    "ecr:GetRepositoryPolicy": WEB,
    "ecr:SetRepositoryPolicy": {**WEB, "policyText": json.dumps(POLICY)},
    "ecr:DeleteRepositoryPolicy": WEB,
    "ecr:ListImages": {**WEB, "maxResults": 2},
    "ecr:DescribeImages": {**WEB, "maxResults": 2},
    "ecr:BatchGetImage": {**WEB, "imageIds": [{"imageTag": "5.3.0"}, {"imageTag": "9"}]},
    "ecr:PutImage": {**WEB, "imageManifest": '{"mediaType": "x"}', "imageTag": "new"},
    "ecr:BatchDeleteImage": {**WEB, "imageIds": [{"imageTag": "5.1.0"}, {"imageTag": "9"}]},
    "ecr:UpdateImageStorageClass": {**WEB, "imageId": {"imageTag": "5.1.0"}, "targetStorageClass": "ARCHIVE"},
    "ecr:GetDownloadUrlForLayer": {**WEB, "layerDigest": CONFIG},
    "ecr:GetRegistryPolicy": {},
    "ecr:PutRegistryPolicy": {"policyText": json.dumps(REGISTRY_POLICY)},
    "ecr:DeleteRegistryPolicy": {},
    "ecr:GetAccountSetting": {"name": "REGISTRY_POLICY_SCOPE"},
    "ecr:PutAccountSetting": {"name": "REGISTRY_POLICY_SCOPE", "value": "V1"},
    "ecr:GetLifecyclePolicy": {"repositoryName": "storefront/nginx-sidecar"},
    "ecr:PutLifecyclePolicy": {**WEB, "lifecyclePolicyText": LIFECYCLE},
    "ecr:DeleteLifecyclePolicy": {"repositoryName": "storefront/nginx-sidecar"},
    "ecr:ListTagsForResource": {"resourceArn": WEB_ARN},
    "ecr:TagResource": {"resourceArn": WEB_ARN, "tags": [{"Key": "team", "Value": "web"}]},
    "ecr:UntagResource": {"resourceArn": WEB_ARN, "tagKeys": ["team"]},
    "sts:GetCallerIdentity": {},
}
TYPES = {
    "string": str,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": bool,
    "timestamp": float,
}


def breaches(shape, value, path=""):
    """Where the value is not what the shape says."""
    if value is None:
        return []
    kind = shape.type_name
    if kind == "structure":
        unknown = [f"{path}.{name}?" for name in value if name not in shape.members]
        known = ((name, shape.members[name]) for name in value if name in shape.members)
        return unknown + [b for name, member in known for b in breaches(member, value[name], f"{path}.{name}")]
    if kind == "list":
        return [b for item in value for b in breaches(shape.member, item, f"{path}[]")]
    if kind == "map":
        return [b for item in value.values() for b in breaches(shape.value, item, f"{path}{{}}")]
    strange = shape.metadata.get("enum") and value not in shape.metadata["enum"]
    return [f"{path}: {value!r}"] if type(value) is not TYPES[kind] or strange else []


@pytest.fixture
def perform():
    sandbox = create_sandbox(SandboxOptions(), StoppedClock())
    home = sandbox.world.home("123456789012", "us-east-1")
    home.registry.policy = Policy(REGISTRY_POLICY)
    home.repositories["storefront/nginx-sidecar"].lifecycle = LIFECYCLE

    def performed(action):
        service, name = action.split(":")
        call = Call(service, name, PARAMS[action], "123456789012", "us-east-1", "id", at=sandbox.world.clock.now())
        services()[service].operations[name].check(call.params)
        return OFFERED[action](sandbox.world, call)

    return performed


def output_shape(action):
    service, name = action.split(":")
    return ServiceModel(Loader().load_service_model(service, "service-2"), service).operation_model(name).output_shape


def test_every_operation_offered_is_tried():
    assert set(PARAMS) == set(OFFERED)


@pytest.mark.parametrize("action", PARAMS)
def test_an_answer_is_what_the_model_says(perform, action):
    assert breaches(output_shape(action), perform(action)) == []


def test_an_answer_with_a_member_that_the_model_lacks_does_not_leave_the_house():
    shape = services()["ecr"].operations["DescribeRepositories"].shape
    with pytest.raises(KeyError):
        shape({"repositories": [{"color": "red"}]})
