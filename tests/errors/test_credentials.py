"""A machine without AWS credentials: every page says so, and works once somebody has signed in there."""

import pytest

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
    assert "Nothing of it can be shown yet." in page.text
    failed = ken.adds("tools/cli")
    assert NO_CREDENTIALS in ken.ended(failed).text
    profile.write_text(KEYS)
    ken.sees("/containers", "storefront-web")
    assert "storefront-web can now pull" in ken.ended(ken.retries(failed)).text
