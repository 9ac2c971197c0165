"""Which client has which connections, and which one to close for another: no address may take them all. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Protocol

from app.server.limits import Limits

# A provider gives each customer a whole /64, so single addresses in it do not identify a client.
IPV6_PREFIX = 64


class Connection(Protocol):
    """A client's connection; `network` is the result of `network_of`."""

    network: str

    @property
    def waits_for_client(self) -> bool:
        """Whether the client has to send or to read next; False while the server works on its request."""

    def drop(self) -> None:
        """Close it at once."""

    def enforce_deadlines(self, now: float) -> None:
        """Close it if the client has taken too long; `now` is the loop's time."""


class FullError(Exception):
    """Every connection that could be closed has a request in progress."""


class Connections:
    """The open connections of one server, the oldest first."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._ceiling = limits.connections
        self._by_network: dict[str, dict[Connection, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Connection]:
        return iter([connection for own in self._by_network.values() for connection in own])

    def add(self, connection: Connection) -> None:
        """Count a connection that was accepted."""
        self._by_network.setdefault(connection.network, {})[connection] = None
        self._count += 1

    def discard(self, connection: Connection) -> None:
        """Forget a closed connection, if it is still counted."""
        own = self._by_network.get(connection.network, {})
        if connection not in own:
            return
        del own[connection]
        self._count -= 1
        if not own:
            del self._by_network[connection.network]

    def to_close_for(self, network: str) -> Connection | None:
        """Return the connection to close before `network` may open another one; None if there is room.

        Beyond its share a client replaces one of its own. When all connections are taken, the client with the most of
        them loses one.

        Raises:
            FullError: all of those have a request in progress.
        """
        own = self._by_network.get(network, {})
        if len(own) >= self._limits.per_client:
            return _oldest_waiting(own)
        if self._count >= self._ceiling:
            return self.to_close()
        return None

    def lower(self, spare: int) -> list[Connection]:
        """Limit connections to `spare` fewer than now, since the process can hold no more; return those to close."""
        self._ceiling = max(1, self._count - spare)
        closing: list[Connection] = []
        with suppress(FullError):
            while self._count > self._ceiling:
                closing.append(self.to_close())
                self.discard(closing[-1])
        return closing

    def rise(self) -> None:
        """Allow one more again, up to the limit: other open files of the process may be closed by now."""
        self._ceiling = min(self._limits.connections, self._ceiling + 1)

    def to_close(self) -> Connection:
        """Return the connection whose loss matters least. Raises FullError as `to_close_for`."""
        for own in sorted(self._by_network.values(), key=len, reverse=True):
            for connection in own:
                if connection.waits_for_client:
                    return connection
        raise FullError


def network_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the network that an IPv6 address is in."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))


def _oldest_waiting(connections: Iterable[Connection]) -> Connection:
    for connection in connections:
        if connection.waits_for_client:
            return connection
    raise FullError
