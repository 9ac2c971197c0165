"""Finds the browser that the tests and the screenshots drive, or gets one, and prints its path.

A headless shell is preferred: it has no windows and no toolbar of its own to draw, and needs a third of the processor
time for each page that a test opens. In this order: the browser named by SAILPASS_BROWSER, an installed headless shell,
Playwright's, as root on Debian the package `chromium-headless-shell`, any installed Chromium or Chrome, Playwright's
download, and Debian's package `chromium`. With `--present` nothing is fetched where there is any browser.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELLS = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
PRESENT = "--present"
# A mirror that doesn't answer is given up soon: there may be another browser.
APT = ("apt-get", "-qq", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=15")


def shell() -> str | None:
    """A headless shell of this machine, or Playwright's."""
    return _on_path(SHELLS) or _playwrights(shells=True)


def installed() -> str | None:
    """A whole browser of this machine, or Playwright's."""
    return _on_path(NAMES) or (str(MAC) if MAC.exists() else None) or _playwrights(shells=False)


def find() -> str | None:
    """The browser to drive; None where there is none yet."""
    return os.environ.get("SAILPASS_BROWSER") or shell() or installed()


def get() -> str | None:
    """The browser to drive, fetched if need be."""
    path = os.environ.get("SAILPASS_BROWSER") or shell()
    if path:
        return path
    if _debian_installs("chromium-headless-shell"):
        return shell()
    path = installed()
    if path:
        return path
    print("No browser found; asking Playwright for one …", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"], check=False)
    path = shell()
    if path is None and _debian_installs("chromium"):
        path = installed()
    return path


def _on_path(names: tuple[str, ...]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def _playwrights(*, shells: bool) -> str | None:
    """The browser that Playwright keeps, if it has been downloaded. Its shell is in a folder beside the whole one."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (slow to import, and often not needed)

    with sync_playwright() as playwright:
        whole = Path(playwright.chromium.executable_path)
    if not shells:
        return str(whole) if whole.exists() else None
    kept = next((folder.parent for folder in whole.parents if folder.name.startswith("chromium-")), whole.parent)
    return next((str(path) for path in sorted(kept.glob("chromium_headless_shell-*/*/*headless*shell"))), None)


def _debian_installs(package: str) -> bool:
    """Install a package where that can be done: as root, on Debian."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    print(f"Installing Debian's {package} …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [*APT, "install", "-y", "--no-install-recommends", package, "fonts-noto-cjk"]
    for command in ([*APT, "update"], install):
        done = subprocess.run(command, check=False, env=environment)
    return done.returncode == 0


if __name__ == "__main__":
    browser = (find() if PRESENT in sys.argv else None) or get()
    if browser is None:
        sys.exit("No browser could be found or fetched. Install Chromium, or name one with SAILPASS_BROWSER.")
    print(f"Browser: {browser}")
