"""Finds the browser that the tests and the screenshots drive, or gets one, and prints its path.

In this order: the one named by SAILPASS_BROWSER, one that is installed, Playwright's own download, and as root on
Debian the `chromium` package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def installed() -> str | None:
    """A browser of this machine."""
    named = os.environ.get("SAILPASS_BROWSER")
    if named:
        return named
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or (str(MAC) if MAC.exists() else None)


def playwrights() -> str | None:
    """The browser that Playwright keeps, if it has been downloaded."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (slow to import, and often not needed)

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find() -> str | None:
    """The browser to drive; None where there is none yet."""
    return installed() or playwrights()


def get() -> str | None:
    """The browser to drive, fetched if need be."""
    path = find()
    if path:
        return path
    print("No browser found; asking Playwright for one …", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    path = find()
    if path or not shutil.which("apt-get") or os.geteuid() != 0:
        return path
    print("Installing Debian's chromium …", flush=True)
    subprocess.run(["apt-get", "update", "-qq"], check=False)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-cjk"]
    subprocess.run(install, check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    return find()


if __name__ == "__main__":
    browser = get()
    if browser is None:
        sys.exit("No browser could be found or fetched. Install Chromium, or name one with SAILPASS_BROWSER.")
    print(f"Browser: {browser}")
