"""How many connections and open files the server allows itself, and how long it waits for a client."""

from __future__ import annotations

import resource
from dataclasses import dataclass

# Enough for everything below; macOS lets a process have 10,240.
OPEN_FILES = 8192
MOST_CONNECTIONS = 1024
FEWEST_CONNECTIONS = 16
# Open files beside the clients' connections: databases with their WAL, the log, those of the runtime, and a burst of
# connections that are accepted before the ones they replace are closed.
RESERVED = 96
# Connections to AWS that may stay open in one Region: one to ECR and one to Lightsail per concurrent call.
RESERVED_PER_REGION = 16


@dataclass(frozen=True)
class Limits:
    """The limits of one server. Seconds and bytes.

    `per_client` is the most of `connections` that one address may hold. `request_bytes` bounds one request with its
    headers and framing; the application's limit for a body is lower.
    """

    connections: int = MOST_CONNECTIONS
    per_client: int = MOST_CONNECTIONS * 3 // 4
    head_bytes: int = 64 * 1024
    request_bytes: int = 4 * 1024 * 1024
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    write_seconds: float = 30.0
    tick_seconds: float = 0.5


def limits_for(open_files: int, regions: int) -> Limits:
    """Return the limits of a server that may have `open_files` open and reads `regions` Regions of AWS."""
    free = open_files - RESERVED - RESERVED_PER_REGION * regions
    connections = max(FEWEST_CONNECTIONS, min(MOST_CONNECTIONS, free))
    return Limits(connections=connections, per_client=max(1, connections * 3 // 4))


def are_few(open_files: int, regions: int) -> bool:
    """Return whether the limit on open files leaves fewer connections than one team's browsers and programs use."""
    return open_files - RESERVED - RESERVED_PER_REGION * regions < MOST_CONNECTIONS // 4


def raise_open_files(most: int = OPEN_FILES) -> int:
    """Raise this process's soft limit on open files towards its hard one, to at most `most`; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return most
    goal = most if hard == resource.RLIM_INFINITY else min(hard, most)
    if soft >= goal:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (goal, hard))
    except (OSError, ValueError):  # the system has a lower limit of its own
        return soft
    return goal
