"""`sailpass demo` reaches nothing but its sandbox, whatever this machine's settings say: each connection is recorded."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.demo import CALM, calmed
from tests.console import ROOT, free_port, until

# Runs at the start of every Python process of the demo: the console's and the sandbox's.
RECORDER = """
import os, sys

def record(event, arguments):
    if event == "socket.connect" and not isinstance(arguments[1], (str, bytes)):
        line = f"{arguments[1][0]}:{arguments[1][1]}"
    elif event == "socket.getaddrinfo":
        line = f"{arguments[0]}:{arguments[1]}"
    else:
        return
    descriptor = os.open(os.environ["RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, (line + "\\n").encode())
    os.close(descriptor)

sys.addaudithook(record)
"""
OUTSIDE = "http://192.0.2.1:8080"  # an address of no one's (RFC 5737)
PROFILE = "[default]\nregion=eu-west-1\naws_access_key_id=AKIAREALREALREALREAL\naws_secret_access_key=real\n"


@dataclass
class Demo:
    url: str
    sandbox: str
    record: Path

    def get(self, path: str) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, timeout=20) as answer:
            return answer.read().decode()

    def strangers(self) -> set[str]:
        """Whom it has tried to reach besides its sandbox and its own address."""
        lines = set(self.record.read_text().splitlines())
        own = {
            f"{host}:{port}"
            for host in ("127.0.0.1", "localhost")
            for port in (self.sandbox, self.url.rpartition(":")[2])
        }
        return lines - own


@contextlib.contextmanager
def running(folder: Path, environment: Mapping[str, str]) -> Iterator[Demo]:
    (folder / "recorder").mkdir(parents=True)
    (folder / "recorder" / "sitecustomize.py").write_text(RECORDER)
    port, sandbox = str(free_port()), str(free_port())
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAILPASS_"))}
    around = {
        **kept,
        "HOME": str(folder),
        "SAILPASS_PORT": port,
        "SAILPASS_SANDBOX_PORT": sandbox,
        "SAILPASS_DATA_DIR": str(folder / "data"),
        "PYTHONPATH": f"{folder / 'recorder'}:{ROOT}",
        "RECORD": str(folder / "record.txt"),
        **environment,
    }
    command = [sys.executable, "-m", "app.cli", "demo"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=around,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("Sailpass is ready: "), process.communicate(timeout=20)
            yield Demo(f"http://127.0.0.1:{port}", sandbox, folder / "record.txt")
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


def config(text: str | bytes):
    def write(home: Path) -> None:
        (home / ".aws").mkdir(parents=True)
        (home / ".aws" / "config").write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


EVERY_PROXY = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
# All of it is dropped for the same reason, so that any that is not dropped fails the one case that it is in.
VARIABLES = {
    **dict.fromkeys(EVERY_PROXY, OUTSIDE),
    **{f"AWS_ENDPOINT_URL{service}": OUTSIDE for service in ("", "_STS", "_ECR", "_LIGHTSAIL", "_SSO")},
    "AWS_CSM_ENABLED": "true",
    "AWS_CSM_HOST": "192.0.2.1",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_CA_BUNDLE": "/nowhere.pem",
    "REQUESTS_CA_BUNDLE": "/nowhere.pem",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_RETRY_MODE": "none",
    "AWS_DEFAULTS_MODE": "auto",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": OUTSIDE,
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": OUTSIDE,
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/real",
    "AWS_SESSION_TOKEN": "a\nb",
    "SAILPASS_DATABASE_URL": "postgresql+psycopg://192.0.2.1/real",
    "SAILPASS_HOST": "0.0.0.0",
    "SAILPASS_ALLOWED_HOSTS": "sailpass.example.com",
}
FILE = PROFILE + f"endpoint_url = {OUTSIDE}\nignore_configured_endpoint_urls = true\n"
HOSTILE = {
    "variables, and a malformed file": (
        {**VARIABLES, "AWS_PROFILE": "nope", "AWS_DEFAULT_PROFILE": "nope"},
        config(b"\xef\xbb\xbf[default\nregion\n"),
    ),
    "a file": ({}, config(FILE)),
    "variables, and a program for credentials": (
        VARIABLES,
        config("[default]\ncredential_process = touch credentials-were-asked-for\n"),
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_the_demo_works_and_tries_to_reach_nobody_else(tmp_path, case):
    environment, prepare = HOSTILE[case]
    if prepare is not None:
        prepare(tmp_path)
    with running(tmp_path, environment) as demo:
        page = until(lambda: demo.get("/containers"), lambda text: "storefront-web" in text)
        assert "Sandbox" in page
        until(lambda: demo.get("/containers/us-east-1/storefront-web/images"), lambda text: "storefront/web" in text)
        policy = demo.get("/containers/us-east-1/storefront-web/policy?repository=storefront/web")
        commands = [line for line in policy.splitlines() if line.startswith("aws ")]
        assert commands
        assert all(f"--endpoint-url http://127.0.0.1:{demo.sandbox}" in command for command in commands)
        assert demo.strangers() == set()
    assert not (tmp_path / "credentials-were-asked-for").exists()


def test_nothing_of_awss_or_of_a_proxys_is_left_in_the_demos_environment():
    leading_away = {
        "AWS_ENDPOINT_URL_S3",
        "aws_profile",
        "BOTO_CONFIG",
        "BOTOCORE_X",
        "Https_Proxy",
        "no_proxy",
        "SSL_CERT_FILE",
    }
    kept = calmed({**dict.fromkeys(leading_away, "x"), "PATH": "/bin", "LANG": "C"})
    assert kept == {**CALM, "PATH": "/bin", "LANG": "C"}
