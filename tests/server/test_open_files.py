"""The limit on open files is raised, and shared so that nothing essential runs out."""

from __future__ import annotations

import contextlib
import resource
import socket
import subprocess
import sys
import textwrap
from urllib.parse import urlsplit

import pytest

from app.server.limits import are_few, limits_for
from tests.console import ROOT, start_console, until

OPEN_FILES = 200
IDLE = 260
SERVICE = "/api/v1/services/us-east-1/payments-api"

# A server whose own limits are far above what the process may open.
CRAMPED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))
import uvicorn
from app.server.limits import Limits
from app.server.server import Server
from tests.server.serving import SmallApp

config = uvicorn.Config(SmallApp(), ws="none", log_config=None, lifespan="off", port=int(sys.argv[1]))
Server(config, Limits()).run()
"""


@contextlib.contextmanager
def idle_connections(port):
    with contextlib.ExitStack() as stack:
        for _ in range(IDLE):
            client = stack.enter_context(socket.socket())
            client.settimeout(10)
            client.connect(("127.0.0.1", port))
        yield


def is_listening(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def in_a_process(*lines):
    """What the lines print in a process of its own, whose limits may be changed."""
    code = textwrap.dedent("\n".join(lines))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_soft_limit_is_raised_to_the_hard_one():
    printed = in_a_process(
        "import resource",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300))",
        "from app.server.limits import raise_open_files",
        "print(raise_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE), raise_open_files(200))",
    )
    assert printed == ["300", "300", "300", "300"]


def test_it_is_raised_no_further_than_is_of_use():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 300:
        pytest.skip("this system's hard limit is too low")
    printed = in_a_process(
        "import resource",
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (100, {hard}))",
        "from app.server.limits import raise_open_files",
        "print(raise_open_files(250), resource.getrlimit(resource.RLIMIT_NOFILE)[0])",
    )
    assert printed == ["250", "250"]


@pytest.mark.parametrize("open_files, regions", [(200, 2), (1024, 2), (1024, 17), (8192, 17), (8192, 1)])
def test_connections_leave_room_for_aws_and_the_databases(open_files, regions):
    limits = limits_for(open_files, regions)
    assert limits.connections <= 1024
    assert open_files - limits.connections >= min(96 + 16 * regions, open_files - 16)
    assert 0 < limits.per_client < limits.connections


def test_a_limit_that_is_low_is_said():
    assert are_few(200, 2)
    assert not are_few(1024, 2)


def test_a_process_without_a_descriptor_left_goes_on_to_accept(free_tcp_port):
    with subprocess.Popen([sys.executable, "-c", CRAMPED, str(free_tcp_port)], cwd=ROOT) as process:
        try:
            until(lambda: is_listening(free_tcp_port))
            with idle_connections(free_tcp_port), socket.create_connection(("127.0.0.1", free_tcp_port), 10) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
                assert client.recv(12) == b"HTTP/1.1 200"
        finally:
            process.terminate()


def test_idle_connections_neither_refuse_others_nor_fail_an_operation(tmp_path):
    with start_console(tmp_path, open_files=OPEN_FILES, sandbox_options={"activation_seconds": 1}) as console:
        assert f"limit on open files is {OPEN_FILES}" in console.log()
        began_before = console.post(f"{SERVICE}/grants", {"repository": "payments/api"})
        with idle_connections(urlsplit(console.url).port):
            assert console.get("/containers").status == 200
            began_within = console.post(f"{SERVICE}/grants", {"repository": "edge/cache"})
            for started in (began_before, began_within):
                where = started.headers["location"]
                ended = until(lambda where=where: console.get(where).json, lambda shown: shown["outcome"] is not None)
                assert ended["outcome"] == "succeeded", ended["problem"]
        assert "Too many open files" not in console.log()
