"""The example of the page of sign-ins: what a busy week leaves."""

from __future__ import annotations

from datetime import timedelta

from app.auth.events import Event, EventKind, Via
from app.auth.scopes import Scope as TokenScope
from app.auth.sign_in_links import LinkFacts
from app.web.views.sign_ins import SCOPES, SessionRow, SignInsPage, TokenRow, event_row
from app.wording import Message
from tests.web.example_parts import NOW, Parts


def sign_ins(parts: Parts) -> SignInsPage:
    """The sessions, tokens, links and events that a busy week leaves."""
    week, day, hour = timedelta(days=7), timedelta(days=1), timedelta(hours=1)
    return SignInsPage(
        sessions=(
            SessionRow("3f9c0a51b2de", parts.person, NOW - hour, NOW, "192.0.2.17", "Firefox, Linux", is_this=True),
            SessionRow("a1b2c3d4e5f6", "ken", NOW - week, NOW - day, "2001:db8::8a2e:370:7334", "Safari, iPhone"),
            SessionRow("0c1d2e3f4a5b", parts.person, NOW - week, NOW - day, "", parts.service_name),
        ),
        links=(LinkFacts("77aa88bb99cc", "ken", NOW - timedelta(minutes=5), NOW + timedelta(minutes=10)),),
        tokens=(
            TokenRow("ci", Message(SCOPES[TokenScope.CHANGE]), "ken", NOW - week, NOW + 12 * week, NOW - hour),
            TokenRow("prometheus", Message(SCOPES[TokenScope.METRICS]), parts.person, NOW - week, None, NOW),
            TokenRow(
                parts.service_name,
                Message(SCOPES[TokenScope.READ]),
                parts.person,
                NOW - 20 * week,
                NOW - day,
                None,
                True,
            ),
        ),
        events=tuple(event_row(event) for event in sign_in_events(parts)),
        older="/sign-ins?older=7",
        newer="/sign-ins?newer=20",
    )


def sign_in_events(parts: Parts) -> tuple[Event, ...]:
    """One event of each kind, the worst names among them, and one that a later release wrote."""
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    browser = ("192.0.2.17", firefox)
    terminal, session, link = ("", ""), "3f9c0a51b2de", "77aa88bb99cc"
    token = {"scope": "read", "expires": "2027-02-22T09:30:00+00:00"}
    happened = (
        (EventKind.SIGNED_IN, parts.person, Via.LINK, browser, session, {"link": link}),
        (EventKind.LINK_CREATED, parts.person, Via.TERMINAL, terminal, link, {"voided": 1}),
        (EventKind.LINK_REFUSED, "", Via.LINK, ("198.51.100.23", parts.service_name), "", {}),
        (EventKind.TOKEN_REFUSED, "", Via.TOKEN, ("198.51.100.23", "curl/8.10.1"), "", {}),
        (
            EventKind.SCOPE_REFUSED,
            "token:ci",
            Via.TOKEN,
            ("192.0.2.80", "sailpass"),
            f"POST /{parts.repository}",
            {},
        ),
        (EventKind.TOKEN_CREATED, "ken", Via.TERMINAL, terminal, "ci", token),
        (EventKind.TOKEN_CREATED, "ken", Via.TERMINAL, terminal, "old", {"scope": "change", "expires": "never"}),
        (EventKind.TOKEN_REVOKED, "ken", Via.SESSION, browser, parts.service_name, {}),
        (EventKind.SESSION_ENDED, "ken", Via.SESSION, browser, session, {"person": parts.person}),
        (EventKind.SIGNED_OUT, parts.person, Via.SESSION, browser, session, {}),
        (EventKind.SIGNED_OUT_EVERYWHERE, parts.person, Via.SESSION, browser, parts.person, {"sessions": 3}),
        (EventKind.ALL_SESSIONS_ENDED, "ken", Via.TERMINAL, terminal, "", {"sessions": 5}),
        (EventKind.LINK_REVOKED, "ken", Via.OPEN, browser, link, {}),
        (EventKind.LINK_CREATED, "sailpass", Via.SERVER, terminal, link, {}),
        (EventKind.RESTORED, "ken", Via.TERMINAL, terminal, f"{parts.service_name}.db", {}),
        ("passkey_added", parts.person, "passkey", terminal, "", {"voided": "?"}),
    )
    return tuple(
        Event(
            number,
            NOW - timedelta(minutes=7 * number),
            kind,
            person,
            via,
            *source,
            subject,
            count=1 if person else 512,
            last_at=None if person else NOW,
            detail=detail,
        )
        for number, (kind, person, via, source, subject, detail) in enumerate(happened)
    )
