"""One process that polls as so many open modals or pages do, each on a connection of its own.

Started by `modals.py`; reads a JSON object of what is wanted from its standard input, and prints the seconds that each
poll took as JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from typing import Any
from urllib.parse import quote

POLL_AFTER = re.compile(rb"poll-after: ([0-9.]+)")
LENGTH = re.compile(rb"content-length: ([0-9]+)")
SEEN = re.compile(r"\bseen=[^&]*")
HEADERS = "HX-Request: true\r\nAccept: text/html\r\nAccept-Language: en\r\nSec-Fetch-Site: same-origin\r\n"


async def main(wanted: dict[str, Any]) -> None:
    taken: list[float] = []
    counts_from = time.monotonic() + wanted["before"]
    async with asyncio.TaskGroup() as modals:
        for number, path in enumerate(wanted["paths"]):
            modals.create_task(_poll(wanted, number, path, counts_from, taken))
    print(json.dumps(taken))


async def _poll(wanted: dict[str, Any], number: int, path: str, counts_from: float, taken: list[float]) -> None:
    """Ask every so often, as the page does: not again before the answer has come, and later if the server says so."""
    every, ends = wanted["every"], counts_from + wanted["seconds"]
    await asyncio.sleep(wanted["opened_within"] * random.random())  # noqa: S311  (no secret)
    # As people do, they come from several machines: one address may not hold all connections.
    where = f"127.0.0.{2 + number % 8}"
    reader, writer = await asyncio.open_connection("127.0.0.1", wanted["port"], local_addr=(where, 0))
    while (began := time.monotonic()) < ends:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{wanted['port']}\r\n{HEADERS}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(f"{path} was answered with {head.decode()}")
        body = await reader.readexactly(int(_value(LENGTH, head)))
        if body:  # what has changed: the page asks for what comes after it
            path = SEEN.sub(f"seen={quote(json.loads(body)['version'], safe='')}", path)
        passed = time.monotonic() - began
        if began >= counts_from:
            taken.append(passed)
        if every:
            after = max(every - passed % every, _value(POLL_AFTER, head))
            await asyncio.sleep(after + (-(passed + after) % every))
    writer.close()


def _value(header: re.Pattern[bytes], head: bytes) -> float:
    found = header.search(head)
    return float(found[1]) if found else 0


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
