"""No address may take all connections, and a new client is served as long as another one is idle."""

from dataclasses import dataclass

import pytest

from app.console.operation_versions import LONGEST_POLL, SPREAD
from app.server.connections import Connections, FullError, network_of
from app.server.limits import Limits
from app.serving import KEEP_ALIVE
from tests.server.serving import request, serving, status


@dataclass(eq=False)
class Stub:
    network: str
    waits_for_client: bool = True

    def drop(self) -> None: ...

    def enforce_deadlines(self, now: float) -> None: ...


def holding(limits, *stubs):
    connections = Connections(limits)
    for stub in stubs:
        connections.add(stub)
    return connections


def test_there_is_room_until_a_limit_is_reached():
    assert holding(Limits(3, 2), Stub("a")).to_close_for("a") is None


def test_beyond_its_share_a_client_replaces_its_own_oldest_idle_connection():
    at_work, oldest, other = Stub("a", waits_for_client=False), Stub("a"), Stub("a")
    assert holding(Limits(9, 3), Stub("b"), at_work, oldest, other).to_close_for("a") is oldest


def test_a_client_whose_share_is_at_work_is_refused_and_others_are_not():
    connections = holding(Limits(9, 1), Stub("a", waits_for_client=False))
    with pytest.raises(FullError):
        connections.to_close_for("a")
    assert connections.to_close_for("b") is None


def test_when_all_are_taken_the_one_with_most_gives_one_up():
    first, second, lone = Stub("a"), Stub("a"), Stub("b")
    assert holding(Limits(3, 3), lone, first, second).to_close_for("c") is first


def test_what_is_at_work_is_never_closed_for_another():
    busy = [Stub("a", waits_for_client=False), Stub("a", waits_for_client=False)]
    idle = Stub("b")
    connections = holding(Limits(3, 3), *busy, idle)
    assert connections.to_close_for("c") is idle
    connections.discard(idle)
    connections.add(Stub("b", waits_for_client=False))
    with pytest.raises(FullError):
        connections.to_close_for("c")


def test_a_closed_connection_counts_no_more_and_is_forgotten_once():
    stub = Stub("a")
    connections = holding(Limits(1, 1), stub)
    connections.discard(stub)
    connections.discard(stub)
    assert (len(connections), list(connections), connections.to_close_for("a")) == (0, [], None)


@pytest.mark.parametrize(
    "address, network",
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_client_is_its_whole_network(address, network):
    assert network_of(address) == network


def test_idle_connections_keep_nobody_out():
    with serving(Limits(connections=4, per_client=3)) as server:
        for _ in range(40):
            server.client()
        assert status(server.client(request("/"))) == 200
        assert status(server.client(request("/"), host="127.0.0.2")) == 200


def test_headers_and_bodies_on_their_way_keep_nobody_out():
    with serving(Limits(connections=4, per_client=3)) as server:
        for number in range(40):
            server.client("GET /" if number % 2 else request("/body", "Content-Length: 9"))
        assert status(server.client(request("/"))) == 200


def test_one_address_at_work_leaves_room_for_another():
    with serving(Limits(connections=4, per_client=3)) as server:
        working = [server.work() for _ in range(3)]
        refused = server.client(request("/"))
        assert status(refused) == 503
        assert status(server.client(request("/"), host="127.0.0.2")) == 200
        server.app.go_on.set()
        assert [status(client) for client in working] == [200, 200, 200]


def test_a_refused_connection_is_told_in_a_sentence():
    with serving(Limits(connections=1, per_client=1)) as server:
        server.work()
        client = server.client()
        assert b"Too many connections are open. Try again in a moment." in client.recv(4096)


def test_a_process_that_can_hold_no_more_holds_fewer_and_tries_again_later():
    stubs = [Stub(str(number)) for number in range(6)]
    connections = holding(Limits(9, 9), *stubs)
    assert connections.lower(2) == stubs[:2]
    assert connections.to_close_for("new") is stubs[2]
    for _ in range(2):
        connections.rise()
    assert connections.to_close_for("new") is None


def test_a_page_that_asks_as_seldom_as_it_is_told_to_keeps_its_connection():
    assert KEEP_ALIVE > LONGEST_POLL * (1 + SPREAD)
