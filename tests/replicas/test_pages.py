"""Any replica serves any page to a person who has signed in at another one."""

from urllib.parse import urlencode, urlsplit

import pytest

from tests.cli.running import quickly
from tests.console import start_console, until
from tests.databases import migrated_postgres_url
from tests.sandbox_server import start_sandbox

__all__ = ["migrated_postgres_url"]

pytestmark = pytest.mark.postgres
OFF, BARE = "payments-api", "payments/api"
FORM = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}


@pytest.fixture
def replicas(tmp_path, migrated_postgres_url):
    """A console, and the way to start another one on the same database and sandbox."""
    shared = {"database_url": migrated_postgres_url, "auth": "local", "regions": "us-east-1"}
    with (
        start_sandbox(activation_seconds=600) as sandbox,
        start_console(tmp_path / "one", sandbox=sandbox, instance="one", **shared) as first,
    ):
        yield first, lambda: start_console(tmp_path / "two", sandbox=sandbox, instance="two", **shared)


def signed_in(console) -> str:
    """The session's cookie."""
    link = urlsplit(quickly(console.environment, "sign-in-link").out.strip()).query
    answer = console.post("/sign-in", f"{link}&next=/", **FORM)
    assert answer.status == 303
    return answer.headers["set-cookie"].partition(";")[0]


def test_a_progress_page_is_served_by_another_replica_than_the_one_that_works(replicas):
    first, another = replicas
    cookie = signed_in(first)
    answer = first.post(
        f"/containers/us-east-1/{OFF}/repositories", urlencode({"repository": BARE}), Cookie=cookie, **FORM
    )
    # Behind a balancer all replicas have one address, and the cookie is named for its port.
    balancer = urlsplit(first.url).netloc
    progress = f"{answer.headers['location']}/progress"
    reader = {"Cookie": cookie, "HX_Request": "true", "Host": balancer}
    until(lambda: first.get(progress, **reader).text, lambda text: "This usually takes" in text)
    with another() as second:
        shown = second.get(progress, **reader)
        assert (shown.status, "This usually takes" in shown.text) == (200, True)
        first.sandbox.advance(600)
        until(lambda: second.get(progress, **reader).text, lambda text: f"can now pull images from {BARE}" in text)
