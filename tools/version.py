"""Prints the version. It stands in pyproject.toml and nowhere else."""

import tomllib
from pathlib import Path

print(tomllib.loads((Path(__file__).resolve().parent.parent / "pyproject.toml").read_text())["project"]["version"])
