"""The KMS key of a repository: without it nothing can be pulled or pushed."""

from __future__ import annotations

import json

import pytest

MADE = {"repositoryName": "new/one", "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "arn:aws:kms:k"}}


@pytest.fixture
def broken(sandbox, ecr):
    ecr.create_repository(**MADE)
    sandbox.add_image("new/one", tags=["1"])
    sandbox.break_key("new/one")


@pytest.mark.usefixtures("broken")
def test_a_manifest_is_a_failure_and_can_still_be_described(ecr):
    answer = ecr.batch_get_image(repositoryName="new/one", imageIds=[{"imageTag": "1"}, {"imageTag": "2"}])
    assert (answer["images"], [each["failureCode"] for each in answer["failures"]]) == (
        [],
        ["KmsError", "ImageNotFound"],
    )
    assert ecr.describe_images(repositoryName="new/one")["imageDetails"][0]["imageTags"] == ["1"]


@pytest.mark.usefixtures("broken")
def test_nothing_is_pushed(ecr, refusal):
    manifest = json.dumps({"mediaType": "application/vnd.oci.image.manifest.v1+json"})
    assert refusal(ecr.put_image, repositoryName="new/one", imageManifest=manifest)[0] == "KmsException"


def test_a_repository_without_a_key_has_none_to_disable(sandbox):
    status, answer = sandbox.try_control("PATCH", "keys/us-east-1/tools/cli", {"usable": False})
    assert (status, "one of KMS" in answer["error"]) == (400, True)
