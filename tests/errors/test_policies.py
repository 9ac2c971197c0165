"""What stands in a repository's policy gets in the way: said with its numbers and names, and never written over."""

import json

import pytest

WEB = "/containers/us-east-1/storefront-web"
UPDATE = "Update the repository policy"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
TEAM = "arn:aws:iam::123456789012:role/team"


def allowing(principal, sid="Team", effect="Allow", action=PULL):
    principals = principal if principal == "*" else {"AWS": principal}
    return {"Sid": sid, "Effect": effect, "Principal": principals, "Action": action}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def sids(sandbox, repository):
    return [one["Sid"] for one in sandbox.policy(repository)["policy"]["Statement"]]


def seen_in(preview):
    return preview.soup.select_one("input[name=previewed]")["value"]


BROKEN = {
    "not JSON": ('{"Version": "2012-10-17",\n "Statement": [}', "it breaks at line 2, column"),
    "two documents": (f"{json.dumps(document())}, {json.dumps(document())}", "more than one policy document"),
    "no statement": ('{"Version": "2012-10-17"}', "it has no Statement."),
}


@pytest.mark.parametrize("text, sentence", BROKEN.values(), ids=BROKEN)
def test_a_policy_that_is_none_is_told_and_left_alone(mika, sandbox, repository, text, sentence):
    sandbox.put_policy(repository, text)
    before = sandbox.policy(repository)
    page = mika.ended(mika.adds(repository))
    assert page.step(UPDATE)[0] == "error"
    assert sentence in page.text
    assert sandbox.policy(repository) == before
    assert mika.reads(f"{WEB}/policy?repository={repository}").status == 200


def test_a_policy_too_large_is_told_in_numbers(mika, sandbox, repository):
    many = [allowing(f"arn:aws:iam::123456789012:role/team-{n:03}", f"Team{n:03}") for n in range(90)]
    sandbox.put_policy(repository, document(*many))
    before = sandbox.policy(repository)
    page = mika.ended(mika.adds(repository))
    assert "ECR allows 10240." in page.text.replace(",", "")
    assert "at least" in page.text
    assert sandbox.policy(repository) == before


def test_a_policy_that_changed_since_its_preview_is_not_touched(mika, sandbox, repository):
    address = f"{WEB}/repositories/preview?kind=grant&repository={repository}"
    seen = seen_in(mika.reads(address))
    sandbox.put_policy(repository, document(allowing(TEAM)))
    page = mika.ended(mika.adds(repository, previewed=seen))
    assert f"The policy of {repository} has changed since it was previewed." in page.text
    assert sids(sandbox, repository) == ["Team"]
    assert "can now pull" in mika.ended(mika.adds(repository, previewed=seen_in(mika.reads(address)))).text


def test_what_was_previewed_of_another_repository_binds_nothing(mika, sandbox, repository):
    seen = seen_in(mika.reads(f"{WEB}/repositories/preview?kind=grant&repository=payments/ledger"))
    assert "can now pull" in mika.ended(mika.adds(repository, previewed=seen)).text


def test_a_statement_that_somebody_adds_meanwhile_stands_beside_ours(mika, sandbox, repository):
    foreign = allowing("210987654321", "Meanwhile")
    fault = {"kind": "foreign_write", "action": "ecr:SetRepositoryPolicy", "when": "after", "times": 1}
    sandbox.fault(match={"repository": repository}, statement=foreign, **fault)
    page = mika.ended(mika.adds(repository))
    assert "Somebody else changed the policy meanwhile" in page.text
    assert sids(sandbox, repository) == ["AllowLightsailPull-storefront-web", "Meanwhile"]


def test_a_role_that_ecr_does_not_know_yet_is_waited_for_and_that_is_said(mika, sandbox, service, repository):
    sandbox.fault(kind="principal_not_found", action="ecr:SetRepositoryPolicy", match={"repository": repository})
    operation = mika.adds(repository, service)
    mika.sees(operation, "ECR does not know the new role yet; trying again in")
    sandbox.clear_faults()
    page = mika.ended(operation)
    assert f"{service} can now pull images from {repository}." in page.text


def test_a_dead_principal_is_named_pruned_with_a_preview_and_the_operation_retried(mika, sandbox, repository):
    sandbox.put_policy(repository, document(allowing(f"{TEAM}-{repository[9:]}", "Gone"), allowing(TEAM)))
    sandbox.kill_principal(f"{TEAM}-{repository[9:]}")
    failed = mika.ended(mika.adds(repository, "edge-cache"))
    assert "because it cannot find a principal that it names: AROA" in failed.text
    asked = mika.follows(failed, "Remove dead principals")
    assert asked.soup.select("figure.diff tr[data-diff=removed]")
    pruning = mika.follows(asked, "Remove dead principals")
    pruned = mika.ended(pruning.soup.select_one("form[action^='/operations/']")["action"].rpartition("/")[0])
    assert f"The dead principals are gone from {repository}." in pruned.text
    assert sids(sandbox, repository) == ["Team"]
    retried = mika.follows(pruned, "Retry what failed before")
    assert retried.title == f"Adding {repository}"


def test_a_policy_that_ecr_refuses_stays_as_it_was(mika, sandbox, repository):
    locked = document(allowing("*", "Locked", "Deny", "ecr:SetRepositoryPolicy"))
    sandbox.put_policy(repository, locked)
    before = sandbox.policy(repository)
    assert f"ECR refused the policy of {repository}; it stays as it was." in mika.ended(mika.adds(repository)).text
    assert sandbox.policy(repository) == before


def test_an_explicit_deny_stops_a_grant_before_anything_is_written(mika, sandbox):
    before = sandbox.policy("payments/ledger")
    page = mika.ended(mika.adds("payments/ledger"))
    assert "QuarantinedUntilPatched" in page.text
    assert "explicitly denies storefront-web" in page.text
    assert sandbox.policy("payments/ledger") == before


def test_an_undo_that_others_made_impossible_is_told_before_it_is_asked_for(mika, sandbox, repository):
    granted = mika.ended(mika.adds(repository))
    changed = sandbox.policy(repository)["policy"]
    changed["Statement"][0]["Action"] = "ecr:BatchGetImage"
    sandbox.put_policy(repository, changed)
    assert "was changed by somebody else since" in mika.follows(granted, "Undo").text
