"""An obstacle is removed by a person, and Retry continues: one step had failed, and nothing had been written."""

import json
import re

import pytest

from tests.errors.making import make_service

POLICY = "/containers/us-east-1/storefront-web/policy"
ACTIVATE = "Activate the image puller role"
UPDATE = "Update the repository policy"
TEAM = "arn:aws:iam::123456789012:role/team"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
LONG = 1_000_000.0


def statement(sid, effect="Allow", action="ecr:BatchGetImage", principal=TEAM):
    return {"Sid": sid, "Effect": effect, "Principal": {"AWS": principal}, "Action": action}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def reds(page):
    return [item.select_one(".what span").get_text() for item in page.soup.select("ol.steps > li[data-tone=error]")]


def is_told(page, sentence):
    """Whether a page gives the cause in one sentence and what to do in another."""
    cause, todo = page.soup.select(".flash[data-tone=error] p")[:2]
    return sentence in cause.get_text() and todo.get_text().endswith(".")


def sids(sandbox, repository):
    return [one["Sid"] for one in sandbox.policy(repository)["policy"]["Statement"]]


def is_active(sandbox, service):
    return sandbox.service(service)["privateRegistryAccess"]["ecrImagePullerRole"]["isActive"]


GOOD = document(statement("Team"))
# A policy as it stands, and what is said of it.
IN_THE_WAY = {
    "not JSON": ('{"Version": "2012-10-17",\n "Statement": [}', "(line 2, column 16)."),
    "two documents": (f"{document()}, {document()}", "more than one policy document"),
    "no statement": ('{"Version": "2012-10-17"}', "it has no Statement."),
    "too large": (document(*(statement(f"Team{n:03}") for n in range(90))), "characters; ECR allows 10"),
    "a Deny": (document(statement("Never", "Deny", PULL, "*")), "An explicit deny in statement #1 (Never)"),
    # AWS denies the write itself, before it looks at what is written.
    "a lock": (document(statement("Lock", "Deny", "ecr:SetRepositoryPolicy", "*")), "ecr:SetRepositoryPolicy"),
}


@pytest.mark.parametrize("text, sentence", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_a_policy_in_the_way_is_told_left_alone_and_got_past_once_it_is_put_right(
    mika, sandbox, repository, text, sentence
):
    sandbox.put_policy(repository, text)
    before = sandbox.policy(repository)
    operation = mika.adds(repository)
    page = mika.ended(operation)
    assert (reds(page), is_told(page, sentence)) == ([UPDATE], True)
    assert "The repository policy was not changed." in page.text
    assert sandbox.policy(repository) == before
    assert mika.reads(f"{POLICY}?repository={repository}").status == 200
    sandbox.put_policy(repository, GOOD)
    assert "can now pull" in mika.ended(mika.retries(operation)).text
    assert sids(sandbox, repository) == ["Team", "AllowLightsailPull-storefront-web"]


def test_a_policy_too_large_is_told_in_numbers_that_agree(mika, sandbox, repository):
    sandbox.put_policy(repository, IN_THE_WAY["too large"][0])
    page = mika.ended(mika.adds(repository))
    numbers = re.search(
        r"would have ([\d,]+) characters; ECR allows ([\d,]+)\. .* at least ([\d,]+) characters", page.text
    )
    characters, limit, over = (int(number.replace(",", "")) for number in numbers.groups())
    assert (limit, over) == (10_240, characters - limit)


def test_the_wreck_that_awss_guide_makes_is_shown_mended_and_can_be_written(mika, sandbox, repository):
    sandbox.put_policy(repository, f"{document(statement('First'))}, {document(statement('Second'))}")
    operation = mika.adds(repository)
    assert "shows the corrected text under “Do it yourself with the AWS CLI”" in mika.ended(operation).text
    page = mika.reads(f"{POLICY}?repository={repository}")
    mended, commands = (
        page.soup.select_one(f'pre[aria-label="{name}"]').get_text()
        for name in ("finished policy", "Commands for macOS / Linux")
    )
    assert f"'POLICY'\n{mended}\nPOLICY" in commands
    sandbox.client("ecr").set_repository_policy(repositoryName=repository, policyText=mended)
    assert sids(sandbox, repository) == ["First", "Second", "AllowLightsailPull-storefront-web"]
    assert "already has access to" in mika.ended(mika.retries(operation)).text


def test_a_service_that_is_gone_is_gone_on_with_once_it_is_there_again(mika, sandbox, service, repository):
    lightsail = sandbox.client("lightsail")
    lightsail.delete_container_service(serviceName=service)
    sandbox.advance(1)
    operation = mika.adds(repository, service)
    page = mika.ended(operation)
    assert (reds(page), is_told(page, f"The container service {service} doesn't exist in us-east-1.")) == (
        [ACTIVATE],
        True,
    )
    lightsail.create_container_service(serviceName=service, power="nano", scale=1)
    assert f"{service} can now pull" in mika.ended(mika.retries(operation)).text


def test_a_wait_that_is_refused_its_looks_goes_on_once_they_are_allowed(mika, sandbox, service, repository):
    sandbox.options(arn_lag_seconds=LONG)
    operation = mika.adds(repository, service)
    mika.sees(operation, "This usually takes less than a minute.")
    sandbox.fault(kind="access_denied", action="lightsail:GetContainerServices")
    page = mika.ended(operation)
    assert reds(page) == ["Wait for the role"]
    assert page.statements()["lightsail:GetContainerServices"]["Effect"] == "Allow"
    sandbox.clear_faults()
    sandbox.advance(LONG)
    assert "can now pull" in mika.ended(mika.retries(operation)).text


@pytest.mark.parametrize("verb, title", [("activate", "Couldn't activate"), ("deactivate", "Couldn't deactivate")])
def test_a_role_that_may_not_be_switched_is_switched_by_retry(mika, sandbox, verb, title):
    service = make_service(mika.console)
    role = f"/containers/us-east-1/{service}/role"
    if verb == "deactivate":
        mika.ended(mika.sends(f"{role}/activate").answer.headers["location"])
    asked = mika.reads(f"{role}/{verb}")
    sandbox.fault(kind="access_denied", action="lightsail:UpdateContainerService")
    operation = mika.follows(asked, verb.capitalize()).operation
    page = mika.ended(operation)
    assert page.title.startswith(title)
    assert (len(reds(page)), list(page.statements())) == (1, ["lightsail:UpdateContainerService"])
    sandbox.clear_faults()
    assert "Retry" not in mika.ended(mika.retries(operation)).buttons()


def test_a_role_is_kept_while_a_policy_names_it_and_retry_takes_both_away(mika, sandbox, service, repository):
    mika.ended(mika.adds(repository, service))
    sandbox.fault(kind="access_denied", action="ecr:DeleteRepositoryPolicy", match={"repository": repository})
    asked = mika.reads(f"/containers/us-east-1/{service}/role/deactivate")
    operation = mika.follows(asked, "Deactivate", remove="1").operation
    page = mika.ended(operation)
    assert (len(reds(page)), is_told(page, f"it is left in: {repository}.")) == (1, True)
    assert is_active(sandbox, service)
    sandbox.clear_faults()
    mika.ended(mika.retries(operation))
    assert (is_active(sandbox, service), sandbox.policy(repository)["policy"]) == (False, None)
