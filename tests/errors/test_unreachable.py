"""AWS is throttling, failing, silent or away: an operation is patient and says so, and a page shows what is known."""

import pytest

from tests.console import until

IMAGES = "/containers/us-east-1/storefront-web/images"
CLOSED = {"match": {"region": "us-east-1"}}

# What is wrong, and what the operation says while it waits.
TROUBLES = [
    ("throttle", "AWS answered ThrottlingException; trying again in"),
    ("unavailable", "AWS answered ServiceUnavailableException; trying again in"),
    ("reset", "AWS gave no answer; trying again in"),
    ("timeout", "AWS gave no answer; trying again in"),
]


@pytest.mark.parametrize("kind, meanwhile", TROUBLES)
def test_it_says_that_it_waits_and_goes_on_when_aws_is_well_again(mika, sandbox, repository, kind, meanwhile):
    sandbox.fault(kind=kind, action="ecr:GetRepositoryPolicy", match={"repository": repository})
    operation = mika.adds(repository)
    mika.sees(operation, meanwhile)
    sandbox.clear_faults()
    page = mika.ended(operation)
    assert f"storefront-web can now pull images from {repository}." in page.text
    assert meanwhile not in page.text


def test_a_write_whose_answer_was_lost_is_found_done_and_not_repeated(mika, sandbox, repository):
    sandbox.fault(kind="lost_response", action="ecr:SetRepositoryPolicy", match={"repository": repository}, times=1)
    assert "can now pull" in mika.ended(mika.adds(repository)).text
    assert sandbox.policy(repository)["writes"] == 1


@pytest.mark.parametrize(
    "kind, sentence", [("reset", "Can't reach AWS at"), ("throttle", "AWS is throttling lightsail:")]
)
def test_pages_show_what_is_known_of_a_region_that_does_not_answer(mika, sandbox, kind, sentence):
    sandbox.fault(kind=kind, **CLOSED)
    page = mika.sees("/containers", f"us-east-1: {sentence}")
    assert "The data shown was read" in page.text
    assert "storefront-web" in page.text
    assert "tokyo-api" in page.text


WEB = "/containers/us-east-1/storefront-web"
# A page, the call that it would like to make, and what it shows without.
WAITING = {
    "policy": (
        "ecr:GetRepositoryPolicy",
        f"{WEB}/policy?repository=storefront/web",
        "AllowLightsailPull-storefront-web",
    ),
    "next steps": ("ecr:DescribeImages", f"{IMAGES}?added=storefront/web", "amazonaws.com/storefront/web:"),
    "preview": ("ecr:GetRepositoryPolicy", f"{WEB}/repositories/preview?kind=grant&repository=tools/cli", ""),
}


@pytest.mark.parametrize("action, path, known", WAITING.values(), ids=WAITING)
def test_a_page_that_aws_keeps_waiting_shows_what_is_known(mika, sandbox, action, path, known):
    sandbox.fault(kind="latency", seconds=4, action=action)
    page = mika.reads(path)
    assert page.status == 200
    assert "AWS has not answered" in page.text or "AWS did not answer" in page.text
    assert known in page.text


def test_pages_need_no_answer_of_aws_at_all(mika, sandbox):
    sandbox.fault(kind="timeout")
    for path in ("/containers", IMAGES, "/containers/us-east-1/storefront-web", "/history"):
        assert mika.reads(path).status == 200


def test_a_region_that_is_being_set_up_is_told_beside_the_others(mika, sandbox):
    sandbox.options(setup_regions=["ap-northeast-1"])
    mika.sees("/containers", "ap-northeast-1: AWS is still setting up your account in ap-northeast-1.")
    until(lambda: mika.reads("/containers").text, lambda text: "us-east-1: " not in text)
