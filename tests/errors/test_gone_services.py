"""What a service left behind in a policy is taken out, and looked at first, although the service is gone."""

import pytest

from tests.console import until

HERE = "/containers/us-east-1"


def is_shown(asked):
    """Whether a dialog or a preview shows what would change, and nothing that is in the way."""
    changes = asked.soup.select("figure.diff tr[data-diff=removed], figure.diff tr[data-diff=added]")
    return bool(changes) and not asked.soup.select(".flash[data-tone=error]")


def address_of(page):
    return f"/operations/{page.soup.select_one('[id^=operation-]')['id'].removeprefix('operation-')}"


def told_by_ecr(sandbox, repository):
    return sandbox.client("ecr").get_repository_policy(repositoryName=repository)["policyText"]


@pytest.fixture
def granted(mika, sandbox, service, repository):
    """An operation that let a service pull which was deleted afterwards: its page."""
    page = mika.ended(mika.adds(repository, service))
    sandbox.client("lightsail").delete_container_service(serviceName=service)
    sandbox.advance(1)
    until(lambda: "AROA" in told_by_ecr(sandbox, repository))
    return page


def test_its_dead_role_is_pruned_after_a_preview(mika, sandbox, service, repository, granted):
    asked = mika.reads(f"{HERE}/{service}/repositories/prune?repository={repository}")
    assert is_shown(asked)
    assert "--registry-id 123456789012" in asked.text
    mika.ended(address_of(mika.follows(asked, "Remove dead principals")))
    assert sandbox.policy(repository)["policy"] is None


def test_removing_it_is_previewed_and_done(mika, sandbox, service, repository, granted):
    preview = f"{HERE}/{service}/repositories/preview?kind=revoke&repository={repository}"
    assert is_shown(mika.reads(preview))
    mika.ended(mika.removes(repository, service))
    assert sandbox.policy(repository)["policy"] is None


def test_the_policy_from_before_it_is_restored_after_a_preview(mika, sandbox, repository, granted):
    asked = mika.follows(granted, f"Restore the policy from before: {repository}")
    assert is_shown(asked)
    mika.ended(address_of(mika.follows(asked, "Restore")))
    assert sandbox.policy(repository)["policy"] is None


def test_undoing_its_addition_is_previewed(mika, granted):
    asked = mika.follows(granted, "Undo")
    assert "ecr:GetRepositoryPolicy" in asked.text
    assert not asked.soup.select(".flash[data-tone=error]")


def test_adding_to_it_is_told_as_what_it_is(mika, service, repository, granted):
    asked = mika.reads(f"{HERE}/{service}/repositories/preview?kind=grant&repository={repository}")
    assert f"The container service {service} doesn't exist in us-east-1." in asked.text
