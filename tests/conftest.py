"""Isolates tests from the machine: fake keys, no configuration files, no proxies, and only the loopback network."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests import compiled_templates

compiled_templates.keep()

# The longest files, and folders whose files take long: workers begin with them, so that none is left for the end.
LONGEST = ("browser/test_screens.py", "browser/test_errors.py")
SLOWEST = ("campaign", "demo", "cli", "replicas", "crash", "browser", "backup", "errors")
LOOPBACK = ("127.", "::1", "localhost")
UNSET = ("AWS_", "SAILPASS_")
BROWSER = "SAILPASS_BROWSER"  # not a setting of the console: the browser to test with
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
# The SDK reads the first; every console would load all certificates of this machine for each of its clients.
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
FAKE_AWS = {
    "AWS_ACCESS_KEY_ID": "AKIAFAKEFAKEFAKEFAKE",
    "AWS_SECRET_ACCESS_KEY": "fake",
    "AWS_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="session", autouse=True)
def hermetic() -> Iterator[None]:
    """Isolate every test, and every process that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if (name.startswith(UNSET) and name != BROWSER) or name.upper() in (*PROXIES, *CERTIFICATES):
                patch.delenv(name)
        for name, value in FAKE_AWS.items():
            patch.setenv(name, value)
        for method in ("connect", "connect_ex"):
            patch.setattr(socket.socket, method, _to_this_machine_only(getattr(socket.socket, method)))
        yield


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind(hermetic) -> Iterator[None]:
    """Fail a file that leaves variables or another folder behind for the tests that come after it in this process."""
    before = _lasting(os.environ), Path.cwd()
    yield
    assert (_lasting(os.environ), Path.cwd()) == before


def _lasting(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name != "PYTEST_CURRENT_TEST"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-variants", action="store_true", help="play also what repeats another test: docs/testing.md")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--all-variants"):
        config.hook.pytest_deselected(items=[item for item in items if _is_repeated(item)])
        items[:] = [item for item in items if not _is_repeated(item)]
    items.sort(key=lambda item: _rank(item.path))


def _is_repeated(item: pytest.Item) -> bool:
    return item.get_closest_marker("repeats") is not None and item.get_closest_marker("both_databases") is None


def pytest_collection_finish() -> None:
    """Collected tests live as long as the run: the garbage collector need not visit them again and again."""
    gc.collect()
    gc.freeze()


def _rank(file: Path) -> int:
    if file.as_posix().endswith(LONGEST):
        return -1
    return SLOWEST.index(file.parent.name) if file.parent.name in SLOWEST else len(SLOWEST)


def _to_this_machine_only(connect):
    def guarded(self, address):
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            pytest.fail(f"a test tried to reach {address[0]}:{address[1]}")
        return connect(self, address)

    return guarded
