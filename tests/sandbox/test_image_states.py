"""Images that are archived, restored, deleted or pulled, artifacts about images, indexes and configs; real boto3."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request

import pytest

INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
WEB = {"repositoryName": "storefront/web"}
OLD = [{"imageTag": "5.1.0"}]


@pytest.fixture
def describe(ecr):
    """The images of a repository by their first tag."""

    def described(repository="storefront/web", **more):
        details = ecr.describe_images(repositoryName=repository, **more)["imageDetails"]
        return {(each.get("imageTags") or ["-"])[0]: each for each in details}

    return described


@pytest.fixture
def archive(ecr):
    def moved(target="ARCHIVE", tag="5.1.0"):
        return ecr.update_image_storage_class(**WEB, imageId={"imageTag": tag}, targetStorageClass=target)[
            "imageStatus"
        ]

    return moved


def test_an_archived_image_is_left_out_of_lists_unless_asked_for(ecr, archive, describe):
    assert archive() == "ARCHIVED"
    assert "5.1.0" not in describe()
    assert list(describe(filter={"imageStatus": "ARCHIVED"})) == ["5.1.0"]
    assert len(describe(filter={"imageStatus": "ANY"})) == 5
    tags = [each.get("imageTag") for each in ecr.list_images(**WEB)["imageIds"]]
    assert "5.1.0" not in tags
    listed = ecr.list_images(**WEB, filter={"imageStatus": "ARCHIVED", "tagStatus": "TAGGED"})["imageIds"]
    assert [each["imageTag"] for each in listed] == ["5.1.0"]


def test_an_archived_image_is_described_by_name_with_when_it_was_archived(archive, describe):
    archive()
    image = describe(imageIds=OLD)["5.1.0"]
    assert (image["imageStatus"], "lastArchivedAt" in image, "lastActivatedAt" in image) == ("ARCHIVED", True, False)


def test_an_archived_image_cannot_be_pulled(ecr, archive, refusal):
    manifest = json.loads(ecr.batch_get_image(**WEB, imageIds=OLD)["images"][0]["imageManifest"])
    archive()
    answer = ecr.batch_get_image(**WEB, imageIds=OLD)
    assert (answer["images"], answer["failures"][0]["failureCode"]) == ([], "ImageNotFound")
    layer = manifest["layers"][0]["digest"]
    code, message = refusal(ecr.get_download_url_for_layer, **WEB, layerDigest=layer)
    assert code == "LayersNotFoundException"
    assert message == (
        f"The layer with digest '{layer}' does not exist within the repository with name 'storefront/web' "
        "in the registry with id '123456789012'"
    )


def test_a_restored_image_is_activating_for_a_while(sandbox, ecr, archive, describe, refusal):
    archive()
    assert archive("STANDARD") == "ACTIVATING"
    assert list(describe(filter={"imageStatus": "ACTIVATING"})) == ["5.1.0"]
    assert ecr.batch_get_image(**WEB, imageIds=OLD)["images"] == []
    assert refusal(archive, target="ARCHIVE")[0] == "ImageStorageClassUpdateNotSupportedException"
    sandbox.advance(20)
    image = describe()["5.1.0"]
    assert (image["imageStatus"], image["lastActivatedAt"] > image["lastArchivedAt"]) == ("ACTIVE", True)
    assert len(ecr.batch_get_image(**WEB, imageIds=OLD)["images"]) == 1


def test_a_push_restores_an_archived_image_at_once(ecr, archive, describe):
    manifest = ecr.batch_get_image(**WEB, imageIds=OLD)["images"][0]["imageManifest"]
    archive()
    ecr.put_image(**WEB, imageManifest=manifest, imageTag="5.1.0")
    assert describe()["5.1.0"]["imageStatus"] == "ACTIVE"


@pytest.mark.parametrize("target, tag", [("STANDARD", "5.1.0"), ("ARCHIVE", "9.9.9")])
def test_a_storage_class_changes_only_where_it_can(archive, refusal, target, tag):
    expected = "ImageNotFoundException" if tag == "9.9.9" else "ImageStorageClassUpdateNotSupportedException"
    assert refusal(archive, target=target, tag=tag)[0] == expected


def test_reading_a_manifest_counts_as_a_pull_once_a_day(sandbox, ecr, describe):
    before = describe()["5.2.1"]["lastRecordedPullTime"]
    assert "lastRecordedPullTime" not in describe()["5.1.0"]
    times = []
    for seconds in (0, 3_600, 86_400):
        sandbox.advance(seconds)
        ecr.batch_get_image(**WEB, imageIds=[{"imageTag": "5.2.1"}])
        times.append(describe()["5.2.1"]["lastRecordedPullTime"])
    assert before < times[0] == times[1] < times[2]


def test_describing_an_image_is_no_pull(describe):
    describe()
    assert "lastRecordedPullTime" not in describe()["5.1.0"]


def test_only_accepted_media_types_are_handed_out(ecr):
    request = {"repositoryName": "payments/worker", "imageIds": [{"imageTag": "latest"}]}
    assert ecr.batch_get_image(**request, acceptedMediaTypes=[DOCKER, INDEX])["images"]
    answer = ecr.batch_get_image(**request, acceptedMediaTypes=[DOCKER])
    assert (answer["images"], answer["failures"][0]["failureCode"]) == ([], "ImageNotFound")


@pytest.mark.parametrize(
    "image_id, code",
    [
        ({"imageDigest": "sha256:xyz"}, "InvalidImageDigest"),
        ({"imageTag": "-x"}, "InvalidImageTag"),
        ({"imageDigest": "sha256:" + "0" * 64}, "ImageNotFound"),
    ],
)
def test_an_id_that_cannot_be_is_a_failure(ecr, image_id, code):
    failures = ecr.batch_get_image(**WEB, imageIds=[image_id])["failures"]
    assert [each["failureCode"] for each in failures] == [code]


def test_a_tag_and_another_images_digest_do_not_match(ecr, describe):
    digest = describe()["5.1.0"]["imageDigest"]
    failures = ecr.batch_get_image(**WEB, imageIds=[{"imageTag": "5.3.0", "imageDigest": digest}])["failures"]
    assert failures[0]["failureCode"] == "ImageTagDoesNotMatchDigest"


def test_the_platform_of_a_lone_image_stands_in_its_config(tokyo, sandbox):
    request = {"repositoryName": "tokyo/scheduler", "imageIds": [{"imageTag": "0.8.0"}]}
    manifest = json.loads(tokyo["ecr"].batch_get_image(**request)["images"][0]["imageManifest"])
    digest = manifest["config"]["digest"]
    url = tokyo["ecr"].get_download_url_for_layer(repositoryName="tokyo/scheduler", layerDigest=digest)["downloadUrl"]
    with urllib.request.urlopen(url) as answer:
        blob = answer.read()
    assert f"sha256:{hashlib.sha256(blob).hexdigest()}" == digest
    assert (json.loads(blob)["os"], json.loads(blob)["architecture"]) == ("linux", "arm64")
    assert len(blob) == manifest["config"]["size"]


@pytest.mark.parametrize("is_late", [False, True])
def test_an_address_of_a_blob_ends_and_layers_are_not_kept(sandbox, ecr, is_late):
    manifest = json.loads(ecr.batch_get_image(**WEB, imageIds=OLD)["images"][0]["imageManifest"])
    layer = manifest["layers"][0]["digest"]
    url = ecr.get_download_url_for_layer(**WEB, layerDigest=layer)["downloadUrl"]
    sandbox.advance(4_000 if is_late else 0)
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(url)
    with raised.value as answer:
        assert (answer.code, b"Request has expired" in answer.read()) == (403 if is_late else 404, is_late)


def test_an_index_names_the_platforms_of_its_images_and_is_as_large_as_the_largest(sandbox, ecr, describe):
    platforms = ["linux/amd64", "linux/arm64", "unknown/unknown"]
    made = sandbox.add_image("tools/cli", tags=["2.0"], platforms=platforms, megabytes=70)
    image = ecr.batch_get_image(repositoryName="tools/cli", imageIds=[{"imageTag": "2.0"}])["images"][0]
    entries = json.loads(image["imageManifest"])["manifests"]
    assert image["imageId"]["imageDigest"] == made["imageDigest"]
    assert [f"{e['platform']['os']}/{e['platform']['architecture']}" for e in entries] == platforms
    assert entries[2]["annotations"]["vnd.docker.reference.digest"] == entries[0]["digest"]
    detail = describe("tools/cli")["2.0"]
    assert (detail["imageSizeInBytes"], detail["imageManifestMediaType"]) == (70_000_000, INDEX)
    assert "artifactMediaType" not in detail


def test_artifacts_name_their_subject_or_are_tagged_by_it(tokyo):
    details = tokyo["ecr"].describe_images(repositoryName="tokyo/api")["imageDetails"]
    subject = next(each for each in details if "1.3.0" in each.get("imageTags", []))["imageDigest"]
    referrers = {each["artifactMediaType"] for each in details if each.get("subjectManifestDigest") == subject}
    assert referrers == {"application/vnd.cncf.notary.signature", "application/spdx+json"}
    tags = [tag for each in details for tag in each.get("imageTags", [])]
    assert f"{subject.replace(':', '-')}.sig" in tags


@pytest.mark.parametrize(
    "body",
    [
        {"platforms": []},
        {"platforms": ["linux"]},
        {"tags": "1"},
        {"megabytes": "x"},
        {"about": "9.9"},
        {"about": 1},
        {"about": "0.4.0", "artifactType": 1},
    ],
)
def test_an_image_is_made_only_properly(sandbox, body):
    assert sandbox.try_control("POST", "images/us-east-1/tools/cli", body)[0] == 400


def test_an_artifact_can_be_made(sandbox, ecr, describe):
    sandbox.add_image("tools/cli", about="0.4.0", artifactType="application/spdx+json")
    sandbox.add_image("tools/cli", about="0.4.0")
    subject = describe("tools/cli")["0.4.0"]["imageDigest"]
    details = ecr.describe_images(repositoryName="tools/cli")["imageDetails"]
    assert [each.get("subjectManifestDigest") for each in details].count(subject) == 1


def test_a_tag_is_deleted_alone_and_its_image_with_its_last(ecr, describe):
    ecr.batch_delete_image(**WEB, imageIds=[{"imageTag": "latest"}])
    assert describe()["5.3.0"]["imageTags"] == ["5.3.0"]
    deleted = ecr.batch_delete_image(**WEB, imageIds=[{"imageTag": "5.3.0"}, {"imageTag": "9"}, {}])
    assert [each["imageTag"] for each in deleted["imageIds"]] == ["5.3.0"]
    assert [each["failureCode"] for each in deleted["failures"]] == ["ImageNotFound", "MissingDigestAndTag"]
    assert "5.3.0" not in describe()


def test_a_digest_is_deleted_with_all_its_tags(ecr, describe):
    digest = describe()["5.3.0"]["imageDigest"]
    deleted = ecr.batch_delete_image(**WEB, imageIds=[{"imageDigest": digest}])["imageIds"]
    assert {each["imageTag"] for each in deleted} == {"5.3.0", "latest"}


def test_what_an_index_holds_is_deleted_after_it(ecr):
    index = ecr.batch_get_image(repositoryName="payments/worker", imageIds=[{"imageTag": "latest"}])["images"][0]
    child = {"imageDigest": json.loads(index["imageManifest"])["manifests"][0]["digest"]}
    answer = ecr.batch_delete_image(repositoryName="payments/worker", imageIds=[child])
    assert answer["failures"][0]["failureCode"] == "ImageReferencedByManifestList"
    ecr.batch_delete_image(repositoryName="payments/worker", imageIds=[index["imageId"]])
    ecr.batch_delete_image(
        repositoryName="payments/worker", imageIds=[{"imageDigest": index["imageId"]["imageDigest"]}]
    )
    assert ecr.batch_delete_image(repositoryName="payments/worker", imageIds=[child])["failures"] == []


def test_an_index_needs_its_images(ecr, refusal):
    entry = {"mediaType": DOCKER, "size": 1, "digest": "sha256:" + "0" * 64}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]})
    assert refusal(ecr.put_image, **WEB, imageManifest=manifest)[0] == "ReferencedImagesNotFoundException"


def test_a_manifest_needs_a_media_type(ecr, refusal):
    message = refusal(ecr.put_image, **WEB, imageManifest='{"schemaVersion": 2}')[1]
    assert message == "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"
    ecr.put_image(**WEB, imageManifest='{"schemaVersion": 2}', imageManifestMediaType=DOCKER)


def test_a_tag_must_be_one(ecr, refusal):
    assert refusal(ecr.put_image, **WEB, imageManifest=f'{{"mediaType": "{DOCKER}"}}', imageTag="a b")[0] == (
        "InvalidParameterException"
    )


@pytest.mark.parametrize(
    "mutability, tag, moves",
    [
        ("IMMUTABLE", "1", False),
        ("IMMUTABLE_WITH_EXCLUSION", "dev-1", True),
        ("MUTABLE_WITH_EXCLUSION", "dev-1", False),
    ],
)
def test_tags_move_as_the_repository_lets_them(ecr, refusal, mutability, tag, moves):
    filters = [{"filterType": "WILDCARD", "filter": "dev-*"}] if mutability.endswith("EXCLUSION") else None
    more = {"imageTagMutabilityExclusionFilters": filters} if filters else {}
    made = ecr.create_repository(repositoryName="new/one", imageTagMutability=mutability, **more)["repository"]
    assert made.get("imageTagMutabilityExclusionFilters") == filters
    for number in range(2):
        put = {"repositoryName": "new/one", "imageTag": tag, "imageManifestMediaType": DOCKER}
        manifest = json.dumps({"number": number})
        if number == 0 or moves:
            ecr.put_image(**put, imageManifest=manifest)
        else:
            assert refusal(ecr.put_image, **put, imageManifest=manifest)[0] == "ImageTagAlreadyExistsException"


def test_exclusions_go_with_their_mutability(ecr, refusal):
    filters = [{"filterType": "WILDCARD", "filter": "dev-*"}]
    code, _ = refusal(ecr.create_repository, repositoryName="new/one", imageTagMutabilityExclusionFilters=filters)
    assert code == "InvalidParameterException"


def test_a_repositorys_encryption_is_kept(ecr):
    request = {"encryptionType": "KMS", "kmsKey": "arn:aws:kms:us-east-1:123456789012:key/1"}
    made = ecr.create_repository(repositoryName="new/one", encryptionConfiguration=request)["repository"]
    assert made["encryptionConfiguration"] == request


def test_a_lifecycle_policy_is_kept_and_handed_back(ecr, refusal):
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 30}
    text = json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})
    assert refusal(ecr.get_lifecycle_policy, **WEB) == (
        "LifecyclePolicyNotFoundException",
        (
            "Lifecycle policy does not exist for the repository with name 'storefront/web' "
            "in the registry with id '123456789012'"
        ),
    )
    ecr.put_lifecycle_policy(**WEB, lifecyclePolicyText=text)
    assert ecr.get_lifecycle_policy(**WEB)["lifecyclePolicyText"] == text
    assert ecr.delete_lifecycle_policy(**WEB)["lifecyclePolicyText"] == text
    assert refusal(ecr.delete_lifecycle_policy, **WEB)[0] == "LifecyclePolicyNotFoundException"


@pytest.mark.parametrize("document", [[], {"rules": []}, {"rules": [1]}, {"rules": [{"rulePriority": 1}]}])
def test_a_lifecycle_policy_has_rules(ecr, refusal, document):
    text = json.dumps(document).ljust(100)
    assert refusal(ecr.put_lifecycle_policy, **WEB, lifecyclePolicyText=text)[0] == "InvalidParameterException"


def test_tags_of_a_repository_are_set_listed_and_taken_away(ecr):
    arn = "arn:aws:ecr:us-east-1:123456789012:repository/tools/cli"
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "team", "Value": "a"}, {"Key": "x", "Value": ""}])
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "team", "Value": "b"}])
    assert {t["Key"]: t["Value"] for t in ecr.list_tags_for_resource(resourceArn=arn)["tags"]} == {"team": "b", "x": ""}
    ecr.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert [tag["Key"] for tag in ecr.list_tags_for_resource(resourceArn=arn)["tags"]] == ["x"]


@pytest.mark.parametrize(
    "tags, code",
    [
        ([{"Key": "aws:x", "Value": "1"}], "InvalidTagParameterException"),
        ([{"Key": "a" * 129, "Value": "1"}], "InvalidTagParameterException"),
        ([{"Key": "a", "Value": "1"}] * 2, "InvalidTagParameterException"),
        ([{"Key": str(number), "Value": ""} for number in range(51)], "TooManyTagsException"),
    ],
)
def test_tags_that_cannot_be_are_refused(ecr, refusal, tags, code):
    assert refusal(ecr.create_repository, repositoryName="new/one", tags=tags)[0] == code


@pytest.mark.parametrize(
    "arn, code",
    [
        ("tools/cli", "InvalidParameterException"),
        ("arn:aws:ecr:us-east-1:123456789012:repository/no/such", "RepositoryNotFoundException"),
        ("arn:aws:ecr:us-east-1:210987654321:repository/staging/web", "RepositoryNotFoundException"),
    ],
)
def test_tags_are_of_a_repository_of_ones_own(ecr, refusal, arn, code):
    assert refusal(ecr.list_tags_for_resource, resourceArn=arn)[0] == code
