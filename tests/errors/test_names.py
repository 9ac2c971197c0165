"""A repository's name that cannot be right comes back with the dialog; what is wrong is said at the field."""

from urllib.parse import unquote

import pytest

from tests.console import until

IMAGES = "/containers/us-east-1/storefront-web/images"
HERE = "/containers/us-east-1/storefront-web/repositories"
POLICY = "/containers/us-east-1/storefront-web/policy"
DIALOG = {"HX_Request": "true"}


def refused(mika, repository):
    page = mika.sends(HERE, repository=repository)
    assert page.status == 422
    assert page.soup.select_one("#repository")["value"] == repository
    return page


def test_a_name_typed_wrongly_comes_back_with_the_nearest_names(mika):
    page = refused(mika, "storefont/web")
    assert "The repository storefont/web doesn't exist in us-east-1." in page.text
    assert "storefront/web" in page.buttons()


def test_a_repository_of_another_region_is_told_with_the_rule(mika):
    mika.knows("ap-northeast-1")
    page = refused(mika, "tokyo/api")
    assert "The repository tokyo/api doesn't exist in us-east-1, but in ap-northeast-1." in page.text
    assert "pulls only from repositories of its own region" in page.text


@pytest.mark.parametrize("name", ["Tools/CLI", "a", "tools//cli", "-tools", "x" * 257, "tools/cli:", "tools cli"])
def test_what_cannot_be_a_name_is_refused_without_asking_aws(mika, sandbox, name):
    sandbox.clear_calls()
    assert "isn't a valid Amazon ECR repository name." in refused(mika, name).text
    assert not [call for call in sandbox.calls() if name in (call["params"].get("repositoryNames") or ())]


@pytest.mark.parametrize("address", [f"{POLICY}?", *(f"{HERE}/{verb}?" for verb in ("remove", "repair", "prune"))])
@pytest.mark.parametrize(
    "name, rule",
    [
        *((name, "Use 2 to 256 lowercase letters, digits, and . _ - / between them.") for name in ("Tools/CLI", "a")),
        ("x" * 300, "isn't a valid Amazon ECR repository name."),
        ("tools%0Acli", "characters that no repository name can have: control character (U+000A)."),
        ("", "No repository was named."),
    ],
)
def test_an_address_with_what_cannot_be_a_name_says_the_rule_without_asking_aws(mika, sandbox, address, name, rule):
    sandbox.clear_calls()
    page = mika.reads(f"{address}repository={name}")
    assert page.status == 422
    assert rule in page.text
    assert unquote(name) not in [call["params"].get("repositoryName") for call in sandbox.calls()]


def test_no_name_at_all_is_refused(mika):
    assert "No repository was named." in refused(mika, "").text


def test_a_repository_that_is_gone_meanwhile_is_named_by_the_operation(mika, sandbox, repository):
    message = f"The repository with name '{repository}' does not exist in the registry with id '123456789012'"
    sandbox.fault(
        kind="error",
        action="ecr:GetRepositoryPolicy",
        match={"repository": repository},
        code="RepositoryNotFoundException",
        message=message,
    )
    operation = mika.adds(repository)
    assert f"The repository {repository} doesn't exist in us-east-1." in mika.ended(operation).text
    sandbox.clear_faults()
    assert "can now pull" in mika.ended(mika.retries(operation)).text


def test_a_repository_deleted_since_it_was_listed_is_refused_once_that_is_read(mika, sandbox, repository):
    mika.sees(f"/containers/us-east-1/storefront-web/policy?repository={repository}", repository)
    sandbox.client("ecr").delete_repository(repositoryName=repository, force=True)
    page = until(lambda: mika.sends(HERE, repository=repository), lambda page: page.status == 422)
    assert f"The repository {repository} doesn't exist in us-east-1." in page.text


def test_who_may_not_describe_repositories_types_a_name_and_sees_it_ever_after(mika, sandbox, repository):
    sandbox.fault(kind="access_denied", action="ecr:DescribeRepositories")
    assert "can now pull" in mika.ended(mika.adds(repository)).text
    uri = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{repository}"
    assert uri in mika.reads(f"{IMAGES}?added={repository}").text
    assert f"Remove {repository}" in mika.reads(IMAGES).buttons()
    assert mika.reads(f"{POLICY}?repository={repository}").status == 200


def test_who_may_not_describe_repositories_is_told_of_a_name_typed_wrongly(mika, sandbox):
    sandbox.fault(kind="access_denied", action="ecr:DescribeRepositories")
    assert (
        "The repository storefont/api doesn't exist in us-east-1." in mika.sends(HERE, repository="storefont/api").text
    )
