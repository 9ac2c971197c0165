"""`sailpass demo`: the sandbox in a process of its own, and the console on it in this one. Touches no AWS account."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.settings import Settings, check_port, check_usable, load

DATA_DIR = Path("data/demo")
REGIONS = "us-east-1,ap-northeast-1"
# Any key will do: the sandbox reads the account from it and checks no signature.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIA123456789012DEMO", "AWS_SECRET_ACCESS_KEY": "demo", "AWS_REGION": "us-east-1"}
# What could lead the SDK to a real account.
STRAY = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL_ECR",
    "AWS_ENDPOINT_URL_LIGHTSAIL",
)


def demo(flags: Mapping[str, Any]) -> int:
    """Run both until Ctrl-C; the exit status. Raises SettingsError."""
    given = {name: value for name, value in flags.items() if value is not None}
    if "data_dir" not in given and "SAILPASS_DATA_DIR" not in os.environ:
        given["data_dir"] = DATA_DIR
    if "SAILPASS_REGIONS" not in os.environ:
        given["regions"] = REGIONS
    settings = load(**given, auth="none")
    check_usable(settings)
    check_port("127.0.0.1", settings.sandbox_port, "SAILPASS_SANDBOX_PORT")
    with _sandbox(settings) as sandbox:
        # Imported while the sandbox starts: both take about a second.
        from app.serving import serve

        _point_the_sdk_at(f"http://127.0.0.1:{settings.sandbox_port}")
        if not _is_ready(sandbox):
            return 1
        return serve(settings)


@contextmanager
def _sandbox(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """The sandbox, which ends with this process however that ends: its standard input closes then."""
    command = [sys.executable, "-m", "app.cli", "sandbox", "--exit-with-parent"]
    command += ["--port", str(settings.sandbox_port)]
    command += ["--activation-seconds", str(settings.sandbox_activation_seconds)]
    command += ["--state-file", str((settings.data_dir / "sandbox.json").resolve())]
    sandbox = subprocess.Popen(  # noqa: S603  (our own command, no shell)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
        umask=0o077,
        start_new_session=True,  # Ctrl-C is ours to answer; the sandbox ends after the console
    )
    try:
        yield sandbox
    finally:
        sandbox.communicate(timeout=10)


def _is_ready(sandbox: subprocess.Popen[str]) -> bool:
    assert sandbox.stdout is not None  # noqa: S101  (it is a pipe)
    return sandbox.stdout.readline().startswith("Sandbox is ready")


def _point_the_sdk_at(endpoint: str) -> None:
    for name in STRAY:
        os.environ.pop(name, None)
    os.environ.update(CREDENTIALS, AWS_ENDPOINT_URL=endpoint, AWS_EC2_METADATA_DISABLED="true")
