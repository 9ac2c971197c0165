"""A small part of each campaign: `make faults` runs all of it."""

import os
import subprocess
import sys

import pytest

from campaign.__main__ import PARTS
from tests.console import ROOT


@pytest.mark.crash
@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_lost_doubled_or_half_done_in_a_small_campaign(part):
    command = [sys.executable, "-m", "campaign", "--small", "--processes", "1", "--only", part]
    played = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=400, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
