from __future__ import annotations

from html import unescape

from starlette.responses import PlainTextResponse

from app.auth.authenticator import Authenticator
from app.auth.middleware import Authenticate


async def test_websockets_are_closed_unopened(db, clock):
    sent = []

    async def send(message):
        sent.append(message["type"])

    refuse = PlainTextResponse("out")
    guarded = Authenticate(PlainTextResponse("in"), Authenticator(db, clock, "local"), lambda *_: refuse, refuse)
    await guarded({"type": "websocket", "path": "/healthz", "headers": []}, None, send)
    assert sent == ["websocket.close"]


async def test_a_failing_database_lets_nobody_in(browser, console, db, link):
    mine = browser(console())
    await mine.post("/sign-in", data={"link": link})
    with db.write() as session:
        session.connection().exec_driver_sql("DROP TABLE sign_in_sessions")
    answer = await mine.get("/containers")
    assert answer.status_code == 503
    assert "Sailpass can't use its database right now." in unescape(answer.text)
