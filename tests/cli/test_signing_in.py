"""Commands beside a server that lets nobody in unasked: tokens, links, and the one that is lent to a local command."""

from __future__ import annotations

import re

import pytest

from tests.cli.running import quickly, without
from tests.console import start_console


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with start_console(tmp_path_factory.mktemp("signed"), auth="local") as running:
        yield running


@pytest.fixture
def elsewhere(console, tmp_path):
    """The same server, seen by somebody who cannot read its data."""
    return {**console.environment, "SAILPASS_DATA_DIR": str(tmp_path)}


def test_whoever_owns_the_data_needs_no_token(console):
    ran = quickly(without(console.environment, "SAILPASS_URL"), "grant", "storefront-web", "edge/cache", "--json")
    assert ran.status == 0
    assert re.search(r"-command-[0-9a-f]{6}$", ran.json["asked_by"])


def test_the_token_that_was_lent_is_taken_back(console):
    quickly(console.environment, "status")
    assert "-command-" not in quickly(console.environment, "token", "--list").out


def test_others_are_told_how_to_get_one(elsewhere):
    ran = quickly(elsewhere, "status")
    assert ran.status == 5
    assert "lets nobody in without a token" in ran.err


def test_a_printed_token_lets_one_in_until_it_is_revoked(console, elsewhere):
    token = quickly(console.environment, "token", "deploy-bot").out.strip()
    known = {**elsewhere, "SAILPASS_TOKEN": token}
    assert quickly(known, "status").status == 0
    assert quickly(console.environment, "token", "--revoke", "deploy-bot").status == 0
    assert "deploy-bot" not in quickly(console.environment, "token", "--list").out


def test_a_token_that_counts_for_nothing_is_told(elsewhere):
    ran = quickly({**elsewhere, "SAILPASS_TOKEN": "sailpass_" + "A" * 43}, "status")
    assert ran.status == 5
    assert "does not accept the token" in ran.err


def test_a_link_is_printed(console):
    ran = quickly(console.environment, "sign-in-link", "--base", "https://console.example")
    assert ran.out.startswith("Sign in: https://console.example/sign-in?link=")


def test_nothing_is_printed_where_there_is_no_database(elsewhere):
    ran = quickly(elsewhere, "token")
    assert (ran.status, ran.out) == (2, "")
    assert "There is no database" in ran.err


@pytest.mark.parametrize("words", [("--list", "--revoke", "x"), ("name", "--list"), ("--days", "0")])
def test_a_token_is_asked_for_in_one_way(console, words):
    assert quickly(console.environment, "token", *words).status == 2
