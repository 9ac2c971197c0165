"""By which a service and a repository are known: whose they are, in which Region, and their name there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

RegionAndName: TypeAlias = tuple[str, str]
"""How a person names a service: its Region and its name."""

AccessTarget: TypeAlias = tuple[str, str, str]
"""How a person names access: the service's Region, its name, and the repository, "" for none."""


@dataclass(frozen=True, slots=True)
class _Key:
    connection: str
    region: str
    name: str

    @property
    def primary(self) -> tuple[str, str, str]:
        """The primary key of its row in the inventory."""
        return self.connection, self.region, self.name

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of prepared statements."""
        return {"at_connection": self.connection, "at_region": self.region, "at_name": self.name}

    def of(self, row: Any, name: Any) -> tuple[Any, ...]:
        """Return the conditions that a row of a table is about it; `name` is the column that holds its name."""
        return (row.connection == self.connection, row.region == self.region, name == self.name)


@dataclass(frozen=True, slots=True)
class ServiceKey(_Key):
    """A container service."""


@dataclass(frozen=True, slots=True)
class RepositoryKey(_Key):
    """A repository."""
