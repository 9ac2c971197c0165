"""A slow or endless client holds no connection for long; one whose request is in progress is left alone."""

import pytest

from app.server.limits import Limits
from tests.server.serving import QUICK, request, rest, serving, status

CHUNKED = request("/body", "Transfer-Encoding: chunked")


@pytest.fixture
def server():
    with serving() as running:
        yield running


def test_a_connection_that_never_asks_is_closed_without_a_word(server):
    assert rest(server.client()) == b""


@pytest.mark.parametrize("sent", ["G", "GET / HTTP/1.1\r\nHost: test\r\n", "\r\n"])
def test_headers_that_never_end_are_given_up(server, sent):
    client = server.client(sent)
    assert status(client) in ({0} if not sent.strip() else {408})
    rest(client)


def test_bytes_that_trickle_in_win_no_time():
    with serving(Limits(head_seconds=0.5, tick_seconds=0.05)) as server:
        client = server.client("GET / HTTP/1.1\r\nHost: test\r\n")
        client.settimeout(0.05)
        answer = b""
        for _ in range(200):  # ten seconds, far beyond the deadline
            try:
                client.sendall(b"X-A: b\r\n")
                answer += client.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                break
            break
        assert answer.startswith(b"HTTP/1.1 408 "), answer


def test_the_next_request_on_a_connection_has_the_same_time(server):
    client = server.client(request("/"))
    assert status(client) == 200
    client.sendall(b"GET / HTTP/1.1\r\nHost:")
    assert b"HTTP/1.1 408 " in rest(client)


@pytest.mark.parametrize("head", [request("/body", "Content-Length: 10"), CHUNKED])
def test_a_body_that_never_ends_is_given_up(server, head):
    client = server.client(head)
    assert status(client) == 408
    assert b"did not arrive in time" in rest(client)


def test_what_is_sent_behind_an_answer_is_read_for_a_while_and_never_answered_again(server):
    client = server.client(request("/", "Content-Length: 1000000"))
    assert status(client) == 200
    assert b"HTTP/1.1" not in rest(client)


def test_a_request_at_work_has_no_deadline(server):
    client = server.work()
    assert status(server.client(CHUNKED)) == 408  # time has passed for others meanwhile
    server.app.go_on.set()
    assert status(client) == 200


def test_a_client_that_does_not_read_is_closed(server):
    client = server.client(request("/large"))
    assert status(server.client(CHUNKED)) == 408
    assert status(server.client(CHUNKED)) == 408
    assert len(rest(client)) < 400 * 65536


def test_a_head_without_end_is_refused_before_it_fills_the_memory(server):
    client = server.client("GET / HTTP/1.1\r\nHost: test\r\nX-Long: ")
    try:
        for _ in range(1000):
            client.sendall(b"x" * 65536)
    except OSError:
        return
    pytest.fail("64 MB of headers were taken")


def test_a_head_that_is_too_long_is_told():
    with serving(Limits(head_bytes=1000)) as server:
        client = server.client("GET / HTTP/1.1\r\nX-Long: " + "x" * 2000)
        assert status(client) == 431


def test_the_framing_of_a_body_has_an_end_too():
    with serving(Limits(request_bytes=1000)) as server:
        client = server.client(CHUNKED + "1\r\nx\r\n" * 400)
        assert status(client) == 0


def test_the_usual_limits_leave_people_time():
    assert Limits().head_seconds >= 5 > QUICK.head_seconds
