"""A fake console whose answers a test sets, without a server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.client.api import NoAnswerError

REGIONS = ("us-east-1", "ap-northeast-1")


def a_region(name: str, *, read: bool = True) -> dict[str, Any]:
    return {"region": name, "read_at": "2026-01-05T09:30:00Z" if read else None, "reading": not read, "problem": None}


def a_listing(*services: tuple[str, str], read: bool = True) -> dict[str, Any]:
    """What GET /services answers; services are region and name."""
    found = [{"region": region, "name": name} for region, name in services]
    return {"services": found, "regions": [a_region(region, read=read) for region in REGIONS]}


def an_operation(version: int = 1, outcome: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": "op-1", "version": version, "outcome": outcome, **fields}


class Console:
    """Answers by method and path, each time the next of what was given for it, the last again and again."""

    is_local = False

    def __init__(self, **answers: Iterable[Any]) -> None:
        self.asked: list[str] = []
        self._answers = {path.replace("__", "/"): list(each) for path, each in answers.items()}

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        tail = path.partition("?")[0].removeprefix("/api/v1/")
        answers = self._answers.get(tail)
        if not answers:
            return 404, {"code": "service.not_found"}
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, NoAnswerError):
            raise answer
        return 200, answer

    def read(self, regions: tuple[str, ...], *, policies: bool) -> None:
        self.asked.append("read")
