"""What the server prints before it serves."""

from __future__ import annotations

import pytest

from tests.console import start_console

WARNING = "SAILPASS_AUTH=none turns sign-in off"


@pytest.mark.parametrize("auth, warns", [("none", True), ("local", False)])
def test_a_console_without_sign_in_says_so(tmp_path, auth, warns):
    with start_console(tmp_path, auth=auth) as console:
        assert (WARNING in console.log()) is warns
