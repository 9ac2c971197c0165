"""The documents list all settings, commands and make targets."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from app.cli import main
from app.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
# Only what the sandbox and the demo take has its own line in the table together.
SETTINGS = sorted(f"SAILPASS_{name.upper()}" for name in Settings.model_fields)
COMMANDS = sorted(main.list_commands(click.Context(main)))


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_is_in_the_readme(name):
    assert name in README


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_in_the_readme(name):
    assert re.search(rf"`(sailpass )?{name}[ `]", README)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`sailpass ([a-z-]+)", README))))
def test_the_readme_names_only_commands_that_exist(name):
    assert name in COMMANDS


def test_each_make_target_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    assert [name for name in targets if not re.search(rf"^{name}:.*##", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_links_between_documents_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_map_for_contributors_holds_every_part_of_the_code():
    mapped = (ROOT / "CONTRIBUTING.md").read_text()
    parts = [part.relative_to(ROOT).as_posix() for part in (ROOT / "app").iterdir() if not part.name.startswith("__")]
    assert [part for part in sorted(parts) if f"`{part}" not in mapped] == []


def test_the_newest_entry_of_the_changelog_is_the_version_with_its_date():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## (\S+) \((\d{4}-\d{2}-\d{2})\)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == version


def test_the_first_page_of_the_documentation_leads_to_every_other():
    linked = set(re.findall(r"\]\(([^)]+)\)", (ROOT / "docs" / "index.md").read_text()))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"} == linked


def test_ci_installs_this_release_and_nothing_from_a_package_index():
    """Whoever took the name there would run with the job's credentials."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    page = (ROOT / "docs" / "ci.md").read_text()
    installed = re.findall(r"pip install --quiet (\S+)", page)
    assert installed == [
        f'"https://github.com/OWNER/sailpass/releases/download/v{version}/sailpass-{version}-py3-none-any.whl"'
    ]
    assert re.findall(r"uses: OWNER/sailpass@(\S+)", page) == [f"v{version}"]


def test_the_documentation_builds_as_a_site(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "index.html").exists()
