"""The field of the Add dialog accepts what people copy, and reports invalid input without losing it."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup

from app.history import search
from app.history.search import HistoryFilter
from tests.in_process import REGION, in_process_console
from tests.sandbox_server import start_sandbox

HERE = f"/containers/{REGION}/storefront-web/repositories"
URI = f"123456789012.dkr.ecr.{REGION}.amazonaws.com"
LIKE_A_REGISTRY = "ghcr.io/team/app"


@pytest.fixture
async def client(tmp_path, monkeypatch):
    with start_sandbox() as sandbox:
        sandbox.client("ecr").create_repository(repositoryName=LIKE_A_REGISTRY)
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, services):
            yield client
            everything = HistoryFilter(connection=services.connection)
            assert not search.list_operations(services.db, everything).operations


@pytest.mark.parametrize(
    "typed", [f"{URI}/tools/cli", f"{URI}/tools/cli:latest", " tools/cli ", f"docker pull {URI}/tools/cli:1"]
)
async def test_what_is_pasted_is_found_in_the_list(client, typed):
    page = BeautifulSoup((await client.get(f"{HERE}/options?repository={quote(typed)}")).text, "html.parser")
    assert [option["data-value"] for option in page.select("[role=option]")] == ["tools/cli"]


async def test_what_is_pasted_is_previewed_under_its_name(client):
    shown = await client.get(f"{HERE}/preview?kind=grant&repository={quote(URI + '/tools/cli:1')}")
    page = BeautifulSoup(shown.text, "html.parser")
    assert page.select_one("input[name=previewed]")["value"].startswith("tools/cli ")


@pytest.mark.parametrize(
    "typed, said",
    [
        ("123456789012.dkr-ecr.eu-west-1.on.aws/tools/cli:1", "is in eu-west-1, but this service is in us-east-1."),
        (
            "210987654321.dkr.ecr.us-east-1.amazonaws.com/tools/cli",
            "210987654321, but Sailpass is signed in to account",
        ),
        (f"{URI}.cn/tools/cli", "is in AWS partition aws-cn, where an account with the same ID is another account."),
        ("public.ecr.aws/nginx/nginx:1", "is in Amazon ECR Public"),
        ("docker.io/library/nginx", "docker.io is not Amazon ECR"),
        ("tools\u200b/cli", "ZERO WIDTH SPACE (U+200B)"),
        ("Tools/Cli", "isn't a valid Amazon ECR repository name"),
        ("", "No repository was named."),
    ],
)
async def test_what_cannot_be_comes_back_as_it_was_typed_with_the_reason(client, typed, said):
    answer = await client.post(HERE, data={"repository": typed})
    page = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == 422
    assert said in page.select_one("#repository-error").get_text()
    # All of it, with what nobody could see, and so not delete, made visible.
    assert page.select_one("#repository")["value"] == typed.replace("\u200b", "\N{REPLACEMENT CHARACTER}")
    preview = await client.get(f"{HERE}/preview?kind=grant&repository={quote(typed)}")
    assert said in BeautifulSoup(preview.text, "html.parser").get_text()


async def test_a_name_typed_wrongly_within_a_uri_is_answered_with_those_like_it(client):
    answer = await client.post(HERE, data={"repository": f"{URI}/tools/clli:1"})
    page = BeautifulSoup(answer.text, "html.parser")
    assert "tools/cli" in [button.get_text(strip=True) for button in page.select("#repository-error button")]


async def test_a_repository_that_is_named_like_a_registry_is_one(client):
    body = {"kind": "grant", "repository": LIKE_A_REGISTRY}
    answer = await client.post(f"/api/v1/services/{REGION}/storefront-web/preview", json=body)
    assert (answer.status_code, json.loads(answer.text)["repository"]) == (200, LIKE_A_REGISTRY)
