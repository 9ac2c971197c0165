"""How many requests a second the sandbox answers, so that other benchmarks measure the console and not it.

Raw HTTP over kept connections, signed once (the sandbox reads a signature's scope and no more), against a sandbox in
a process of its own that holds 100,000 repositories. Client and server share the machine's cores.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from benchmarks.figures import Figure, Report
from tests.sandbox_server import RunningSandbox, start_sandbox_process

REPOSITORIES = 100_000
SECONDS = 3.0
CONNECTIONS = 4
TARGETS = {"ecr": "AmazonEC2ContainerRegistry_V20150921", "lightsail": "Lightsail_20161128"}
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIDSANDBOX/20250101/us-east-1/{service}/aws4_request, "
    "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64
)


def request(service: str, operation: str, params: dict[str, Any]) -> bytes:
    """A whole HTTP request."""
    body = json.dumps(params).encode()
    lines = (
        "POST / HTTP/1.1",
        "Host: 127.0.0.1",
        f"X-Amz-Target: {TARGETS[service]}.{operation}",
        "Content-Type: application/x-amz-json-1.1",
        f"Authorization: {AUTHORIZATION.format(service=service)}",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def exchange(connection: socket.socket, payload: bytes) -> bytes:
    """Send a request and read its whole answer."""
    connection.sendall(payload)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65_536)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)
    return head


def hammer(url: str, payloads: list[bytes], until: float, counts: list[int]) -> None:
    """Send the payloads in turn on one connection until the time is over."""
    where = urlsplit(url)
    done = 0
    with socket.create_connection((where.hostname, where.port)) as connection:
        while time.perf_counter() < until:
            head = exchange(connection, payloads[done % len(payloads)])
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            done += 1
    counts.append(done)


def rate(url: str, payloads: list[bytes]) -> float:
    """Requests a second over several connections."""
    counts: list[int] = []
    until = time.perf_counter() + SECONDS
    threads = [threading.Thread(target=hammer, args=(url, payloads, until, counts)) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) != CONNECTIONS:
        raise RuntimeError("a connection ended early")
    return sum(counts) / SECONDS


def cases(sandbox: RunningSandbox) -> Iterator[tuple[str, list[bytes]]]:
    named = [each["repository"] for each in sandbox.control("GET", "policies?limit=500")["policies"]]
    yield "GetRepositoryPolicy", [request("ecr", "GetRepositoryPolicy", {"repositoryName": name}) for name in named]
    yield "GetContainerServices (one)", [request("lightsail", "GetContainerServices", {"serviceName": "service-000"})]
    yield "GetContainerServices (all 20)", [request("lightsail", "GetContainerServices", {})]
    yield "DescribeRepositories (pages of 100)", [request("ecr", "DescribeRepositories", {"maxResults": 100})]


def run() -> Report:
    """Requests a second by operation, and how long it took to be ready with so many repositories."""
    started = time.perf_counter()
    with start_sandbox_process(seed="large", repositories=REPOSITORIES) as sandbox:
        ready = time.perf_counter() - started
        rates = {name: round(rate(sandbox.url, payloads)) for name, payloads in cases(sandbox)}
    # The rate wanted is that of what operations ask for; whole lists are far larger answers.
    wanted = {name: 500 for name in rates if not name.startswith(("DescribeRepositories", "GetContainerServices (all"))}
    figures = [Figure(f"sandbox: {name}", rate, "/s", at_least=wanted.get(name)) for name, rate in rates.items()]
    return Report([*figures, Figure(f"sandbox: ready with {REPOSITORIES:,} repositories", ready, "s")])
