"""A relay between a client and a server that can go silent: it accepts data, and nothing comes back."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import Self

HANDS_ON_WITHIN = 5.0


class Relay:
    """Listens on 127.0.0.1 at `port`, and hands everything on to the server's socket, a path or an address."""

    def __init__(self, server: str, database: str = "postgres") -> None:
        self._server = server
        self._database = database
        self._refuses = self._dark = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0)  # a client that is gone again must not keep the others waiting
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._silent: set[socket.socket] = set()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._over = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for each in (self._listener, *self._pairs):
            each.close()
        self._selector.close()

    @property
    def url(self) -> str:
        """The database's address through this relay."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{self._database}"

    def refuse(self) -> None:
        """Break off every connection, and each new one, as a server does that restarts."""
        with self._lock:
            self._refuses = True
            for each in self._pairs:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def accept(self) -> None:
        """Take connections again."""
        with self._lock:
            self._refuses = False

    def go_dark(self) -> None:
        """Fall silent, and let new connections be as silent."""
        self.fall_silent()
        with self._lock:
            self._dark = True

    def fall_silent(self) -> None:
        """Let every connection there is carry nothing more, in either direction; new ones work."""
        with self._lock:
            self._silent |= set(self._pairs)

    def _run(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(0.05):
                with self._lock:
                    if key.fileobj is self._listener:
                        self._connect()
                    else:
                        self._hand_on(key.fileobj)

    def _connect(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        if self._refuses:
            client.close()
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._server}/.s.PGSQL.5432")
        self._pairs |= {client: server, server: client}
        if self._dark:
            self._silent |= {client, server}
        for each in (client, server):
            each.settimeout(HANDS_ON_WITHIN)
            self._selector.register(each, selectors.EVENT_READ)

    def _hand_on(self, source: socket.socket) -> None:
        with contextlib.suppress(OSError):
            data = source.recv(65_536)
            if source in self._silent:
                if not data:
                    self._selector.unregister(source)
                return
            if data:
                self._pairs[source].sendall(data)
                return
        for each in (source, self._pairs[source]):
            with contextlib.suppress(KeyError):
                self._selector.unregister(each)
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
