"""The sandbox's initial data: the demo's, a large data set, or nothing."""

from __future__ import annotations

from app.sandbox.seed_demo import plant_demo
from app.sandbox.seed_large import plant_large
from app.sandbox.state import World


def plant(world: World, seed: str, repositories: int, services: int) -> None:
    """Fill an empty world; the two numbers are for the large data set."""
    if seed == "demo":
        plant_demo(world)
    elif seed == "large":
        plant_large(world, repositories, services)
