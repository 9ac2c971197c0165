"""Patience has an end: what AWS does not mend in minutes ends the operation, clearly, and Retry continues from there.

All of them wait side by side, so that the minutes pass once.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from app.settings import Settings
from tests.console import until
from tests.errors.making import make_repository, make_service
from tests.reader import Page, Reader

LONG = 1_000_000.0
ROLE_WAIT = 300
ACTIVATE = "Activate the image puller role"
WAIT = "Wait for the role"
UPDATE = "Update the repository policy"
REFUSED = "The repository policy was not changed."
UNANSWERED = "AWS's answer was lost. The repository policy didn't have the change when it was last read."
# What is wrong with every write to one policy, and the sentence at the end.
FAULTS = {
    "throttle": "AWS is throttling ecr:SetRepositoryPolicy for this account.",
    "unavailable": "AWS failed to do ecr:SetRepositoryPolicy: ServiceUnavailableException.",
    "reset": "Can't reach AWS at 127.0.0.1:",
    "timeout": "AWS did not answer ecr:SetRepositoryPolicy in time.",
    "principal_not_found": "ECR still doesn't recognize the service's new role after several minutes.",
}
# Answers after which AWS may carry the write out all the same.
MAY_COME_LATE = ("unavailable", "reset", "timeout")


@dataclass
class Case:
    """An operation that was given up: its address and page, the policy's repository and the service."""

    operation: str
    repository: str
    service: str
    page: Page | None = None


def refused_writes(mika, sandbox):
    for kind in FAULTS:
        repository = make_repository(mika.console)
        sandbox.fault(kind=kind, action="ecr:SetRepositoryPolicy", match={"repository": repository})
        yield kind, Case(mika.adds(repository), repository, "storefront-web")


def busy_service(mika, sandbox):
    service, repository = make_service(mika.console), make_repository(mika.console)
    sandbox.change_service(service, state="UPDATING")
    return Case(mika.adds(repository, service), repository, service)


def role_without_principal(mika, sandbox):
    service, repository = make_service(mika.console), make_repository(mika.console)
    sandbox.options(arn_lag_seconds=LONG)
    case = Case(mika.adds(repository, service), repository, service)
    until(lambda: sandbox.service(service)["privateRegistryAccess"]["ecrImagePullerRole"]["isActive"])
    sandbox.options(arn_lag_seconds=0)
    return case


def region_in_setup(mika, sandbox):
    sandbox.options(setup_regions=["ap-northeast-1"])
    place = ("tokyo/scheduler", "tokyo-api")
    return Case(mika.adds(*place, "ap-northeast-1"), *place)


@pytest.fixture(scope="module")
def role_wait():
    return ROLE_WAIT


@pytest.fixture(scope="module")
def given_up(console):
    mika, sandbox = Reader(console), console.sandbox
    cases = dict(refused_writes(mika, sandbox))
    cases["no role"] = role_without_principal(mika, sandbox)
    cases["busy"] = busy_service(mika, sandbox)
    cases["setup"] = region_in_setup(mika, sandbox)
    for case in cases.values():
        case.page = mika.ended(case.operation, seconds=90)
    sandbox.clear_faults()
    sandbox.options(setup_regions=[])
    return cases


def is_granted_by_retry(console, case):
    mika = Reader(console)
    return (
        f"{case.service} can now pull images from {case.repository}." in mika.ended(mika.retries(case.operation)).text
    )


def test_a_role_is_waited_for_fifteen_minutes_where_nothing_else_is_set():
    assert Settings().role_wait_seconds == 15 * 60


@pytest.mark.parametrize("kind, sentence", FAULTS.items())
def test_a_write_that_aws_never_takes_is_told_with_what_is_known_of_the_policy(console, given_up, kind, sentence):
    case = given_up[kind]
    assert case.page.step(UPDATE)[0] == "error"
    assert sentence in case.page.text
    assert (UNANSWERED if kind in MAY_COME_LATE else REFUSED) in case.page.text
    assert is_granted_by_retry(console, case)
    assert console.sandbox.policy(case.repository)["writes"] == 1


def test_a_service_that_stays_busy_is_named_with_its_state(console, given_up):
    case = given_up["busy"]
    assert case.page.step(ACTIVATE)[0] == "error"
    assert f"The container service {case.service} was still UPDATING after 10 minutes." in case.page.text
    console.sandbox.change_service(case.service, state=None)
    assert is_granted_by_retry(console, case)


def test_a_role_that_never_appears_ends_the_wait_and_is_not_activated_twice(console, given_up):
    case, sandbox = given_up["no role"], console.sandbox
    assert case.page.step(ACTIVATE)[0] == "success"
    assert case.page.step(WAIT)[0] == "error"
    assert f"role of {case.service} within {ROLE_WAIT // 60} minutes." in case.page.text
    sandbox.advance(LONG)
    assert is_granted_by_retry(console, case)
    switched = sandbox.calls("lightsail:UpdateContainerService")
    assert len([call for call in switched if call["params"]["serviceName"] == case.service]) == 1


def test_a_region_that_stays_in_setup_is_named(console, given_up):
    case = given_up["setup"]
    assert case.page.step(ACTIVATE)[0] == "error"
    assert "AWS is still setting up your account in ap-northeast-1." in case.page.text
    assert is_granted_by_retry(console, case)
