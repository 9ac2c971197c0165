"""An obstacle in a repository policy is reported with its numbers and names, and never overwritten."""

import re

import pytest

WEB = "/containers/us-east-1/storefront-web"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
TEAM = "arn:aws:iam::123456789012:role/team"


def allowing(principal, sid="Team", effect="Allow", action=PULL):
    principals = principal if principal == "*" else {"AWS": principal}
    return {"Sid": sid, "Effect": effect, "Principal": principals, "Action": action}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def sids(sandbox, repository):
    return [one["Sid"] for one in sandbox.policy(repository)["policy"]["Statement"]]


def address_of(page):
    """The address of the operation that a page shows."""
    identity = page.soup.select_one("[id^=operation-]")["id"].removeprefix("operation-")
    return f"/operations/{identity}"


def seen_in(preview):
    return preview.soup.select_one("input[name=previewed]")["value"]


def test_a_policy_that_changed_since_its_preview_is_not_touched(mika, sandbox, repository):
    address = f"{WEB}/repositories/preview?kind=grant&repository={repository}"
    seen = seen_in(mika.reads(address))
    sandbox.put_policy(repository, document(allowing(TEAM)))
    refused = mika.sends(f"{WEB}/repositories", repository=repository, previewed=seen).answer
    assert (refused.status, f"The preview of {repository} is out of date." in refused.text) == (422, True)
    assert sids(sandbox, repository) == ["Team"]
    assert "can now pull" in mika.ended(mika.adds(repository, previewed=seen_in(mika.reads(address)))).text


def test_a_statement_that_somebody_adds_meanwhile_stands_beside_ours(mika, sandbox, repository):
    foreign = allowing("210987654321", "Meanwhile")
    fault = {"kind": "foreign_write", "action": "ecr:SetRepositoryPolicy", "when": "after", "times": 1}
    sandbox.fault(match={"repository": repository}, statement=foreign, **fault)
    page = mika.ended(mika.adds(repository))
    assert "The policy was changed outside Sailpass" in page.text
    assert sids(sandbox, repository) == ["AllowLightsailPull-storefront-web", "Meanwhile"]


def test_a_role_that_ecr_does_not_know_yet_is_waited_for_and_that_is_said(mika, sandbox, service, repository):
    sandbox.fault(kind="principal_not_found", action="ecr:SetRepositoryPolicy", match={"repository": repository})
    operation = mika.adds(repository, service)
    mika.sees(operation, "ECR doesn't recognize the new role yet; trying again in")
    sandbox.clear_faults()
    page = mika.ended(operation)
    assert f"{service} can now pull images from {repository}." in page.text


@pytest.mark.parametrize("text, wrong", [('{"Statement": [', "isn't valid JSON"), ("{}", "it has no Statement")])
def test_a_broken_policy_is_told_in_the_remove_dialog_with_the_way_to_it(mika, sandbox, repository, text, wrong):
    sandbox.put_policy(repository, text)
    mika.reads(f"{WEB}/policy?repository={repository}")
    asked = f"{WEB}/repositories/remove?repository={repository}"
    for page in (mika.reads(asked), mika.reads(asked, HX_Request="true")):
        assert (page.status, page.title) == (200, "This repository cannot be removed yet")
        assert wrong in page.text
        assert "Remove" not in page.buttons()
        assert mika.reads(page.soup.find("a", string="See the policy")["href"]).title == repository


def test_whom_a_broken_policy_names_is_not_known(mika, sandbox, repository):
    sandbox.put_policy(repository, '{"Statement": [')
    for path in (f"{WEB}/policy?repository={repository}", f"/repositories/us-east-1/{repository}"):
        page = mika.reads(path)
        assert "its principals aren't known" in page.text
        assert "names no principals" not in page.text
    assert (
        mika.console.get(f"/api/v1/services/us-east-1/storefront-web/policy?repository={repository}").json["readers"]
        is None
    )
    assert mika.console.get(f"/api/v1/repositories/us-east-1/{repository}").json["principals"] is None


@pytest.fixture
def refused(mika, sandbox, repository):
    """The page of an operation that ECR refuses because of a deleted role."""
    sandbox.put_policy(repository, document(allowing(f"{TEAM}-{repository[9:]}", "Gone"), allowing(TEAM)))
    sandbox.kill_principal(f"{TEAM}-{repository[9:]}")
    return mika.ended(mika.adds(repository, "edge-cache"))


def test_a_dead_principal_is_named_and_offered_for_pruning_alone(mika, refused):
    named = re.findall(r"\bAROA\w+", refused.text.partition("cannot find a principal that it names: ")[2])[:1]
    asked = mika.follows(refused, "Remove dead principals")
    assert asked.form("Remove dead principals")[2]["principal"] == named
    assert asked.soup.select("figure.diff tr[data-diff=removed]")


def test_what_helps_against_a_dead_principal_stands_out_before_retry(refused):
    buttons = [one.get_text() for one in refused.soup.select(".operation button")]
    assert buttons.index("Retry") < buttons.index("Remove dead principals")
    assert [one.get_text() for one in refused.soup.select(".operation .primary")] == ["Remove dead principals"]


def test_after_the_dead_are_pruned_what_failed_before_succeeds(mika, sandbox, repository, refused):
    asked = mika.follows(refused, "Remove dead principals")
    pruned = mika.ended(address_of(mika.follows(asked, "Remove dead principals")))
    assert f"The dead principals were removed from {repository}." in pruned.text
    assert sids(sandbox, repository) == ["Team"]
    again = mika.ended(address_of(mika.follows(pruned, "Retry what failed before")))
    assert f"edge-cache can now pull images from {repository}." in again.text
    assert sids(sandbox, repository) == ["Team", "AllowLightsailPull-edge-cache"]


def test_where_everyone_may_pull_no_button_is_offered_and_nothing_by_hand(mika, sandbox, repository):
    sandbox.put_policy(repository, document(allowing("*", "Everyone")))
    page = mika.reads(f"{WEB}/policy?repository={repository}")
    assert "Statement #1 (Everyone) allows everyone to pull." in page.text
    assert "Do it yourself with the AWS CLI" not in page.text
    assert not {"Add repository", f"Remove {repository}", "Repair access"} & set(page.buttons())


def test_an_explicit_deny_stops_a_grant_before_anything_is_written(mika, sandbox):
    before = sandbox.policy("payments/ledger")
    page = mika.ended(mika.adds("payments/ledger", warned="payments/ledger access.denied"))
    assert "QuarantinedUntilPatched" in page.text
    assert "An explicit deny in statement" in page.text
    assert sandbox.policy("payments/ledger") == before


def test_an_undo_that_others_made_impossible_is_told_before_it_is_asked_for(mika, sandbox, repository):
    granted = mika.ended(mika.adds(repository))
    changed = sandbox.policy(repository)["policy"]
    changed["Statement"][0]["Action"] = "ecr:BatchGetImage"
    sandbox.put_policy(repository, changed)
    assert "has been changed outside this operation" in mika.follows(granted, "Undo").text
