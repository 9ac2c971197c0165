"""Runs `sailpass` and returns its output and exit status: as a process, or faster in this one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner

from app.cli import main
from tests.console import ROOT
from tests.fork_server import Process, run

SETTINGS = ("SAILPASS_URL", "SAILPASS_TOKEN")
SAILPASS = (sys.executable, "-m", "app.cli")


@dataclass(frozen=True)
class Ran:
    """What became of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def quickly(environment: Mapping[str, str], *words: str) -> Ran:
    """Run it to its end in this process; nothing of it may stay behind, so only where it finds a server."""
    ran = CliRunner(env={name: environment.get(name) for name in {*environment, *SETTINGS}}).invoke(main, words)
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return Ran(ran.exit_code, ran.stdout, ran.stderr)


def sailpass(environment: Mapping[str, str], *words: str) -> Ran:
    """Run it to its end as a process."""
    done = run([*SAILPASS, *words], env=environment, cwd=ROOT)
    return Ran(done.returncode, done.stdout, done.stderr)


def start(environment: Mapping[str, str], *words: str, **pipes: Any) -> subprocess.Popen[str]:
    """Run it behind."""
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **pipes}
    return Process([*SAILPASS, *words], env=environment, cwd=ROOT, text=True, **pipe)


def without(environment: Mapping[str, str], *names: str) -> dict[str, str]:
    """The environment without some of its variables."""
    return {name: value for name, value in environment.items() if name not in names}
