"""What a case of the corpus is, and how one is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.diagnosis.world import World

OTHER_ACCOUNT = "210987654321"
TOKYO = "ap-northeast-1"


@dataclass(frozen=True)
class Case:
    """One injected cause. `also` are further causes that are found, in their order."""

    name: str
    code: str
    build: Callable[[World], None]
    asked: dict[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()


CASES: list[Case] = []


def case(
    name: str, code: str, *also: str, **asked: Any
) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    def kept(build: Callable[[World], None]) -> Callable[[World], None]:
        CASES.append(Case(name, code, build, asked, also))
        return build

    return kept


def uri(name: str, image: str, code: str, *also: str) -> None:
    """A typed URI: diagnosed before it is deployed."""
    CASES.append(Case(name, code, lambda world: world.build(), {"image": image}, also))
