"""Vendored front-end files: `check` (offline) compares them with tools/vendor.json, `sync` fetches them again with npm.

A download whose integrity differs from the record is refused; `sync --pin` records it instead, after a version in
tools/vendor.json was raised. Must never run a package's own scripts.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import tokens

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "tools" / "vendor.json"
FOLDERS = ("static/vendor", "static/fonts", "tests/browser/vendor")
TOKENS_PACKAGE = "@cloudscape-design/design-tokens"
TOKENS_FILE = "index-visual-refresh.json"

Record = dict[str, dict[str, Any]]


def digest(data: bytes, kind: str) -> str:
    return f"{kind}-" + base64.b64encode(hashlib.new(kind, data).digest()).decode()


def faults(record: Record, root: Path = ROOT) -> list[str]:
    """Every vendored file that is missing, changed or not recorded, each in a line."""
    found = []
    recorded = {}
    for name, package in record.items():
        for file in package["files"].values():
            recorded[file["to"]] = (file["sha384"], f"{name}@{package['version']}")
    for to, (wanted, origin) in recorded.items():
        path = root / to
        if not path.is_file():
            found.append(f"{to}: missing")
        elif digest(path.read_bytes(), "sha384") != wanted:
            found.append(f"{to}: differs from {origin}")
    for folder in FOLDERS:
        present = (path.relative_to(root).as_posix() for path in (root / folder).rglob("*") if path.is_file())
        found += [f"{name}: not in tools/vendor.json" for name in present if name not in recorded]
    return sorted(found)


def download(spec: str, into: Path) -> bytes:
    command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(into), spec]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=into)
    return next(into.glob("*.tgz")).read_bytes()


def member(archive: tarfile.TarFile, name: str) -> bytes:
    content = archive.extractfile(f"package/{name}")
    if content is None:
        sys.exit(f"{name}: not a file of the package")
    return content.read()


def sync_package(name: str, package: dict[str, Any], *, pin: bool) -> None:
    spec = f"{name}@{package['version']}"
    with tempfile.TemporaryDirectory() as folder:
        got = digest(download(spec, Path(folder)), "sha512")
        if got != package["integrity"] and not pin:
            sys.exit(f"{spec}: the integrity is {got}, the record says {package['integrity'] or 'nothing'}")
        package["integrity"] = got
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            for source, file in package["files"].items():
                content = member(archive, source)
                target = ROOT / file["to"]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                file["sha384"] = digest(content, "sha384")
            if name == TOKENS_PACKAGE:
                tokens.pick(json.loads(member(archive, TOKENS_FILE)))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("command", choices=("check", "sync"))
    arguments.add_argument("--pin", action="store_true", help="record what was downloaded")
    chosen = arguments.parse_args()
    record: Record = json.loads(RECORD.read_text())
    if chosen.command == "sync":
        for name, package in record.items():
            sync_package(name, package, pin=chosen.pin)
        RECORD.write_text(json.dumps(record, indent=2) + "\n")
        tokens.write()
    found = faults(record)
    print("\n".join(found) or f"{sum(len(package['files']) for package in record.values())} vendored files match")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
