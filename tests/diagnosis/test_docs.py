"""docs/why.md is generated from the code, and the tools that its fixes are for can parse them."""

from __future__ import annotations

import json
import shlex

import pytest

from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import Found
from app.diagnosis.fix_kinds import Fix
from app.diagnosis.fixes import fixes_of
from tests.diagnosis.world import WEB
from tools.why_docs import PAGE, page


def test_the_page_is_current():
    assert PAGE.read_text() == page(), "run make why-docs"


def test_every_kind_of_fix_puts_something_right():
    assert {kind for cause in CAUSES.values() for kind in cause.fixes} == set(Fix)


@pytest.fixture
def hostile(world):
    """Facts with a quote, a dollar and a line break in the typed image."""
    world.build()
    return world.why(WEB + '\'; rm -rf "$HOME"\n${x}%{y}').facts


@pytest.mark.parametrize("code", CAUSES)
def test_fixes_are_whole_whatever_was_typed(hostile, code):
    for fix in fixes_of(Found(code, CAUSES[code].example | {"statement": "#1 (a\nb)", "suggested": "x'; y"}), hostile):
        assert json.loads(fix.cloudformation or "{}") is not None
        assert "%(" not in fix.aws + fix.terraform
        document = fix.kind is Fix.GRANT  # its commands hold a document between the lines
        for line in [] if document else fix.aws.split("\n"):
            assert line.startswith(("aws ", "#", "docker ")), line
            assert line.startswith("#") or shlex.split(line)
