"""The documents say what there is: settings, commands, make targets."""

import re
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
    targets = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)
    assert [name for name in targets if not re.search(rf"^{name}:.*##", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_links_between_documents_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
