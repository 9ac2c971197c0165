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
    assert rules.shown("/api/v1/services", "bearer  t", {"name": "cookie"}, "name") == Shown(By.TOKEN, "t")


@pytest.mark.parametrize("path, header", [("/history", "Bearer t"), ("/api/v1/services", "Basic dTpw")])
def test_tokens_on_pages_and_the_sign_in_of_a_proxy_are_passed_over(path, header):
    assert rules.shown(path, header, {"name": "c"}, "name") == Shown(By.SESSION, "c")


def test_a_cookie_of_another_name_does_not_count():
    assert rules.shown("/history", "", {"sailpass_session": "c", "other": "d"}, "name") is None


@pytest.mark.parametrize(
    "host, secure, name",
    [
        ("127.0.0.1:8000", False, "sailpass_session_8000"),
        ("127.0.0.1:8001", False, "sailpass_session_8001"),
        ("[::1]:8000", False, "sailpass_session_8000"),
        ("[::1]", False, "sailpass_session_80"),
        ("console.example", False, "sailpass_session_80"),
        ("console.example", True, "__Host-sailpass_session_443"),
        ("console.example:8443", True, "__Host-sailpass_session_8443"),
        ("console.example:08000", False, "sailpass_session_8000"),
        ("console.example:", False, "sailpass_session_80"),
        ("console.example:1;a=b", False, "sailpass_session_80"),
        ("", False, "sailpass_session_80"),
    ],
)
def test_the_cookie_is_named_for_the_port_that_the_browser_used(host, secure, name):
    assert rules.cookie_name(host, secure=secure) == name


def test_a_session_ends_fourteen_days_after_its_last_use():
    assert rules.session_end(START, START + timedelta(days=3)) == START + timedelta(days=17)


def test_a_session_ends_after_ninety_days_however_much_it_is_used():
    assert rules.session_end(START, START + timedelta(days=89)) == START + timedelta(days=90)


def test_what_a_browser_asks_for_by_itself_is_open():
    assert rules.is_open("/favicon.ico")
