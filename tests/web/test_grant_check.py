"""The Add dialog says at once what is known to stand in the way of the repository that was chosen."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
import pytest_asyncio
from bs4 import BeautifulSoup, Tag

from app.history import search
from app.history.search import HistoryFilter
from app.inventory import store
from tests.in_process import REGION, in_process_console
from tests.sandbox_server import start_sandbox

HERE = f"/containers/{REGION}/storefront-web/repositories"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
ALL = {"Effect": "Allow", "Principal": "*", "Action": "ecr:DescribeImages"}
DENY = {"Sid": "NoPulls", "Effect": "Deny", "Principal": "*", "Action": PULL}
DEAD = {"Sid": "Old", "Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLEDELETEDROLE"}, "Action": PULL}
# By repository: its policy, what the dialog says, and the address of the button that helps.
IN_THE_WAY = {
    "analytics/etl": ([DENY], "An explicit deny in statement #1 (NoPulls)", "/policy?"),
    "shared/base-node": ([DEAD], "it cannot find a principal that it names: AROAEXAMPLEDELETEDROLE", "/prune?"),
    "shared/base-python": (
        [{**ALL, "Sid": f"Filler{number}", "Action": [f"ecr:{'x' * 90}"]} for number in range(75)],
        "characters",
        "/policy?",
    ),
}


def policy(statements):
    return {"Version": "2012-10-17", "Statement": statements}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory):
    with start_sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        for name, (statements, _, _) in IN_THE_WAY.items():
            sandbox.put_policy(name, policy(statements))
        async with in_process_console(tmp_path_factory.mktemp("console"), sandbox, patch) as (client, services):
            sandbox.client("ecr").create_repository(repositoryName="team/unread")
            unread = services.aws.repositories(REGION).get_repository("team/unread").value
            store.remember_repository(services.db, services.connection, unread, services.clock.now())
            yield client, services, sandbox


def read(answer) -> Tag:
    return BeautifulSoup(answer.text, "html.parser")


async def check_of(client, repository):
    return read(await client.get(f"{HERE}/check?repository={quote(repository)}"))


@pytest.mark.parametrize("repository", IN_THE_WAY)
async def test_what_would_be_refused_is_said_when_it_is_chosen_with_what_helps(running, repository):
    client, _, sandbox = running
    _, said, address = IN_THE_WAY[repository]
    sandbox.clear_calls()
    check = await check_of(client, repository)
    assert said in check.get_text()
    helps = check.select_one("a[data-helps]")
    assert address in helps["href"]
    assert (helps.get_text(strip=True) == "Remove dead principals") is (address == "/prune?")
    assert not sandbox.calls()


@pytest.mark.parametrize("repository", IN_THE_WAY)
async def test_a_form_that_did_not_know_of_it_shows_it_and_starts_nothing(running, repository):
    client, services, _ = running
    answer = await client.post(HERE, data={"repository": repository})
    page = read(answer)
    assert (answer.status_code, page.select_one("#repository")["value"]) == (422, repository)
    assert IN_THE_WAY[repository][1] in page.get_text()
    assert page.select_one("input[name=warned]")["value"].startswith(f"{repository} ")
    everything = HistoryFilter(connection=services.connection)
    assert not search.list_operations(services.db, everything).operations


async def test_what_is_free_to_add_shows_what_the_role_will_have(running):
    check = (await check_of(running[0], "tools/cli")).get_text(" ", strip=True)
    assert "After this: Allowed" in check
    assert "Repository policy, read" in check


async def test_what_is_not_known_is_not_judged(running):
    client = running[0]
    unread = (await check_of(client, "team/unread")).get_text()
    assert "whether it can be added isn't known" in unread
    assert "Allowed" not in unread
    for typed in ("", "team/unrea", "Not A Na", f"123456789012.dkr.ecr.{REGION}.amazonaws.com/"):
        assert not (await check_of(client, typed)).get_text(strip=True), typed


async def test_a_reference_to_another_region_is_refused_when_it_is_complete(running):
    typed = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/cli"
    assert "is in eu-west-1, but this service is in us-east-1." in (await check_of(running[0], typed)).get_text()


async def test_the_previews_of_the_page_and_the_api_say_that_a_deny_refuses_it(running):
    client = running[0]
    address = f"{HERE}/preview?kind=grant&repository=analytics/etl"
    shown = read(await client.get(address, headers={"HX-Request": "true"}))
    assert "An explicit deny in statement #1 (NoPulls)" in shown.get_text()
    body = {"kind": "grant", "repository": "analytics/etl"}
    answer = await client.post(f"/api/v1/services/{REGION}/storefront-web/preview", json=body)
    previewed = json.loads(answer.text)
    assert (previewed["refused"]["code"], previewed["access"]) == ("access.denied", "denied")
