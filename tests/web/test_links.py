from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from app.operations.state import Kind, Outcome
from app.web import links
from tests.web.examples import Examples

NAME = "a/b?c#d&e=%2F ü"


def test_a_name_stays_one_part_of_the_path():
    assert urlsplit(links.service("us-east-1", NAME, "images")).path.count("/") == 4


def test_a_repository_goes_through_the_query_unchanged():
    assert parse_qs(urlsplit(links.policy("us-east-1", "web", NAME)).query) == {"repository": [NAME]}


def test_what_is_empty_is_left_out():
    assert links.images("us-east-1", "web") == "/containers/us-east-1/web/images"
    assert links.history(service="", kind="grant") == "/history?kind=grant"


@pytest.mark.parametrize(
    "kind, outcome, shows_next_steps",
    [
        (Kind.GRANT, Outcome.SUCCEEDED, True),
        (Kind.GRANT, Outcome.NOTHING_TO_DO, True),
        (Kind.GRANT, Outcome.FAILED, False),
        (Kind.GRANT, Outcome.CANCELLED, False),
        (Kind.REVOKE, Outcome.SUCCEEDED, False),
    ],
)
def test_continue_leads_to_next_steps_after_an_addition_only(kind, outcome, shows_next_steps):
    progress = replace(Examples().progress(), kind=kind, outcome=outcome)
    assert ("added=" in links.onward(progress)) is shows_next_steps


@pytest.mark.parametrize("kind", [Kind.UNDO, Kind.RESTORE])
def test_continue_leads_back_to_what_was_taken_back(kind):
    progress = replace(Examples().progress(), kind=kind, outcome=Outcome.SUCCEEDED, follows="first")
    assert links.onward(progress) == "/operations/first"
