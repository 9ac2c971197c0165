from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.auth import rules
from app.auth.rules import By, Shown
from app.web import links

START = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_pages_of_signing_in_are_open():
    assert all(rules.is_open(path) for path in (links.SIGN_IN, links.SIGN_OUT, links.PREFERENCES))


@pytest.mark.parametrize(
    "path", ["/", "/containers", "/static", "/staticx", "/sign-in/", "/healthz/x", "/metrics", "/api/v1/services", ""]
)
def test_every_other_path_is_closed(path):
    assert not rules.is_open(path)


@pytest.mark.parametrize(
    "path, for_programs", [("/api/v1/services", True), ("/metrics", True), ("/api/docs", False), ("/history", False)]
)
def test_programs_are_refused_in_json_and_people_are_not(path, for_programs):
    assert rules.is_for_programs(path) is for_programs


def test_a_token_outweighs_a_cookie_on_the_api():
    cookies = {rules.COOKIE: "cookie"}
    assert rules.shown("/api/v1/services", "bearer  t", cookies, secure=False) == Shown(By.TOKEN, "t")


@pytest.mark.parametrize("path, header", [("/history", "Bearer t"), ("/api/v1/services", "Basic dTpw")])
def test_tokens_on_pages_and_the_sign_in_of_a_proxy_are_passed_over(path, header):
    assert rules.shown(path, header, {rules.COOKIE: "c"}, secure=False) == Shown(By.SESSION, "c")


@pytest.mark.parametrize("secure", [True, False])
def test_a_cookie_of_the_other_scheme_does_not_count(secure):
    assert rules.shown("/history", "", {rules.cookie_name(secure=not secure): "c"}, secure=secure) is None


def test_a_session_ends_fourteen_days_after_its_last_use():
    assert rules.session_end(START, START + timedelta(days=3)) == START + timedelta(days=17)


def test_a_session_ends_after_ninety_days_however_much_it_is_used():
    assert rules.session_end(START, START + timedelta(days=89)) == START + timedelta(days=90)
