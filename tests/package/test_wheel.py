"""The wheel works outside the checkout, beside other distributions, and the sdist builds the same wheel.

The dependencies are those of the tests' own environment, which the lock installs; INSTALLED_SAILPASS names the command
of a complete installation instead (the release workflow makes one).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests.console import ROOT, until
from tests.demo.demo_process import running_demo

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
# What runs the package is beside the code in a checkout, and the package's own in a wheel.
MOVED = {"app/__main__.py": "sailpass/__main__.py"}
# What another distribution may have put into site-packages under the name of our folder.
ANOTHERS_APP = "raise RuntimeError('the app of another distribution was imported')\n"


def build(source: Path, target: Path, *kinds: str) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(target), *kinds]
    subprocess.run(command, cwd=source, check=True, capture_output=True, text=True)


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built) -> Path:
    return built / f"sailpass-{VERSION}-py3-none-any.whl"


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The `sailpass` command of an environment that holds the wheel and another distribution's `app`."""
    if complete := os.environ.get("INSTALLED_SAILPASS"):
        return Path(complete).absolute()
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    run = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*run, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    # A line of a .pth file puts a folder on the path without reading that folder's own .pth files: no editable install.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    (packages / "app").mkdir()
    (packages / "app" / "__init__.py").write_text(ANOTHERS_APP)
    return folder / "bin" / "sailpass"


def outside(folder: Path) -> dict[str, str]:
    """An environment and a folder that lead to neither the checkout nor our `app`."""
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "__init__.py").write_text(ANOTHERS_APP)
    return {"PYTHONPATH": str(folder / "recorder"), "SAILPASS_SANDBOX_ACTIVATION_SECONDS": "0.5"}


def test_the_wheel_takes_one_name_and_holds_every_file_that_is_no_test(wheel):
    names = contents(wheel).keys()
    assert {name.split("/")[0] for name in names} == {"sailpass", f"sailpass-{VERSION}.dist-info"}
    tracked = subprocess.run(
        ["git", "ls-files", "app", "templates", "static", "locale", "migrations"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert tracked
    assert [name for name in tracked if MOVED.get(name, f"sailpass/{name}") not in names] == []


def test_the_sdist_builds_the_same_wheel(built, wheel, tmp_path):
    with tarfile.open(built / f"sailpass-{VERSION}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    build(tmp_path / f"sailpass-{VERSION}", tmp_path / "dist", "--target", "wheel")
    assert contents(tmp_path / "dist" / wheel.name) == contents(wheel)


def test_an_installed_wheel_runs_the_demo_from_another_folder_and_adds_a_repository(installed, tmp_path):
    with running_demo(tmp_path, outside(tmp_path), [installed, "demo"]) as demo:
        images = "/containers/us-east-1/payments-api/images"
        until(lambda: demo.get(images), lambda page: "Add repository" in page)
        operation = demo.post("/containers/us-east-1/payments-api/repositories", repository="storefront/web")
        assert re.fullmatch(r"/operations/[0-9a-f-]{36}", operation)
        ended = until(lambda: json.loads(demo.get(f"/api/v1{operation}")), lambda state: state["outcome"])
        assert ended["outcome"] == "succeeded"
        until(lambda: demo.get(images), lambda page: "storefront/web" in page)
        assert "リポジトリ" in demo.get(images, Accept_Language="ja")
        assert demo.strangers() == set()


def test_an_installed_wheel_migrates_a_database(installed, tmp_path):
    def migrate():
        command = [installed, "migrate", "--data-dir", tmp_path / "data"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr

    environment = {**os.environ, **outside(tmp_path / "other")}
    assert [migrate(), migrate()] == ["Migrated.", "The database is up to date."]


def test_an_installed_wheel_also_runs_as_a_module(installed, tmp_path):
    done = subprocess.run(
        [installed.with_name("python"), "-m", "sailpass", "--version"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert VERSION in done.stdout
