"""Where files are that are not code. The same in a checkout and in a wheel, which has them beside `app/` too."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
LOCALE = ROOT / "locale"
MIGRATIONS = ROOT / "migrations"
