"""Images of repositories over HTTP, with real boto3."""

from __future__ import annotations

import hashlib
import json

import pytest


@pytest.fixture
def put(ecr):
    """Put another image of the layers that the repository's image with this tag has."""

    def put(repository="tools/cli", tag="latest", **more):
        images = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"]
        manifest = {**json.loads(images[0]["imageManifest"]), "annotations": {"made": "again"}}
        return ecr.put_image(repositoryName=repository, **{"imageManifest": json.dumps(manifest), **more})

    return put


def tags(ecr, repository):
    return {i["imageTag"] for i in ecr.list_images(repositoryName=repository)["imageIds"] if "imageTag" in i}


def test_every_tag_and_every_untagged_image_is_listed(ecr):
    listed = ecr.list_images(repositoryName="storefront/web")["imageIds"]
    assert tags(ecr, "storefront/web") == {"5.1.0", "5.2.0", "5.2.1", "5.3.0", "latest"}
    assert len(listed) == 6


@pytest.mark.parametrize("status, count", [("TAGGED", 5), ("UNTAGGED", 1), ("ANY", 6)])
def test_images_are_listed_by_tag_status(ecr, status, count):
    listed = ecr.list_images(repositoryName="storefront/web", filter={"tagStatus": status})["imageIds"]
    assert len(listed) == count


def test_images_come_in_pages(ecr):
    pages = ecr.get_paginator("describe_images").paginate(
        repositoryName="storefront/web", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["imageDetails"]) for page in pages] == [2, 2, 1]


def test_an_image_is_described_with_size_push_date_and_type(ecr):
    asked = [{"imageTag": "5.3.0"}]
    image = ecr.describe_images(repositoryName="storefront/web", imageIds=asked)["imageDetails"][0]
    assert (sorted(image["imageTags"]), image["imageSizeInBytes"] > 200_000_000) == (["5.3.0", "latest"], True)
    assert image["imageManifestMediaType"] == "application/vnd.docker.distribution.manifest.v2+json"


def test_a_missing_image_is_told(ecr, refusal):
    code, message = refusal(ecr.describe_images, repositoryName="tools/cli", imageIds=[{"imageTag": "9"}])
    assert code == "ImageNotFoundException"
    assert message == (
        "The image with imageId {imageDigest:'null', imageTag:'9'} does not exist within the repository "
        "with name 'tools/cli' in the registry with id '123456789012'"
    )


def test_image_ids_and_pages_do_not_go_together(ecr, refusal):
    wanted = {"repositoryName": "tools/cli", "imageIds": [{"imageTag": "latest"}], "maxResults": 5}
    assert refusal(ecr.describe_images, **wanted)[0] == "InvalidParameterException"


def test_a_manifest_hashes_to_its_digest(ecr):
    image = ecr.batch_get_image(repositoryName="tools/cli", imageIds=[{"imageTag": "latest"}])["images"][0]
    digest = hashlib.sha256(image["imageManifest"].encode()).hexdigest()
    assert image["imageId"] == {"imageDigest": f"sha256:{digest}", "imageTag": "latest"}


def test_images_that_cannot_be_got_are_failures_and_not_errors(ecr):
    asked = [{"imageTag": "9"}, {}]
    failures = ecr.batch_get_image(repositoryName="tools/cli", imageIds=asked)["failures"]
    assert [each["failureCode"] for each in failures] == ["ImageNotFound", "MissingDigestAndTag"]


def test_buildx_leaves_an_index_over_untagged_images(ecr):
    index = ecr.batch_get_image(repositoryName="payments/worker", imageIds=[{"imageTag": "latest"}])["images"][0]
    assert index["imageManifestMediaType"] == "application/vnd.oci.image.index.v1+json"
    assert len(json.loads(index["imageManifest"])["manifests"]) == 2


def test_an_image_can_be_put(ecr, put):
    image = put(imageTag="1.0")["image"]
    digest = "sha256:" + hashlib.sha256(image["imageManifest"].encode()).hexdigest()
    assert image["imageId"] == {"imageDigest": digest, "imageTag": "1.0"}
    ids = [{"imageTag": "1.0"}, {"imageTag": "latest"}]
    described, source = ecr.describe_images(repositoryName="tools/cli", imageIds=ids)["imageDetails"]
    assert (described["imageSizeInBytes"], described["imageTags"]) == (source["imageSizeInBytes"], ["1.0"])


def test_an_image_needs_its_layers(ecr, refusal):
    """Nothing uploads layers here, so they are those of the repository's images."""
    manifest = ecr.batch_get_image(repositoryName="storefront/web", imageIds=[{"imageTag": "5.3.0"}])["images"][0]
    code, message = refusal(ecr.put_image, repositoryName="tools/cli", imageManifest=manifest["imageManifest"])
    config = json.loads(manifest["imageManifest"])["config"]["digest"]
    assert (code, config in message) == ("LayersNotFoundException", True)


def test_a_tag_moves_to_the_image_put_last(ecr, put):
    image = put(imageTag="latest")["image"]
    found = ecr.batch_get_image(repositoryName="tools/cli", imageIds=[{"imageTag": "latest"}])["images"]
    assert [each["imageId"] for each in found] == [image["imageId"]]


def test_the_same_image_with_the_same_tag_is_refused(put, refusal):
    put(imageTag="1.0")
    assert refusal(put, imageTag="1.0")[0] == "ImageAlreadyExistsException"


def test_an_immutable_tag_does_not_move(put, refusal):
    code, _ = refusal(put, repository="payments/api", tag="3.12.0", imageTag="3.12.0")
    assert code == "ImageTagAlreadyExistsException"


def test_a_wrong_digest_is_refused(put, refusal):
    assert refusal(put, imageDigest="sha256:" + "0" * 64)[0] == "ImageDigestDoesNotMatchException"


def test_a_manifest_must_be_json(put, refusal):
    assert refusal(put, imageManifest="no json")[0] == "InvalidParameterException"


def test_images_of_a_large_data_set_are_there_when_looked_at(sandbox, ecr):
    sandbox.reset("large", repositories=10, services=1)
    assert tags(ecr, "analytics/api-000000") == {"1.0.0", "latest"}
