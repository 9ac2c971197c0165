"""docs/sandbox.md lists every operation, every path of the control route and every changeable option."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.sandbox.behavior import SHAPES
from app.sandbox.control import control_app
from app.sandbox.operations import OFFERED
from app.sandbox.options import CHANGEABLE, SandboxOptions
from app.sandbox.parts import Parts
from tests.sandbox.stopped_clock import StoppedClock

GUIDE = (Path(__file__).parents[2] / "docs/sandbox.md").read_text(encoding="utf-8")
ROUTES = control_app(Parts(SandboxOptions(seed="empty"), StoppedClock())).routes
PATHS = sorted({route.path.replace(":path}", "}").replace(":int}", "}") for route in ROUTES})


@pytest.mark.parametrize("name", [*(f"`{action.partition(':')[2]}`" for action in OFFERED), *PATHS])
def test_each_operation_and_address_is_told(name):
    assert name in GUIDE


@pytest.mark.parametrize("name", [*CHANGEABLE, *SHAPES])
def test_each_option_and_part_of_a_behavior_is_told(name):
    assert f"`{name}`" in GUIDE or f'"{name}"' in GUIDE
