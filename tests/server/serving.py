"""A real server of a small application, in a thread of this process, with low limits."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import uvicorn

from app.server.limits import Limits
from app.server.server import Server

SECONDS = 10.0  # within which a test that hangs fails
QUICK = Limits(head_seconds=0.3, body_seconds=0.3, write_seconds=0.3, tick_seconds=0.05)


@dataclass
class SmallApp:
    """Answers `/` at once, `/body` once the body is there, `/large` with more than any buffer holds, `/work` when told."""

    at_work: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go_on: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return
        if scope["path"] == "/body":
            while (await receive()).get("more_body"):
                pass
        if scope["path"] == "/work":
            self.at_work.release()
            await asyncio.to_thread(self.go_on.wait, SECONDS)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(400 if scope["path"] == "/large" else 1):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@dataclass
class Running:
    """A running server; `client()` opens a connection to it."""

    port: int
    app: SmallApp
    clients: contextlib.ExitStack

    def client(self, sends: str = "", *, host: str = "127.0.0.1") -> socket.socket:
        client = self.clients.enter_context(socket.socket())
        client.settimeout(SECONDS)
        client.bind((host, 0))
        client.connect(("127.0.0.1", self.port))
        client.sendall(sends.encode())
        return client

    def work(self, host: str = "127.0.0.1") -> socket.socket:
        """A connection whose request is in progress in the application."""
        client = self.client(request("/work"), host=host)
        assert self.app.at_work.acquire(timeout=SECONDS)
        return client


def request(path: str, *headers: str) -> str:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: test", *headers, "", ""])


def status(client: socket.socket) -> int:
    """The status of the next answer; 0 where the connection is closed without one."""
    line = b""
    with contextlib.suppress(ConnectionResetError):
        while not line.endswith(b"\r\n") and (more := client.recv(1)):
            line += more
    return int(line.split()[1]) if line else 0


def rest(client: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while more := client.recv(65536):
            received += more
    return received


@contextlib.contextmanager
def serving(limits: Limits = QUICK) -> Iterator[Running]:
    app = SmallApp()
    with socket.create_server(("127.0.0.1", 0)) as listening, contextlib.ExitStack() as clients:
        config = uvicorn.Config(app, ws="none", log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = Server(config, limits)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Running(listening.getsockname()[1], app, clients)
        finally:
            app.go_on.set()
            clients.close()
            server.should_exit = True
            thread.join()
