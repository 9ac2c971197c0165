"""A machine without AWS credentials: every page says so, and works after a sign-in there."""

import pytest

from tests.console import until
from tests.errors.fast import start_fast_console
from tests.reader import Reader

NO_CREDENTIALS = "No AWS credentials were found."
KEYS = "[default]\naws_access_key_id = AKID123456789012\naws_secret_access_key = sandbox\n"


@pytest.fixture
def profile(tmp_path):
    return tmp_path / "credentials"


@pytest.fixture
def ken(tmp_path, profile):
    around = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SHARED_CREDENTIALS_FILE": str(profile)}
    with start_fast_console(tmp_path, environment=around) as console:
        yield Reader(console)


def test_without_credentials_everything_says_so_and_goes_on_after_a_sign_in(ken, profile):
    page = ken.sees("/containers", NO_CREDENTIALS)
    assert "us-east-1" in page.text
    assert "No data yet." in page.text
    failed = ken.adds("tools/cli")
    assert NO_CREDENTIALS in ken.ended(failed).text
    profile.write_text(KEYS)
    ken.sees("/containers", "storefront-web")
    assert "storefront-web can now pull" in ken.ended(ken.retries(failed)).text


def test_policies_for_an_example_account_say_so_each_until_the_account_is_known(ken, profile):
    page = ken.reads("/permissions")
    policies = page.soup.select("section[id]:has(pre)")
    assert len(policies) == 3
    assert all("Replace 123456789012 in this policy with your account ID" in policy.get_text() for policy in policies)
    profile.write_text(KEYS)
    until(lambda: ken.reads("/permissions").text, lambda text: "Replace " not in text)
    assert ken.console.get("/api/v1/permissions").json["account"] == "123456789012"
