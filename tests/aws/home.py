"""A machine's own AWS settings, in a folder of the test's, and the problem that they lead to."""

from __future__ import annotations

import json
import os
import stat
import traceback

import pytest

from app.aws.clients import ConnectionSettings
from app.aws.session import BotoAws
from app.errors import Problem
from app.messages.problems import what_happened, what_to_do
from tests.build import REGION

CANARY = "CANARY7f3aQ"
SETTINGS = ConnectionSettings("1")
KEYS = f"aws_access_key_id=AKID{CANARY}\naws_secret_access_key={CANARY}\n"


@pytest.fixture
def home(tmp_path, monkeypatch, sandbox):
    """A machine with nothing configured but the sandbox's address."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / ".aws" / "sso" / "cache").mkdir(parents=True)
    return Home(tmp_path, monkeypatch)


class Home:
    def __init__(self, path, monkeypatch) -> None:
        self.path = path
        self.set = monkeypatch.setenv

    def config(self, text: str | bytes) -> None:
        self._write("config", text)

    def credentials(self, text: str | bytes) -> None:
        self._write("credentials", text)

    def program(self, name: str, body: str) -> str:
        path = self.path / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
        return str(path)

    def process(self, body: str) -> None:
        self.config(f"[default]\nregion=us-east-1\ncredential_process={self.program('keys', body)}\n")

    def _write(self, name: str, text: str | bytes) -> None:
        (self.path / ".aws" / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def problem_of(aws: BotoAws | None = None) -> Problem:
    with pytest.raises(Problem) as raised:
        (aws or BotoAws(SETTINGS)).services(REGION).list_services()
    problem = raised.value
    assert "?" not in what_happened(problem) + what_to_do(problem)
    assert CANARY not in json.dumps(problem.to_json())
    assert CANARY not in "".join(traceback.format_exception(problem))
    return problem
