"""Repositories over HTTP, with real boto3."""

from __future__ import annotations

import pytest

MISSING = "The repository with name 'no/such' does not exist in the registry with id '123456789012'"


def test_repositories_come_in_pages(ecr):
    pages = list(ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 5}))
    names = [each["repositoryName"] for page in pages for each in page["repositories"]]
    assert [len(page["repositories"]) for page in pages] == [5, 5, 2]
    assert len(set(names)) == 12


def test_a_page_has_a_hundred_unless_asked_and_a_thousand_at_most(sandbox, ecr):
    sandbox.reset("large", repositories=1_500, services=1)
    assert len(ecr.describe_repositories()["repositories"]) == 100
    assert len(ecr.describe_repositories(maxResults=1_000)["repositories"]) == 1_000


def test_more_than_a_thousand_a_page_are_refused(ecr, refusal):
    assert refusal(ecr.describe_repositories, maxResults=1_001) == (
        "InvalidParameterException",
        (
            "Invalid parameter at 'maxResults' failed to satisfy constraint: "
            "'Member must have value less than or equal to 1000'"
        ),
    )


def test_a_page_token_must_be_one_of_ours(ecr, refusal):
    assert refusal(ecr.describe_repositories, nextToken="abc")[0] == "InvalidParameterException"


def test_repositories_can_be_asked_for_by_name(ecr):
    found = ecr.describe_repositories(repositoryNames=["tools/cli", "payments/api"])["repositories"]
    assert [each["repositoryName"] for each in found] == ["tools/cli", "payments/api"]
    assert found[1]["repositoryUri"] == "123456789012.dkr.ecr.us-east-1.amazonaws.com/payments/api"


def test_names_and_pages_do_not_go_together(ecr, refusal):
    code, _ = refusal(ecr.describe_repositories, repositoryNames=["tools/cli"], maxResults=10)
    assert code == "InvalidParameterException"


@pytest.mark.parametrize(
    "operation, params",
    [
        ("describe_repositories", {"repositoryNames": ["no/such"]}),
        ("delete_repository", {"repositoryName": "no/such"}),
        ("get_repository_policy", {"repositoryName": "no/such"}),
        ("set_repository_policy", {"repositoryName": "no/such", "policyText": "{}"}),
        ("delete_repository_policy", {"repositoryName": "no/such"}),
        ("list_images", {"repositoryName": "no/such"}),
        ("describe_images", {"repositoryName": "no/such"}),
        ("batch_get_image", {"repositoryName": "no/such", "imageIds": [{"imageTag": "1"}]}),
        ("put_image", {"repositoryName": "no/such", "imageManifest": "{}"}),
    ],
)
def test_a_missing_repository_is_told_in_awss_words(ecr, refusal, operation, params):
    assert refusal(getattr(ecr, operation), **params) == ("RepositoryNotFoundException", MISSING)


def test_a_created_repository_is_there_and_empty(ecr):
    made = ecr.create_repository(repositoryName="new/one", imageTagMutability="IMMUTABLE")["repository"]
    assert made["repositoryArn"] == "arn:aws:ecr:us-east-1:123456789012:repository/new/one"
    assert ecr.list_images(repositoryName="new/one")["imageIds"] == []


def test_a_repository_is_created_once(ecr, refusal):
    assert refusal(ecr.create_repository, repositoryName="tools/cli") == (
        "RepositoryAlreadyExistsException",
        "The repository with name 'tools/cli' already exists in the registry with id '123456789012'",
    )


def test_a_bad_name_is_refused_with_the_pattern(ecr, refusal):
    code, message = refusal(ecr.create_repository, repositoryName="Bad_Name!")
    assert code == "InvalidParameterException"
    assert message == (
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression "
        r"'[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*''"
    )


def test_a_repository_with_images_is_deleted_only_by_force(ecr, refusal):
    assert refusal(ecr.delete_repository, repositoryName="tools/cli")[0] == "RepositoryNotEmptyException"
    ecr.delete_repository(repositoryName="tools/cli", force=True)
    assert refusal(ecr.describe_repositories, repositoryNames=["tools/cli"])[0] == "RepositoryNotFoundException"


def test_regions_and_accounts_are_kept_apart(sandbox, tokyo, other_account):
    there = tokyo["ecr"].describe_repositories()["repositories"]
    theirs = other_account["ecr"].describe_repositories()["repositories"]
    assert [each["repositoryName"] for each in there] == [
        "tokyo/api",
        "tokyo/inbox",
        "tokyo/legacy",
        "tokyo/partners",
        "tokyo/scheduler",
    ]
    assert {each["registryId"] for each in theirs} == {"210987654321"}


def test_another_accounts_registry_is_closed_but_by_policy(sandbox, other_account, refusal):
    ours = {"registryId": "123456789012", "repositoryName": "shared/base-python"}
    code, message = refusal(other_account["ecr"].get_repository_policy, **ours)
    assert code == "AccessDeniedException"
    assert "because no resource-based policy allows the ecr:GetRepositoryPolicy action" in message


def test_another_account_may_do_what_the_policy_allows_it(sandbox, other_account):
    wanted = {"registryId": "123456789012", "repositoryName": "shared/base-python", "imageIds": [{"imageTag": "3.13"}]}
    assert len(other_account["ecr"].batch_get_image(**wanted)["images"]) == 1


def test_another_accounts_registry_cannot_be_listed(sandbox, other_account, refusal):
    assert refusal(other_account["ecr"].describe_repositories, registryId="123456789012")[0] == "AccessDeniedException"
