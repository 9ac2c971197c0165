"""What benchmarks measure, as plain values: figures with their targets, the table of them, and their JSON."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

HEADER = ("benchmark", "figure", "measured", "target", "met")


@dataclass(frozen=True)
class Figure:
    """One number. `at_most` or `at_least` is its target; without either it is only told."""

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None without one."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return self.value >= self.at_least if self.at_least is not None else None

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:g} {self.unit}"
        return f"≥ {self.at_least:g} {self.unit}" if self.at_least is not None else ""


@dataclass(frozen=True)
class Report:
    """What one benchmark found. `lines` are printed below the table; `details` are kept in the JSON alone."""

    figures: Sequence[Figure]
    lines: Sequence[str] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        figures = [{**asdict(each), "met": each.is_met} for each in self.figures]
        return {"figures": figures, "lines": list(self.lines), "details": self.details}


def figures_of(document: dict[str, Any]) -> list[Figure]:
    """The figures of a report's JSON."""
    return [Figure(**{name: value for name, value in each.items() if name != "met"}) for each in document["figures"]]


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def row(benchmark: str, figure: Figure) -> tuple[str, ...]:
    met = {True: "yes", False: "no", None: ""}[figure.is_met]
    return benchmark, figure.what, f"{shown(figure.value)} {figure.unit}", figure.target, met


def shown(value: float) -> str:
    """Three digits that mean something."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def as_text(rows: Sequence[Sequence[str]]) -> str:
    """Columns for a terminal."""
    widths = [max(len(each[column]) for each in rows) for column in range(len(rows[0]))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(each, widths, strict=True)) for each in rows)
    return "\n".join(line.rstrip() for line in padded)


def as_markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(each)} |" for each in lines)
