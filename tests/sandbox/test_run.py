"""The sandbox as a process: it says when it is ready, keeps its state, and ends when it should."""

from __future__ import annotations

import signal
import socket

import pytest

from app.sandbox.errors import SandboxError
from app.sandbox.options import SandboxOptions
from app.sandbox.run import bind, run, url_of
from tests.sandbox_server import start_sandbox_process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number):
    with start_sandbox_process() as sandbox:
        assert sandbox.control("GET", "health")["status"] == "ok"
        sandbox.process.send_signal(number)
        assert sandbox.process.wait(10) == 0


def test_it_ends_when_its_parents_end_of_the_pipe_closes():
    with start_sandbox_process() as sandbox:
        sandbox.process.stdin.close()
        assert sandbox.process.wait(10) == 0


def test_it_ends_although_a_call_is_held_for_ever():
    with start_sandbox_process() as sandbox, socket.create_connection(("127.0.0.1", int(sandbox.url[-5:]))) as held:
        sandbox.fault(kind="timeout")
        scope = "AWS4-HMAC-SHA256 Credential=A/20250101/us-east-1/ecr/aws4_request, Signature=0"
        target = "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"
        held.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: {scope}\r\nX-Amz-Target: {target}\r\n\r\n".encode())
        sandbox.process.send_signal(signal.SIGTERM)
        assert sandbox.process.wait(10) == 0


def test_what_was_done_is_there_after_a_restart(tmp_path):
    state = tmp_path / "state.json"
    with start_sandbox_process(state_file=state) as sandbox:
        sandbox.client("ecr").delete_repository_policy(repositoryName="tools/cli")
    with start_sandbox_process(state_file=state) as sandbox:
        assert sandbox.policy("tools/cli")["policy"] is None


def test_a_port_in_use_is_told_in_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SandboxError) as raised:
        run(SandboxOptions(port=taken.getsockname()[1]))
    assert "Address already in use. Choose another port with --port" in raised.value.sentence


@pytest.mark.parametrize("host, port", [("no-such-host.invalid", 0), ("127.0.0.1", 99_999)])
def test_where_it_cannot_listen_is_told_in_a_sentence(host, port):
    with pytest.raises(SandboxError) as raised:
        bind(host, port)
    assert raised.value.sentence.endswith(".")


def test_an_address_of_ipv6_is_written_in_brackets():
    with bind("::1", 0) as listener:
        assert url_of(listener).startswith("http://[::1]:")


@pytest.mark.parametrize(
    "options", [{"seed": "huge"}, {"log_format": "xml"}, {"activation_seconds": -1}, {"latency_ms": float("nan")}]
)
def test_an_option_that_cannot_be_is_told_in_a_sentence(options):
    with pytest.raises(SandboxError) as raised:
        SandboxOptions(**options)
    assert "cannot be" in raised.value.sentence


@pytest.mark.parametrize("log_format, part", [("text", "ecr:DescribeRepositories - ok"), ("json", '"outcome": "ok"')])
def test_calls_are_logged_when_asked_for(log_format, part, capfd):
    with start_sandbox_process(log_format=log_format) as sandbox:
        sandbox.client("ecr").describe_repositories()
    assert part in capfd.readouterr().err
