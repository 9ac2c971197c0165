"""A machine without AWS sign-in, seen by a person: shown on the page and in the dialog, and fixed there."""

import pytest
from playwright.sync_api import expect

from tests.errors.fast import start_fast_console
from tests.reader import Reader

pytestmark = pytest.mark.browser

NO_CREDENTIALS = "No AWS credentials were found."
KEYS = "[default]\naws_access_key_id = AKID123456789012\naws_secret_access_key = sandbox\n"
IMAGES = "/containers/us-east-1/storefront-web/images"


@pytest.fixture
def profile(tmp_path):
    return tmp_path / "credentials"


@pytest.fixture
def console(tmp_path, profile):
    around = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SHARED_CREDENTIALS_FILE": str(profile)}
    with start_fast_console(tmp_path, environment=around) as running:
        yield running


def test_without_credentials_every_page_says_so_and_retry_goes_on_after_a_sign_in(mika, console, profile):
    Reader(console).sees("/containers", NO_CREDENTIALS)
    mika.page.goto("/containers")
    expect(mika.page.get_by_text(NO_CREDENTIALS).first).to_be_visible()
    expect(mika.page.get_by_text("Sign in on the machine that runs Sailpass").first).to_be_visible()
    mika.page.goto(IMAGES)
    mika.asks_to_add("tools/cli")
    expect(mika.dialog).to_contain_text(NO_CREDENTIALS)
    profile.write_text(KEYS)
    Reader(console).sees("/containers", "storefront-web")
    mika.confirms("Retry")
    expect(mika.dialog).to_contain_text("storefront-web can now pull images from tools/cli.")
