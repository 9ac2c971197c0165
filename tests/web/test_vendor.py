"""The vendored files match their records, and the tokens are those of the design system."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tools():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        import tokens  # noqa: PLC0415  (scripts, found only once their folder is)
        import vendor  # noqa: PLC0415

        yield vendor, tokens
        for name in ("vendor", "tokens"):
            sys.modules.pop(name)


@pytest.fixture
def copy(tmp_path, tools):
    vendor, _ = tools
    for folder in vendor.FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def test_the_check_passes_without_a_network():
    checked = subprocess.run(
        [sys.executable, ROOT / "tools" / "vendor.py", "check"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_changed_file_is_named(copy, tools):
    (copy / "static/vendor/htmx.min.js").write_text("alert(1)")
    record = json.loads((ROOT / "tools" / "vendor.json").read_text())
    assert tools[0].faults(record, copy) == ["static/vendor/htmx.min.js: differs from htmx.org@4.0.1"]


def test_a_file_that_nobody_recorded_is_named(copy, tools):
    (copy / "static/vendor/extra.js").write_text("")
    record = json.loads((ROOT / "tools" / "vendor.json").read_text())
    assert tools[0].faults(record, copy) == ["static/vendor/extra.js: not in tools/vendor.json"]


def test_the_stylesheet_is_made_of_the_recorded_tokens(tools):
    _, tokens = tools
    assert tokens.stylesheet(json.loads(tokens.PICKED.read_text())) == tokens.STYLES.read_text()


def test_each_token_is_used(tools):
    _, tokens = tools
    styles = "".join(sheet.read_text() for sheet in tokens.STYLES.parent.glob("*.css"))
    names, top = tokens.wanted()
    assert [name for name in {*names, *top} if f"var(--{name})" not in styles] == []


def test_every_token_that_the_styles_use_is_there():
    import re  # noqa: PLC0415  (for this test alone)

    styles = "".join(path.read_text() for path in (ROOT / "static" / "css").glob("*.css"))
    used, set_ = set(re.findall(r"var\((--[\w-]+)", styles)), set(re.findall(r"(--[\w-]+):", styles))
    assert used <= set_
