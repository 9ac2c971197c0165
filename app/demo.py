"""`sailpass demo`: the sandbox in its own process, and the console on it in this one. Uses no AWS account.

The demo connects only to its sandbox, whatever this machine's AWS, SDK, proxy and Sailpass settings say.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.resources import ROOT
from app.settings import Settings, check_port, check_usable, load

DATA_DIR = Path("data")
FOLDER = "demo"
REGIONS = "us-east-1,ap-northeast-1"
# Any key works: the sandbox reads the account from it and checks no signature.
ACCESS_KEY, SECRET_KEY = "AKIA123456789012DEMO", "demo"
# Prefixes: the variables of AWS's tools and of the SDK, and those that redirect other programs.
STRAY_BEGINNINGS = ("AWS_", "BOTO")
STRAY = frozenset({"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"})
# Their replacements, so that no file of this machine is read either.
CALM = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REGION": "us-east-1",
    "BOTO_CONFIG": os.devnull,
    "NO_PROXY": "*",
}

HINT = """\
Open it, choose payments-api, then Images, then Add repository. The first page lists what else to try.
Ctrl-C stops it. Its data is in {data}: delete that folder to start over."""


def demo(flags: Mapping[str, Any]) -> int:
    """Run both until Ctrl-C; return the exit status. Raises SettingsError."""
    given = {name: value for name, value in flags.items() if value is not None}
    # Not the data, the database or the address of a console that serves real AWS.
    given.setdefault("data_dir", Path(os.environ.get("SAILPASS_DATA_DIR", DATA_DIR)) / FOLDER)
    given.setdefault("host", "127.0.0.1")
    if "SAILPASS_REGIONS" not in os.environ:
        given["regions"] = REGIONS
    settings = load(**given, auth="none", database_url="", allowed_hosts=())
    check_usable(settings)
    check_port("127.0.0.1", settings.sandbox_port, "SAILPASS_SANDBOX_PORT")
    calm = calmed(os.environ)
    os.environ.clear()
    os.environ.update(calm)
    with _sandbox(settings) as sandbox:
        # Imported while the sandbox starts: both take about a second.
        from app.aws.clients import ConnectionSettings
        from app.aws.session import BotoAws
        from app.serving import serve

        if not _is_ready(sandbox):
            return 1
        connection = ConnectionSettings(
            version("sailpass"),
            endpoint_url=f"http://127.0.0.1:{settings.sandbox_port}",
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
        )
        return serve(settings, BotoAws(connection), HINT.format(data=settings.data_dir))


def calmed(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which nothing redirects away from the sandbox."""
    kept = {name: value for name, value in environment.items() if not _is_stray(name)}
    return {**kept, **CALM}


def _is_stray(name: str) -> bool:
    name = name.upper()
    return name.startswith(STRAY_BEGINNINGS) or name.endswith("_PROXY") or name in STRAY


@contextmanager
def _sandbox(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """Yield the sandbox, which ends with this process in any case: its standard input closes then."""
    command = [sys.executable, "-m", "sailpass", "sandbox", "--exit-with-parent"]
    command += ["--port", str(settings.sandbox_port)]
    command += ["--activation-seconds", str(settings.sandbox_activation_seconds)]
    command += ["--state-file", str((settings.data_dir / "sandbox.json").resolve())]
    sandbox = subprocess.Popen(  # noqa: S603  (our own command, no shell)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        umask=0o077,
        start_new_session=True,  # Ctrl-C is handled here; the sandbox ends after the console
    )
    try:
        yield sandbox
    finally:
        sandbox.communicate(timeout=10)


def _is_ready(sandbox: subprocess.Popen[str]) -> bool:
    assert sandbox.stdout is not None  # noqa: S101  (it is a pipe)
    return sandbox.stdout.readline().startswith("Sandbox is ready")
