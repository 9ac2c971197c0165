"""Behind the proxy of compose.yaml: the record names the client, whatever address the client claims."""

from __future__ import annotations

import re

import httpx
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.auth.events import list_events
from app.auth.secret import new_secret
from app.resources import ROOT

CLIENT, CLAIMED, PROXY = "198.51.100.7", "192.0.2.66", "10.0.0.2"


def forwarded() -> str:
    """What nginx sends as X-Forwarded-For for a client that sent one itself."""
    sent = re.search(r"proxy_set_header X-Forwarded-For (\S+);", (ROOT / "compose" / "proxy.conf").read_text())
    return {"$remote_addr": CLIENT, "$proxy_add_x_forwarded_for": f"{CLAIMED}, {CLIENT}"}[sent[1]]


async def test_a_client_cannot_claim_another_address(whole, db):
    replica = ProxyHeadersMiddleware(whole, trusted_hosts="*")
    transport = httpx.ASGITransport(replica, client=(PROXY, 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as proxy:
        await proxy.post("/sign-in", data={"link": new_secret()}, headers={"X-Forwarded-For": forwarded()})
    assert [event.address for event in list_events(db).events] == [CLIENT]
